"""A plan of plans.toml, as a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.mail.account import Recommend

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.mail.account import Documentation, Text
    from autoconfig.mail.pattern import Pattern
    from autoconfig.mail.server import ServerTemplate
    from autoconfig.mail.service import OAuth2, ServiceTemplate

MAX_KEY = 63
"""Characters of the longest key of a plan."""

KEY = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{MAX_KEY - 1}}}", re.ASCII)
"""A plan's key: a bare key of TOML 1.0 in lower case that cannot be mistaken for a command's option."""

_KEY_START = re.compile("^[^a-z0-9]+")
_NO_KEY = re.compile("[^a-z0-9_-]+")


def key_from(text: str, longest: int = MAX_KEY) -> str:
    """`Example Hosting, Inc.` → `example-hosting-inc`; empty if `text` has nothing that a key may begin with."""
    return _KEY_START.sub("", _NO_KEY.sub("-", text.lower()))[:longest].rstrip("-")


@dataclass(frozen=True, slots=True)
class Plan:
    """A product of the provider: its servers, written with patterns, and the params that rows may or must give."""

    key: str
    name: Text
    short_name: Text | None
    params: Mapping[str, Pattern | None]
    """The default of each param; `None` if every row must give it."""
    servers: tuple[ServerTemplate, ...]
    documentation: tuple[Documentation, ...] = ()
    webmail: str | None = None
    services: tuple[ServiceTemplate, ...] = ()
    oauth2: OAuth2 | None = None
    redirect_url: Pattern | None = None
    redirect_domain: Pattern | None = None
    notes: tuple[Mapping[str, Pattern], ...] = ()
    """What the setup page says about this plan beside the values, by language."""
    customer_name: Text | None = None
    """The name that customers see instead of `name`."""
    recommend: Recommend = Recommend.IMAP
