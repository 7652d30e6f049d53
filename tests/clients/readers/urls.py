"""The URLs of autoconfig and Autodiscover, and how programs write an address into them (clients.md A2, A3, C1)."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

PATH = "/mail/config-v1.1.xml"
MAIL_V1 = "/.well-known/mail-v1.xml"
"""The draft's path on `autoconfig.D` until May 2024."""

_IN_QUERY = "-._~!$&'()*+,;=:@/?%"

MAIN, WELL_KNOWN = "autoconfig", "well-known"


def autoconfig(scheme: str, place: str, domain: str, query: str = "") -> str:
    """The URL on `autoconfig.D`, or the well-known one on `D`."""
    host = f"autoconfig.{domain}{PATH}" if place == MAIN else f"{domain}/.well-known/autoconfig{PATH}"
    return f"{scheme}://{host}{query}"


def autodiscover(host: str, scheme: str = "https") -> str:
    """The URL on a host."""
    return f"{scheme}://{host}/autodiscover/autodiscover.xml"


def raw(address: str) -> str:
    """The query as a string put together."""
    return f"?emailaddress={address}"


def encoded_where_needed(address: str) -> str:
    """What a URL may hold stays as it is, `&` too (libsoup, Guzzle)."""
    return f"?emailaddress={quote(address, safe=_IN_QUERY)}"


def uri_component(address: str) -> str:
    """As JavaScript's encodeURIComponent, and `'` too (desktop Thunderbird)."""
    return f"?emailaddress={quote(address, safe='-_.!~*()')}"


def form_encoded(address: str) -> str:
    """As HTML forms: all but letters, digits, `-`, `.`, `_`, and a space is a plus (PHP)."""
    return f"?emailaddress={quote_plus(address, safe='-._').replace('~', '%7E')}"


def uri_escaped(address: str) -> str:
    """As GLib's g_uri_escape_string: all but unreserved characters."""
    return f"?emailaddress={quote(address, safe='-._~')}"


def all_but_dot(address: str) -> str:
    """All but ASCII letters, digits and dots (Delta Chat)."""
    return "?emailaddress=" + "".join(
        char
        if char.isascii() and (char.isalnum() or char == ".")
        else quote(char, safe="").replace("-", "%2D").replace("_", "%5F").replace("~", "%7E")
        for char in address
    )
