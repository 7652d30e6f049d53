"""The single values of plans.toml: patterns and links, each with its faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import Fault, PatternInvalid
from autoconfig.mail.address import carriable
from autoconfig.mail.pattern import Pattern
from autoconfig.mail.url import is_https_url, is_web_url

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_pattern(where: str, text: str | None, params: Mapping[str, object], faults: list[Fault]) -> Pattern | None:
    """The pattern, or `None` where there is none or it has a fault; `params` are the declared ones."""
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


def read_link(where: str, url: str | None, faults: list[Fault]) -> str | None:
    """A URL that people follow; one that is none is a fault."""
    if url is not None and not is_web_url(url):
        faults.append(Fault(where, f"{url!r} is not a URL", "write a whole one, https://…, percent-encoded"))
    return url


def read_https(where: str, url: str, faults: list[Fault]) -> str:
    """A URL that programs follow; one without https is a fault."""
    if not is_https_url(url):
        faults.append(Fault(where, f"{url!r} is not an https URL", "write a whole one, https://…, percent-encoded"))
    return url


def read_opaque(where: str, text: str | None, faults: list[Fault]) -> str | None:
    """A text that programs take as it is; one that no document can carry is a fault."""
    if text is not None and not carriable(text):
        faults.append(uncarriable(where))
    return text


def uncarriable(where: str) -> Fault:
    """The fault of a text with control characters."""
    return Fault(where, "has characters that no document can carry", "remove control characters and line breaks")
