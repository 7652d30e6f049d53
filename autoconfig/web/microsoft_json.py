"""Autodiscover v2: the URL of another protocol, asked for by Outlook's query or Apple's path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import AddressInvalid, UnknownDomain
from autoconfig.formats import microsoft_json
from autoconfig.formats.microsoft_json import JSONErrorCode
from autoconfig.mail.address import EmailAddress
from autoconfig.web.asgi import Response
from autoconfig.web.cache_control import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.host_header import asked_host
from autoconfig.web.metrics.counters import RequestKind
from autoconfig.web.microsoft import document_url
from autoconfig.web.query import value_of

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

PATH = "/autodiscover/autodiscover.json"
ADDRESS_PATH = f"{PATH}/v1.0/"

_NOT_UTF8 = "\ufffd"
"""Stands in a path for octets that are not UTF-8."""

_HEADERS = DocumentHeaders(microsoft_json.CONTENT_TYPE)


class AutodiscoverJSON(Endpoint):
    """`/autodiscover/autodiscover.json?Email=A&Protocol=P` and `…/v1.0/A?Protocol=P`, in any letter case."""

    kind = RequestKind.AUTODISCOVER_JSON

    async def answer(self, scope: Scope) -> Response:
        """
        The URL of the protocol asked for.

        Always private: a cache that ignores the query would confuse protocols.
        """
        address, asked = address_asked_for(scope), asked_host(scope)
        try:
            resolution = await self.services.resolve(scope, address.domain if address else None, asked.domain)
        except UnknownDomain:
            return _error(JSONErrorCode.UserNotFound)
        protocol = _parameter(scope["query_string"], b"protocol")
        if not protocol:
            return _error(JSONErrorCode.MandatoryParameterMissing)
        account = resolution.bound.account(resolution.domain, None)
        urls = microsoft_json.urls(account, document_url(resolution, self.services.settings.public_url))
        name = microsoft_json.canonical(protocol)
        if name not in urls:
            return _error(JSONErrorCode.InvalidProtocol, tuple(urls))
        return Response(200, _HEADERS.private, microsoft_json.document(name, urls[name]))


def address_asked_for(scope: Scope) -> EmailAddress | None:
    """The address in the path, else in the query; an unreadable one counts as absent, and the Host decides."""
    path: str = scope["path"]
    in_path = path[len(ADDRESS_PATH) :] if path.lower().startswith(ADDRESS_PATH) else None
    for text in (in_path, _parameter(scope["query_string"], b"email")):
        if text and _NOT_UTF8 not in text:
            try:
                return EmailAddress.parse(text)
            except AddressInvalid:
                continue
    return None


def _parameter(query: bytes, name: bytes) -> str | None:
    """The first value of a parameter whose name may have any letter case."""
    for pair in query.split(b"&"):
        key, equals, value = pair.partition(b"=")
        if key.lower() == name:
            return value_of(name + equals + value, name)
    return None


def _error(code: JSONErrorCode, supported: tuple[str, ...] = ()) -> Response:
    return Response(code.status, _HEADERS.private, microsoft_json.error_document(code, supported))
