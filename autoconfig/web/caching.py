"""
How long whom may keep an answer (RFC 9111).

Public only if the domain answered for is the Host's own and the body is the same for every mailbox. Everything else
is private: a customer could otherwise put own hosts into a shared cache under another customer's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoconfig.resolve import Resolution
    from autoconfig.web.asgi import Headers
    from autoconfig.web.hosts import AskedHost

LONGEST = 3600
"""Seconds that a client may keep a document."""

SHARED = 5
"""Seconds that a proxy may keep it: changes are to be seen everywhere within them."""

PRIVATE = (b"cache-control", b"private, no-store")


def cache_header(resolution: Resolution, asked: AskedHost, now: float, *, names_mailbox: bool) -> tuple[bytes, bytes]:
    """The Cache-Control header of a document."""
    if names_mailbox or resolution.domain != asked.domain:
        return PRIVATE
    if resolution.until is None:
        return _PUBLIC
    return (b"cache-control", _public(max(0, min(LONGEST, int(resolution.until - now)))))


def _public(seconds: int) -> bytes:
    return b"public, max-age=%d, s-maxage=%d" % (seconds, SHARED)


_PUBLIC = (b"cache-control", _public(LONGEST))


def document_headers(content_type: str, cache: tuple[bytes, bytes]) -> Headers:
    """The headers of every document for a machine."""
    return [(b"content-type", content_type.encode()), cache, (b"x-content-type-options", b"nosniff")]
