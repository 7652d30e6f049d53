"""The profile for iPhone, iPad and Mac. Only people ask for it, so an address that cannot be read is told so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import AddressInvalid
from autoconfig.formats import apple
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.server import Protocol
from autoconfig.web.asgi import Answer
from autoconfig.web.caching import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.hosts import asked_host
from autoconfig.web.query import value_of
from autoconfig.web.refusals import text_answer

if TYPE_CHECKING:
    from autoconfig.web.asgi import Receive, Scope

_HEADERS = DocumentHeaders(apple.CONTENT_TYPE)
_PROTOCOLS = {None: None, "": None, "imap": Protocol.IMAP, "pop3": Protocol.POP3}


class Apple(Endpoint):
    """`/email.mobileconfig?email=ADDRESS[&protocol=pop3][&lang=ja]`, and `/mobileconfig?emailaddress=`."""

    async def answer(self, scope: Scope, receive: Receive) -> Answer:  # noqa: ARG002 (no body is read)
        """The profile."""
        query = scope["query_string"]
        text, protocol = value_of(query, b"email", b"emailaddress"), value_of(query, b"protocol")
        if text is None:
            raise AddressInvalid("there is no address")
        address = EmailAddress.parse(text)
        if protocol not in _PROTOCOLS:
            return text_answer(400, "The protocol is imap or pop3.")
        resolution = await self.context.resolve(address.domain, asked_host(scope).domain)
        account = resolution.bound.account(resolution.domain, address)
        profile = apple.document(
            account, self.context.settings.profile_identifier, _PROTOCOLS[protocol], value_of(query, b"lang")
        )
        disposition = f'attachment; filename="{apple.file_name(account)}"'
        headers = [*_HEADERS.private, (b"content-disposition", disposition.encode())]
        return Answer(200, headers, profile)
