"""Autodiscover v2: which other Autodiscover there is, asked for by Outlook's query or Apple's path (reference C6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import AddressInvalid, UnknownDomain
from autoconfig.formats import microsoft_json
from autoconfig.formats.microsoft_json import ErrorCode
from autoconfig.mail.address import EmailAddress
from autoconfig.web.asgi import Answer
from autoconfig.web.caching import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.hosts import asked_host
from autoconfig.web.microsoft import PATH as XML_PATH
from autoconfig.web.query import value_of
from autoconfig.web.tally import Document

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

PATH = "/autodiscover/autodiscover.json"
ADDRESS_PATH = f"{PATH}/v1.0/"

_HEADERS = DocumentHeaders(microsoft_json.CONTENT_TYPE)


class AutodiscoverJSON(Endpoint):
    """`/autodiscover/autodiscover.json?Email=A&Protocol=P` and `…/v1.0/A?Protocol=P`, in any letter case."""

    kind = Document.AUTODISCOVER_JSON

    async def answer(self, scope: Scope) -> Answer:
        """
        The URL of the protocol asked for.

        Always private: a cache that ignores the query would give one protocol's answer for another's.
        """
        address, asked = address_asked_for(scope), asked_host(scope)
        try:
            resolution = await self.context.resolve(scope, address.domain if address else None, asked.domain)
        except UnknownDomain:
            return _error(ErrorCode.UserNotFound)
        protocol = _parameter(scope["query_string"], b"protocol")
        if not protocol:
            return _error(ErrorCode.MandatoryParameterMissing)
        account = resolution.bound.account(resolution.domain, None)
        urls = microsoft_json.urls(account, self.context.settings.public_url + XML_PATH)
        name = microsoft_json.canonical(protocol)
        if name not in urls:
            return _error(ErrorCode.InvalidProtocol, tuple(urls))
        return Answer(200, _HEADERS.private, microsoft_json.document(name, urls[name]))


def address_asked_for(scope: Scope) -> EmailAddress | None:
    """The address in the path, else in the query; one that cannot be read counts as absent, and the Host decides."""
    path: str = scope["path"]
    in_path = path[len(ADDRESS_PATH) :] if path.lower().startswith(ADDRESS_PATH) else None
    for text in (in_path, _parameter(scope["query_string"], b"email")):
        if text:
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


def _error(code: ErrorCode, supported: tuple[str, ...] = ()) -> Answer:
    return Answer(code.status, _HEADERS.private, microsoft_json.error_document(code, supported))
