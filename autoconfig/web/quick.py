"""
What mail programs ask all day, answered without suspending: one expression, one look into the mapping, one joining.

A request that is read here gets the answer that its endpoint would give, with less work on the way. Whatever is not
exactly of this form, or leads to anything but a row that holds and will hold, is left to the endpoint.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from autoconfig.formats.microsoft_quick import quick_request
from autoconfig.mail import domain
from autoconfig.mail.address import MAX_OCTETS
from autoconfig.mail.domain import HOST_NAME, Domain
from autoconfig.resolve import settled
from autoconfig.settings import PlainHTTP
from autoconfig.web.asgi import Start
from autoconfig.web.hosts import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.formats.microsoft_request import Schema
    from autoconfig.formats.prepared import Document
    from autoconfig.web.asgi import Headers, Message, Scope
    from autoconfig.web.caching import DocumentHeaders
    from autoconfig.web.context import Context

    QuickAnswer = tuple[Start, bytes]
    """The message that starts the response, and its body."""

LENGTHS = 4096
"""How many lengths of a body have their headers laid ready."""

# Only what means the same however it is read: no percent but the one of %40, no upper case in the domain. Not one that
# ends with a digit, for that could be an IPv4 address, and no name of another domain's service. Possessive and atomic,
# so that no query makes it try anything twice.
_DOMAIN = rf"((?!(?:{'|'.join(sorted(LABELS))})\.)(?>{HOST_NAME})(?<![0-9]))"
_QUERY = re.compile(rf"emailaddress=([A-Za-z0-9._-]{{1,64}}+)(?:@|%40){_DOMAIN}".encode())
_HOST = re.compile(rf"(?:autoconfig\.)?{_DOMAIN}".encode())

_LONGEST_QUERY = len("emailaddress=") + MAX_OCTETS
_LONGEST_LENGTH = 4  # digits: far below what an endpoint refuses


class QuickMozilla:
    """Mozilla's document for an address under its own domain, `autoconfig.D` or `D`, or for the Host's domain."""

    def __init__(self, context: Context, document: Document, headers: DocumentHeaders) -> None:
        self._with_address = Ready(context, document, headers, with_address=True)
        self._without = Ready(context, document, headers, with_address=False)
        self._context, self._open = context, context.settings.plain_http is PlainHTTP.SERVE

    def __call__(self, scope: Scope, headers: Mapping[bytes, bytes], _message: Message | None, /) -> QuickAnswer | None:
        """See `entry.Quick`."""
        asked = own_address(scope["query_string"], headers.get(b"host"))
        if asked is None:
            return None
        if not self._open and self._context.peer(scope).scheme == "http":
            return None
        local, name = asked
        return (self._with_address if local else self._without).answer(name, local)


class QuickAutodiscover:
    """The document that an Autodiscover request asks for, whatever the Host."""

    def __init__(self, context: Context, documents: Mapping[Schema, Document], headers: DocumentHeaders) -> None:
        self._by_schema = {
            schema: Ready(context, document, headers, with_address=True) for schema, document in documents.items()
        }

    def __call__(self, _scope: Scope, headers: Mapping[bytes, bytes], message: Message | None, /) -> QuickAnswer | None:
        """See `entry.Quick`."""
        if message is None or message.get("more_body") or b"host" not in headers:
            return None
        asked = quick_request(message.get("body", b""))
        return None if asked is None else self._by_schema[asked.schema].answer(asked.domain, asked.local)


class Ready:
    """One kind of document, which the context keeps prepared for each plan and params."""

    def __init__(self, context: Context, document: Document, headers: DocumentHeaders, *, with_address: bool) -> None:
        self._context, self._document, self._with_address = context, document, with_address
        self._private = lru_cache(LENGTHS)(lambda length: _start(headers.private, length))
        self._public = lru_cache(LENGTHS)(lambda length: _start(headers.public, length))

    def answer(self, name: bytes, local: bytes) -> QuickAnswer | None:
        """The answer for a name, which is a host name, where a row of it holds and nothing is scheduled."""
        context = self._context
        try:
            asked = Domain(name.decode())
            timeline = context.finder.find_now(asked)
            bound = settled(timeline, context.plans.current, asked, time.time()) if timeline is not None else None
            if bound is None:
                return None
            prepared = context.prepared(self._document, bound, with_address=self._with_address)
        except Exception:  # noqa: BLE001 (the endpoint meets it again, and says so)
            return None
        body = prepared.fill_octets(name, local)
        return (self._private if prepared.names_mailbox else self._public)(len(body)), body


def own_address(query: bytes, host: bytes | None) -> tuple[bytes, bytes] | None:
    """
    Local part and domain of the address that is asked for under its own domain, `autoconfig.D` or `D`; without a query
    the Host's domain, and an empty local part. `None` for any other request.
    """
    if host is None or len(host) > domain.MAX_OCTETS:
        return None
    if not query:
        found = _HOST.fullmatch(host)
        return (b"", found[1]) if found is not None else None
    found = _QUERY.fullmatch(query) if len(query) <= _LONGEST_QUERY else None
    if found is None:
        return None
    asked: tuple[bytes, bytes] = found.groups()  # type: ignore[assignment]
    return asked if host in (b"autoconfig." + asked[1], asked[1]) else None


def readable(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the endpoint would read this body whatever is in it, so that it may be read before it is asked."""
    length = headers.get(b"content-length")
    return length is not None and len(length) <= _LONGEST_LENGTH and b"content-encoding" not in headers


def _start(headers: Headers, length: int) -> Start:
    return Start(200, [*headers, (b"content-length", b"%d" % length)])
