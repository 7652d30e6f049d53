"""
Answer the common requests of mail programs without suspending: one regular expression, one lookup, one join.

A request that matches gets the response of its endpoint with less work. Any other form, and anything but a row that
holds and has no successor scheduled, is left to the endpoint.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from autoconfig.formats.microsoft_fast_request import fast_request
from autoconfig.mail import domain
from autoconfig.mail.address import MAX_OCTETS
from autoconfig.mail.domain import HOST_NAME, Domain
from autoconfig.resolver import How
from autoconfig.web.asgi import ResponseStart
from autoconfig.web.cache_control import is_public
from autoconfig.web.host_header import LABELS
from autoconfig.web.mozilla import ANYBODY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.formats.microsoft_request import Schema
    from autoconfig.formats.template import Document
    from autoconfig.web.asgi import Headers, Message, Scope
    from autoconfig.web.cache_control import DocumentHeaders
    from autoconfig.web.services import Services

    FastResponse = tuple[ResponseStart, bytes]
    """The message that starts the response, and the body."""

LENGTHS = 4096
"""How many lengths of a body have their headers kept ready."""

# Only unambiguous forms: no percent sign except in %40, no upper case in the domain, no final digit (it could be an
# IPv4 address), no label of a service, and not the local part that stands for anybody (`web.mozilla`). Possessive and
# atomic, so that no query makes it backtrack.
_DOMAIN = rf"((?!(?:{'|'.join(sorted(LABELS))})\.)(?>{HOST_NAME})(?<![0-9]))"
_QUERY = re.compile(rf"emailaddress=((?!{ANYBODY}(?:@|%40))[A-Za-z0-9._-]{{1,64}}+)(?:@|%40){_DOMAIN}".encode())
_HOST = re.compile(rf"(?:autoconfig\.)?{_DOMAIN}".encode())

_LONGEST_QUERY = len("emailaddress=") + MAX_OCTETS
_LONGEST_LENGTH = 4  # digits: far below what an endpoint refuses


class FastMozilla:
    """Mozilla's document for an address under its own domain, `autoconfig.D` or `D`, or for the Host's domain."""

    def __init__(self, services: Services, document: Document, headers: DocumentHeaders) -> None:
        self._with_address = FastDocument(services, document, headers, with_address=True, own_host=True)
        self._without = FastDocument(services, document, headers, with_address=False, own_host=True)
        self._services = services

    def __call__(
        self, scope: Scope, headers: Mapping[bytes, bytes], _message: Message | None, /
    ) -> FastResponse | None:
        """Answer as `dispatch.FastPath` says."""
        asked = own_address(scope["query_string"], headers.get(b"host"))
        if asked is None or self._services.lacks_tls(scope):
            return None
        local, name = asked
        return (self._with_address if local else self._without).answer(name, local)


class FastAutodiscover:
    """The document that an Autodiscover request asks for, whatever the Host."""

    def __init__(self, services: Services, documents: Mapping[Schema, Document], headers: DocumentHeaders) -> None:
        self._by_schema = {
            schema: FastDocument(services, document, headers, with_address=True, own_host=False)
            for schema, document in documents.items()
        }

    def __call__(
        self, _scope: Scope, headers: Mapping[bytes, bytes], message: Message | None, /
    ) -> FastResponse | None:
        """Answer as `dispatch.FastPath` says."""
        if message is None or message.get("more_body") or b"host" not in headers:
            return None
        asked = fast_request(message.get("body", b""))
        return None if asked is None else self._by_schema[asked.schema].answer(asked.domain, asked.local)


class FastDocument:
    """One kind of document; the services keep it prepared for each plan and params."""

    def __init__(
        self, services: Services, document: Document, headers: DocumentHeaders, *, with_address: bool, own_host: bool
    ) -> None:
        """`own_host`: whether it is asked for under the Host of the domain answered for."""
        self._services, self._document, self._with_address = services, document, with_address
        self._own_host = own_host
        self._private = lru_cache(LENGTHS)(lambda length: _start(headers.private, length))
        self._public = lru_cache(LENGTHS)(lambda length: _start(headers.public, length))

    def answer(self, name: bytes, local: bytes) -> FastResponse | None:
        """The response for a domain whose row holds with no successor scheduled, else `None`."""
        services = self._services
        try:
            asked = Domain(name.decode())
            shared = services.resolver.settled(asked, time.time())
            if shared is None or shared.bound.redirect_url is not None:  # the endpoint compares it with the URL asked
                return None
            prepared = services.prepared(self._document, shared.bound, with_address=self._with_address)
        except Exception:  # noqa: BLE001 (the endpoint meets the error again and reports it)
            return None
        body = prepared.fill_octets(name, local, shared.values)
        public = is_public(How.ROW, own=self._own_host, names_mailbox=prepared.names_mailbox)
        return (self._public if public else self._private)(len(body)), body


def own_address(query: bytes, host: bytes | None) -> tuple[bytes, bytes] | None:
    """
    Local part and domain of an address asked for under its own domain, `autoconfig.D` or `D`; without a query an empty
    local part and the Host's domain. `None` for any other request.
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
    """Whether the endpoint would read this body in any case, so that it may be read before."""
    length = headers.get(b"content-length")
    return length is not None and len(length) <= _LONGEST_LENGTH and b"content-encoding" not in headers


def _start(headers: Headers, length: int) -> ResponseStart:
    return ResponseStart(200, [*headers, (b"content-length", b"%d" % length)])
