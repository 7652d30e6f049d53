"""Autodiscover: POST with a request document, GET as Delta Chat and Outlook's redirect probe ask."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autoconfig.errors import Inexpressible, RequestInvalid
from autoconfig.formats import microsoft
from autoconfig.formats.microsoft import ErrorCode
from autoconfig.formats.microsoft_request import MAX_OCTETS, Schema, read_request
from autoconfig.web.asgi import Answer, header
from autoconfig.web.caching import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.hosts import AUTODISCOVER, asked_host
from autoconfig.web.query import address_of
from autoconfig.web.refusals import ENCODED, TOO_LARGE, redirect
from autoconfig.web.tally import Document, Outcome

if TYPE_CHECKING:
    from autoconfig.web.asgi import Receive, Scope

PATH = "/autodiscover/autodiscover.xml"

HEADERS = DocumentHeaders(microsoft.CONTENT_TYPE)
"""The headers of every document of this kind."""
DOCUMENTS = {Schema.OUTLOOK: microsoft.document, Schema.MOBILESYNC: microsoft.mobilesync_document}
"""What is given to whom."""

_LONGEST_LENGTH = 20  # digits; from 4301 on `int` refuses


class Autodiscover(Endpoint):
    """`/autodiscover/autodiscover.xml` in any letter case."""

    kind = Document.AUTODISCOVER

    methods = ("GET", "HEAD", "POST")

    async def posted(self, scope: Scope, receive: Receive) -> Answer | None:
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
        resolution = await self.context.resolve(scope, address.domain, asked_host(scope).domain)
        document = DOCUMENTS.get(request.schema)
        if document is None:
            return _error(ErrorCode.NO_PROVIDER)
        try:
            prepared = self.context.prepared(document, resolution.bound, with_address=True)
        except Inexpressible:
            return _error(ErrorCode.NO_PROVIDER)
        return Answer(200, HEADERS.private, prepared.fill(resolution.domain, address))

    async def answer(self, scope: Scope) -> Answer:
        """The document of the address's domain, else the Host's, without an address in it; or a redirect to https."""
        asked, now = asked_host(scope), time.time()
        address = address_of(scope["query_string"], b"emailaddress", b"email")
        resolution = await self.context.resolve(scope, address.domain if address else None, asked.domain, now)
        if asked.label == AUTODISCOVER and self.context.peer(scope).scheme == "http":
            # What Outlook's probe wants to see; it then asks the user, and posts there (MS-OXDISCO section 3.1.5.4).
            return redirect(302, self.context.settings.public_url + PATH)
        prepared = self.context.prepared(microsoft.document, resolution.bound, with_address=False)
        headers = HEADERS.of(resolution, asked, now, names_mailbox=prepared.names_mailbox)
        return Answer(200, headers, prepared.fill(resolution.domain))


_OUTCOMES = {ErrorCode.INVALID_REQUEST: Outcome.INVALID, ErrorCode.NO_PROVIDER: Outcome.UNKNOWN}


def _error(code: ErrorCode) -> Answer:
    return Answer(200, HEADERS.private, microsoft.error_document(code), _OUTCOMES[code])


async def _body(scope: Scope, receive: Receive) -> bytes | Answer | None:
    """The body; an answer if it is too large, `None` if the client went away."""
    length = header(scope, b"content-length")
    if length and length.isdigit() and (len(length) > _LONGEST_LENGTH or int(length) > MAX_OCTETS):
        return TOO_LARGE
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk: bytes = message.get("body", b"")
        body += chunk
        if len(body) > MAX_OCTETS:
            return TOO_LARGE
        if not message.get("more_body", False):
            return body
