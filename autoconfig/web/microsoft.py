"""Autodiscover: POST with a request document, GET as Delta Chat and Outlook's redirect probe ask."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autoconfig.errors import Inexpressible, RequestInvalid, UnknownDomain
from autoconfig.formats import microsoft
from autoconfig.formats.microsoft import ErrorCode
from autoconfig.formats.microsoft_request import MAX_OCTETS, Schema, read_request
from autoconfig.log import counted_error
from autoconfig.web.asgi import Response, header, read_body
from autoconfig.web.cache_control import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.error_responses import ENCODED, TOO_LARGE
from autoconfig.web.host_header import AUTODISCOVER, asked_host
from autoconfig.web.metrics.counters import RequestKind, RequestOutcome
from autoconfig.web.pointer import base_of, leads_back, redirect_to_tls
from autoconfig.web.query import address_of

if TYPE_CHECKING:
    from autoconfig.resolver import Resolution
    from autoconfig.web.asgi import Receive, Scope

PATH = "/autodiscover/autodiscover.xml"

HEADERS = DocumentHeaders(microsoft.CONTENT_TYPE)
"""The headers of every document of this kind."""
DOCUMENTS = {Schema.OUTLOOK: microsoft.document, Schema.MOBILESYNC: microsoft.mobilesync_document}
"""The document of each schema."""

_LONGEST_LENGTH = 20  # digits; from 4301 on `int` refuses


def document_url(resolution: Resolution, public_url: str) -> str:
    """The URL below `public_url` that leads to `resolution` again; the host is in its path if the host decided."""
    return public_url + base_of(resolution, public_url) + PATH


class Autodiscover(Endpoint):
    """`/autodiscover/autodiscover.xml` in any letter case, and the same below `/for/HOST`."""

    kind = RequestKind.AUTODISCOVER

    methods = ("GET", "HEAD", "POST")

    async def posted(self, scope: Scope, receive: Receive) -> Response | None:
        """The document asked for, or an Autodiscover error with status 200."""
        if (header(scope, b"content-encoding") or b"identity").lower() != b"identity":
            return ENCODED
        body = await _body(scope, receive)
        if not isinstance(body, bytes):
            return body
        try:
            request = read_request(body)
        except RequestInvalid:
            return _error(ErrorCode.INVALID_REQUEST)
        address = request.address
        resolution = await self.services.resolve(scope, address.domain, asked_host(scope).domain)
        _check_redirect_url(scope, resolution)
        document = DOCUMENTS.get(request.schema)
        if document is None:
            return _error(ErrorCode.NO_PROVIDER)
        try:
            prepared = self.services.prepared(document, resolution.bound, with_address=True)
        except Inexpressible:
            return _error(ErrorCode.NO_PROVIDER)
        return Response(200, HEADERS.private, prepared.fill(resolution.domain, address))

    async def answer(self, scope: Scope) -> Response:
        """The document of the address's domain, else the Host's, without an address in it; or a redirect to https."""
        asked, now = asked_host(scope), time.time()
        address = address_of(scope["query_string"], b"emailaddress", b"email")
        resolution = await self.services.resolve(scope, address.domain if address else None, asked.domain, now)
        if asked.label == AUTODISCOVER and self.services.peer(scope).scheme == "http":
            # Outlook's probe expects it; it then asks the user, and posts there (MS-OXDISCO section 3.1.5.4).
            public_url = self.services.settings.public_url
            if response := redirect_to_tls(scope, public_url, base_of(resolution, public_url) + PATH):
                return response
        _check_redirect_url(scope, resolution)
        prepared = self.services.prepared(microsoft.document, resolution.bound, with_address=False)
        headers = HEADERS.of(resolution, asked, now, names_mailbox=prepared.names_mailbox)
        return Response(200, headers, prepared.fill(resolution.domain))


def _check_redirect_url(scope: Scope, resolution: Resolution) -> None:
    """
    Check that a plan's `redirect_url` is not the URL that was asked: Outlook would ask it over and over.

    Raises:
        UnknownDomain: it is the same URL.
    """
    if resolution.bound.redirect_url is None:
        return
    url = resolution.bound.account(resolution.domain, None).redirect_url
    if url and leads_back(scope, url):
        remedy = "name another server's URL, or put the domain on a plan with servers"
        counted_error("the redirect_url of a plan leads to this server itself", plan=resolution.plan, remedy=remedy)
        raise UnknownDomain(f"the plan {resolution.plan!r} redirects to the URL that was asked")


_OUTCOMES = {ErrorCode.INVALID_REQUEST: RequestOutcome.INVALID, ErrorCode.NO_PROVIDER: RequestOutcome.UNKNOWN}


def _error(code: ErrorCode) -> Response:
    return Response(200, HEADERS.private, microsoft.error_document(code), _OUTCOMES[code])


async def _body(scope: Scope, receive: Receive) -> bytes | Response | None:
    """The body; a response if it is too large, `None` if the client left."""
    length = header(scope, b"content-length")
    if length and length.isdigit() and (len(length) > _LONGEST_LENGTH or int(length) > MAX_OCTETS):
        return TOO_LARGE
    body = await read_body(receive, MAX_OCTETS + 1)
    return body if body is None or len(body) <= MAX_OCTETS else TOO_LARGE
