"""Read single values of plans.toml, such as patterns and links, and find their faults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from autoconfig.errors import Fault, PatternInvalid
from autoconfig.mail.address import carriable
from autoconfig.mail.pattern import VARIABLES, Pattern
from autoconfig.mail.url import is_https_url, is_web_url

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SLOT = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")
"""What people write for a slot."""


def read_pattern(where: str, text: str | None, params: Mapping[str, object], faults: list[Fault]) -> Pattern | None:
    """Read a pattern; `None` if there is none or it has a fault. `params` are the declared params."""
    if text is None:
        return None
    try:
        pattern = Pattern.parse(text)
    except PatternInvalid as error:
        faults.append(Fault(where, str(error), "write slots as {name}"))
        return None
    for name in sorted(pattern.params - params.keys()):
        faults.append(Fault(where, f"uses the undeclared param {{{name}}}", f"declare {name} in the plan's params"))
    if not carriable(text):
        faults.append(uncarriable(where))
    if not pattern.parts:
        faults.append(Fault(where, "is empty", "write a pattern, or leave the key out"))
    return pattern


def read_plain(where: str, text: str, faults: list[Fault]) -> str:
    """Read a text for people, which documents carry unchanged; a slot in it is a fault, because nothing fills it."""
    if found := SLOT.search(text):
        faults.append(_unfilled(where, found.group()))
    if not carriable(text):
        faults.append(uncarriable(where))
    return text


def read_link(where: str, url: str | None, faults: list[Fault]) -> str | None:
    """Read a link for people; an invalid URL is a fault."""
    if url is not None and (found := SLOT.search(url)):
        faults.append(_unfilled(where, found.group()))
    elif url is not None and not is_web_url(url):
        faults.append(Fault(where, f"{url!r} is not a URL", "write a whole one, https://…, percent-encoded"))
    return url


def read_https(where: str, url: str, faults: list[Fault]) -> str:
    """Read a URL for programs; anything but https is a fault."""
    if found := SLOT.search(url):
        faults.append(_unfilled(where, found.group()))
    elif not is_https_url(url):
        faults.append(Fault(where, f"{url!r} is not an https URL", "write a whole one, https://…, percent-encoded"))
    return url


def read_opaque(where: str, text: str | None, params: Collection[str], faults: list[Fault]) -> str | None:
    """Read a text that programs use unchanged; characters that no document can carry, and known slots, are faults."""
    # A secret may contain braces.
    slots = (found for found in SLOT.finditer(text or "") if found[1] in VARIABLES or found[1] in params)
    if found := next(slots, None):
        faults.append(_unfilled(where, found.group()))
    if text is not None and not carriable(text):
        faults.append(uncarriable(where))
    return text


def _unfilled(where: str, slot: str) -> Fault:
    remedy = "write the text out; slots are filled in hosts and URLs of servers, user names, redirects and notes"
    return Fault(where, f"has {slot}, which nothing fills here", remedy)


def uncarriable(where: str) -> Fault:
    """The fault for a text with control characters."""
    return Fault(where, "has characters that no document can carry", "remove control characters and line breaks")
