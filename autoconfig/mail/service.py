"""What stands beside mail servers and is reached by a URL: calendars, address books, JMAP, ActiveSync, OAuth2."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoconfig.mail.pattern import Pattern
    from autoconfig.mail.server import Login


class ServiceKind(StrEnum):
    """What is spoken at the URL; the values are the ones of plans.toml."""

    CALDAV = "caldav"
    """RFC 4791."""
    CARDDAV = "carddav"
    """RFC 6352."""
    JMAP = "jmap"
    """RFC 8620."""
    ACTIVESYNC = "activesync"
    """MS-ASHTTP."""


@dataclass(frozen=True, slots=True)
class ServiceTemplate:
    """A service of a plan: URL and user name are patterns."""

    kind: ServiceKind
    url: Pattern
    login: tuple[Login, ...]
    username: Pattern


@dataclass(frozen=True, slots=True)
class Service:
    """A service of an account: everything decided but what the user name takes from the address."""

    kind: ServiceKind
    url: str
    """An https URL."""
    login: tuple[Login, ...]
    username: Pattern
    """Only variables are left in it."""


SCOPE = r"[!#-[\]-~]+"
"""A scope-token, as a regular expression (RFC 6749 appendix A.4); a scope is several of them."""


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Where clients get tokens from (draft-ietf-mailmaint-autoconfig-06, `oAuth2`; RFC 8414)."""

    issuer: str
    """An https URL."""
    auth_url: str
    token_url: str
    scope: tuple[str, ...]
    client_id: str | None = None
    client_secret: str | None = None
    """Not a secret in any useful sense: whoever asks for the settings reads it."""
