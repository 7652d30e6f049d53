"""
Cache-Control policy (RFC 9111): who may cache a response, and for how long.

Everything is private except what `is_public` allows: a customer could otherwise put hosts of their own into a shared
cache under another customer's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.resolver import How

if TYPE_CHECKING:
    from autoconfig.resolver import Resolution
    from autoconfig.web.asgi import Headers
    from autoconfig.web.host_header import AskedHost

LONGEST = 3600
"""Seconds that a client may keep a document."""

SHARED = 5
"""Seconds that a proxy may keep it, so that changes show everywhere within them."""

PRIVATE = (b"cache-control", b"private, no-store")

Header = tuple[bytes, bytes]


def is_public(how: How, *, own: bool, names_mailbox: bool) -> bool:
    """
    Whether shared caches may keep a document.

    `own`: the domain answered for is the Host's own, and the Host is spelled as that name. `names_mailbox`: the body
    differs from mailbox to mailbox. What the MX led to is never public: the zone's owner chose it, not the operator,
    and it changes when the zone does.
    """
    return own and not names_mailbox and how not in {How.MX, How.EXCHANGER}


class DocumentHeaders:
    """The headers of all documents of one kind."""

    def __init__(self, content_type: str, longest: int = LONGEST) -> None:
        """`longest`: seconds that a client may keep a public one."""
        self._longest = longest
        self._rest: tuple[Header, Header] = (
            (b"content-type", content_type.encode()),
            (b"x-content-type-options", b"nosniff"),
        )
        self.private: Headers = [*self._rest, PRIVATE]
        """For what no cache may keep."""
        self.public: Headers = [*self._rest, _public(longest)]
        """For what is public and has no row scheduled to replace it."""

    def of(self, resolution: Resolution, asked: AskedHost, now: float, *, names_mailbox: bool) -> Headers:
        """The headers of a document that answers `resolution`, asked for under `asked` at `now` (Unix seconds)."""
        own = asked.exact and resolution.domain == asked.domain
        if not is_public(resolution.how, own=own, names_mailbox=names_mailbox):
            return self.private
        if resolution.until is None:
            return self.public
        return [*self._rest, _public(max(0, min(self._longest, int(resolution.until - now))))]


def _public(seconds: int) -> Header:
    return (b"cache-control", b"public, max-age=%d, s-maxage=%d" % (seconds, SHARED))
