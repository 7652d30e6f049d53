"""
How long whom may keep an answer (RFC 9111).

Public only if the domain answered for is the Host's own and the body is the same for every mailbox. Everything else
is private: a customer could otherwise put own hosts into a shared cache under another customer's name. Private is also
what the MX led to: it is not the operator's word, and changes when the zone does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.resolve import How

if TYPE_CHECKING:
    from autoconfig.resolve import Resolution
    from autoconfig.web.asgi import Headers
    from autoconfig.web.hosts import AskedHost

LONGEST = 3600
"""Seconds that a client may keep a document."""

SHARED = 5
"""Seconds that a proxy may keep it: changes are to be seen everywhere within them."""

PRIVATE = (b"cache-control", b"private, no-store")

Header = tuple[bytes, bytes]


class DocumentHeaders:
    """The headers of all documents of one kind, laid ready."""

    def __init__(self, content_type: str, longest: int = LONGEST) -> None:
        """`longest`: seconds that a client may keep a public one."""
        self._longest = longest
        self._rest: tuple[Header, Header] = (
            (b"content-type", content_type.encode()),
            (b"x-content-type-options", b"nosniff"),
        )
        self.private: Headers = [*self._rest, PRIVATE]
        """For what nobody may keep."""
        self.public: Headers = [*self._rest, _public(longest)]
        """For what is the Host's own, the same for every mailbox, and will stay."""

    def of(self, resolution: Resolution, asked: AskedHost, now: float, *, names_mailbox: bool) -> Headers:
        """The headers of a document that answers `resolution`, asked for under `asked` at `now` (Unix seconds)."""
        if names_mailbox or resolution.domain != asked.domain or resolution.how is How.MX:
            return self.private
        if resolution.until is None:
            return self.public
        return [*self._rest, _public(max(0, min(self._longest, int(resolution.until - now))))]


def _public(seconds: int) -> Header:
    return (b"cache-control", b"public, max-age=%d, s-maxage=%d" % (seconds, SHARED))
