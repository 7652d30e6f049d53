"""
Read query strings as mail clients write them: percent-encoded or raw, and `+` is a plus (RFC 3986, not HTML forms).

The first of several values counts; unknown names are ignored.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from autoconfig.errors import AddressInvalid
from autoconfig.mail.address import EmailAddress


def value_of(query: bytes, *names: bytes) -> str | None:
    """The first value under any of `names`; `None` without one, or if it is not UTF-8."""
    for pair in query.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name in names:
            try:
                return _decoded(value).decode()
            except UnicodeDecodeError:
                return None
    return None


def _decoded(value: bytes) -> bytes:
    plain = value.replace(b"%40", b"@")  # nearly all addresses have nothing else encoded
    return unquote_to_bytes(value) if b"%" in plain else plain


def address_of(query: bytes, *names: bytes) -> EmailAddress | None:
    """The address under any of `names`; an unreadable one counts as absent."""
    text = value_of(query, *names) if query else None
    if text is None:
        return None
    try:
        return EmailAddress.parse(text)
    except AddressInvalid:
        return None
