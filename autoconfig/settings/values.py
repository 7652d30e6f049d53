"""Check a setting's value beyond its type; each error says what to write instead."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from typing import TYPE_CHECKING

from autoconfig.errors import DomainInvalid
from autoconfig.mail.address import carriable
from autoconfig.mail.domain import is_host_name, to_host_name
from autoconfig.mail.params import is_param_name
from autoconfig.mail.url import is_https_url, is_web_url
from autoconfig.settings.colours import DARK, LIGHT, NEEDED, contrast, is_colour

if TYPE_CHECKING:
    from pydantic import ValidationInfo

_HEADER = re.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_ORIGIN = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[^][:/?#@\s;,'\"*\\]+)(?::([0-9]{1,5}))?")
_PORTS = {"http": 80, "https": 443}


def listed(value: object) -> object:
    """Split a list from the environment, where it is written with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def network(value: object) -> object:
    """A network in CIDR notation (RFC 4632), or an address."""
    text = shown(value) if isinstance(value, int) else str(value)  # 10 does not mean 0.0.0.10
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        try:
            meant = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueError("is neither a network, such as 10.0.0.0/8 or 2001:db8::/32, nor an address") from error
        raise ValueError(f"has bits set behind its prefix; write {meant}") from error


def nameservers(value: object) -> object:
    """One to eight name servers."""
    found = listed(value)
    if not isinstance(found, list):
        return found
    if not 1 <= len(found) <= 8:
        raise ValueError("must have one to eight addresses; leave it out to ask the machine's own name servers")
    return tuple(map(_nameserver, found))


def _nameserver(value: object) -> tuple[str, int]:
    """An address, or an address and a port: `192.0.2.53:5353` or `[2001:db8::53]:5353` (RFC 3986 section 3.2.2)."""
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
    """Split a table from the environment: `3=shared,web-s=shared,*=`."""
    if not isinstance(value, str):
        return value
    pairs = [pair.partition("=") for pair in value.split(",")]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError("is not of the form 3=shared,web-s=shared,*=standard")
    return {name.strip(): plan.strip() for name, _, plan in pairs}


def with_query(value: object, info: ValidationInfo) -> object:
    """Refuse a setting that means nothing without `query`."""
    if value is not None and info.data.get("query", "") is None:
        raise ValueError("needs the setting query, which is not set")
    return value


def https(value: str) -> str:
    """An https URL, without a slash at its end."""
    if not is_https_url(value):
        raise ValueError("is not an https URL in ASCII")
    return value.rstrip("/")


def target(value: str) -> str:
    """A host name that DNS records can lead to."""
    try:
        name = to_host_name(value)
    except DomainInvalid as error:
        raise ValueError("is not a host name, such as autoconfig.provider.example") from error
    if name.rpartition(".")[2].isdigit():
        raise ValueError("is an address; write a host name, so that the address can change")
    return name


def zone(value: str) -> str:
    """A name from the IANA time zone database."""
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not a name from the IANA time zone database, such as Asia/Tokyo") from error
    return value


def header_name(value: str) -> str:
    """A header's name (RFC 9110 section 5.1)."""
    if _HEADER.fullmatch(value) is None:
        raise ValueError("is not the name of a header, such as X-Remote-User")
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


def sentences(value: str) -> str:
    """A few sentences without control characters."""
    if not value.strip() or len(value) > 300 or not carriable(value):
        raise ValueError("is empty, longer than 300 characters, or has control characters")
    return value


def link(value: str) -> str:
    """A full URL, http or https."""
    if not is_web_url(value):
        raise ValueError("is not a URL in ASCII; write a full one, https://…")
    return value


def origin(value: str) -> str:
    """
    A site as browsers write it: scheme, host and a port that is not the scheme's own (RFC 6454 section 6.2).

    Nothing else fits, so that headers can have it as it is.
    """
    if value == "*":
        raise ValueError("would be every site, and the answer is about one person; name each site, https://…")
    found = _ORIGIN.fullmatch(value)
    try:
        host = _host_of_origin(found[2]) if found else None
    except (ValueError, DomainInvalid):
        host = None
    if found is None or host is None or not 0 < int(found[3] or 1) < 65536:
        raise ValueError("is not the origin of a site: https://HOST or https://HOST:PORT, without a path")
    port = "" if found[3] is None or int(found[3]) == _PORTS[found[1]] else f":{int(found[3])}"
    return f"{found[1]}://{host}{port}"


def _host_of_origin(text: str) -> str:
    """A host name in A-labels, `localhost`, or an IP address, as browsers write them."""
    if text.startswith("["):
        return f"[{ipaddress.IPv6Address(text[1:-1])}]"
    if text.rpartition(".")[2].isdigit():
        return str(ipaddress.IPv4Address(text))
    return to_host_name(text)


def host_pattern(value: str) -> str:
    """A host name, or `*.` and a host name."""
    star, name = ("*.", value[2:]) if value.startswith("*.") else ("", value)
    try:
        found = to_host_name(name)
    except DomainInvalid as error:
        raise ValueError(f"{shown(value)} is neither a host name nor one behind *.") from error
    if found.rpartition(".")[2].isdigit():
        raise ValueError(f"{shown(value)} is an address; write the host name")
    return star + found


def param_name(value: str) -> str:
    """The name of a plan's param."""
    if not is_param_name(value):
        raise ValueError("cannot be the name of a plan's param (docs/plans.md)")
    return value


def tables(value: object) -> object:
    """Refuse everything but a list of tables, such as a variable of the environment."""
    if not isinstance(value, list | tuple):
        raise ValueError("is made of tables in autoconfig.toml, and nothing else: write [[brand]] there")  # noqa: TRY004
    return value


def phone(value: str) -> str:
    """A telephone number as people write it."""
    if not re.fullmatch(r"\+?[0-9](?:[ ()-]?[0-9()]){4,24}", value):
        raise ValueError("is not a telephone number: digits with spaces, hyphens and brackets between them")
    return value


def on_light(value: str) -> str:
    """A colour that is readable on the light page."""
    return _readable(value, LIGHT, "light", "darker")


def on_dark(value: str) -> str:
    """A colour that is readable on the dark page."""
    return _readable(value, DARK, "dark", "lighter")


def _readable(value: str, background: str, theme: str, other: str) -> str:
    """Links have this colour (WCAG 2.2, 1.4.3)."""
    if not is_colour(value):
        raise ValueError("is not a colour of the form #1a2b3c")
    ratio = contrast(value, background)
    if ratio < NEEDED:
        raise ValueError(
            f"is not readable on the {theme} page: its contrast is {ratio:.1f} and must be {NEEDED}; make it {other}"
        )
    return value.lower()


def shown(value: object) -> str:
    """Show a value in an error; TOML's hexadecimal numbers can be longer than Python prints."""
    try:
        return repr(value)
    except ValueError:
        return "a number of thousands of digits"
