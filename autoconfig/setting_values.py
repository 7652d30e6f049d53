"""What a value of a setting has to be, beyond its type; each sentence says what to write instead."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from typing import TYPE_CHECKING

from autoconfig.colours import DARK, LIGHT, NEEDED, contrast, is_colour
from autoconfig.mail.address import carriable
from autoconfig.mail.domain import is_host_name
from autoconfig.mail.url import is_https_url, is_web_url

if TYPE_CHECKING:
    from pydantic import ValidationInfo


def listed(value: object) -> object:
    """In the environment a list is written with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def network(value: object) -> object:
    """A network in CIDR notation (RFC 4632), or an address."""
    text = shown(value) if isinstance(value, int) else str(value)  # 10 is nobody's way to write 0.0.0.10
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        try:
            meant = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueError("is not a network, such as 10.0.0.0/8 or 2001:db8::/32, nor an address") from error
        raise ValueError(f"has bits set behind its prefix; write {meant}") from error


def nameservers(value: object) -> object:
    """One to eight name servers."""
    found = listed(value)
    if not isinstance(found, list):
        return found
    if not 1 <= len(found) <= 8:
        raise ValueError("has to name one to eight addresses; leave it out to ask the machine's own name servers")
    return tuple(map(_nameserver, found))


def _nameserver(value: object) -> tuple[str, int]:
    """An address, and perhaps a port behind a colon; an IPv6 address is then in brackets (RFC 3986 section 3.2.2)."""
    text, port = shown(value) if isinstance(value, int) else str(value), "53"
    if with_port := re.fullmatch(r"([^:]*|\[[^]]*:[^]]*\]):([0-9]{1,5})", text):
        text, port = with_port[1].strip("[]"), with_port[2]
    try:
        address = ipaddress.ip_address(text)
        if not 0 < int(port) < 65536:
            raise ValueError(port)
    except ValueError as error:
        raise ValueError(
            f"{shown(value)} is not an IP address, such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353"
        ) from error
    return str(address), int(port)


def plans_of_query(value: object) -> object:
    """In the environment: `3=shared,web-s=shared,*=`."""
    if not isinstance(value, str):
        return value
    pairs = [pair.partition("=") for pair in value.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError("is not of the form 3=shared,web-s=shared,*=standard")
    return {name.strip(): plan.strip() for name, _, plan in pairs}


def with_query(value: object, info: ValidationInfo) -> object:
    """Means nothing without the setting `query`."""
    if value is not None and info.data.get("query", "") is None:
        raise ValueError("goes with the setting query, and there is none")
    return value


def https(value: str) -> str:
    """An https URL, without the slash at its end."""
    if not is_https_url(value):
        raise ValueError("is not an https URL in ASCII")
    return value.rstrip("/")


def zone(value: str) -> str:
    """A name from the IANA time zone database."""
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not a name from the IANA time zone database, such as Asia/Tokyo") from error
    return value


def reverse_dns(value: str) -> str:
    """A name in reverse DNS order."""
    if not is_host_name(value.lower()) or "." not in value:
        raise ValueError("is not a name in reverse DNS order, such as jp.example.mail")
    return value


def title(value: str) -> str:
    """A short text without control characters."""
    if not value.strip() or len(value) > 60 or not carriable(value):
        raise ValueError("is empty, longer than 60 characters, or has control characters")
    return value


def link(value: str) -> str:
    """A whole URL, http or https."""
    if not is_web_url(value):
        raise ValueError("is not a URL in ASCII; write a whole one, https://…")
    return value


def phone(value: str) -> str:
    """A telephone number as people write it."""
    if not re.fullmatch(r"\+?[0-9](?:[ ()-]?[0-9()]){4,24}", value):
        raise ValueError("is not a telephone number: digits with spaces, hyphens and brackets between them")
    return value


def on_light(value: str) -> str:
    """A colour that can be read on the light page."""
    return _readable(value, LIGHT, "light", "darker")


def on_dark(value: str) -> str:
    """A colour that can be read on the dark page."""
    return _readable(value, DARK, "dark", "lighter")


def _readable(value: str, background: str, theme: str, other: str) -> str:
    """Links are written in this colour (WCAG 2.2, 1.4.3)."""
    if not is_colour(value):
        raise ValueError("is not a colour of the form #1a2b3c")
    ratio = contrast(value, background)
    if ratio < NEEDED:
        raise ValueError(
            f"cannot be read on the {theme} page: its contrast is {ratio:.1f} and has to be {NEEDED}; make it {other}"
        )
    return value.lower()


def shown(value: object) -> str:
    """A value as an error shows it; TOML's hexadecimal numbers can be longer than Python writes out."""
    try:
        return repr(value)
    except ValueError:
        return "a number of thousands of digits"
