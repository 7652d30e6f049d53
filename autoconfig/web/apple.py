"""The profile for iPhone, iPad and Mac. Only people ask for it, so an address that cannot be read is told so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import AddressInvalid
from autoconfig.formats import apple
from autoconfig.formats.apple_texts import TEXTS
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.server import Protocol
from autoconfig.web.asgi import Answer, header
from autoconfig.web.caching import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.hosts import asked_host
from autoconfig.web.languages import accepted, primary
from autoconfig.web.query import value_of
from autoconfig.web.refusals import text_answer
from autoconfig.web.tally import Document

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.web.asgi import Scope

_HEADERS = DocumentHeaders(apple.CONTENT_TYPE)
_PROTOCOLS = {None: None, "": None, "imap": Protocol.IMAP, "pop3": Protocol.POP3}


class Apple(Endpoint):
    """`/email.mobileconfig?email=ADDRESS[&protocol=pop3][&lang=ja]`, and `/mobileconfig?emailaddress=`."""

    kind = Document.APPLE

    async def answer(self, scope: Scope) -> Answer:
        """The profile, signed if there is something to sign with."""
        query, context = scope["query_string"], self.context
        text, protocol = value_of(query, b"email", b"emailaddress"), value_of(query, b"protocol")
        if text is None:
            raise AddressInvalid("there is no address")
        address = EmailAddress.parse(text)
        if protocol not in _PROTOCOLS:
            return text_answer(400, "The protocol is imap or pop3.")
        resolution = await context.resolve(scope, address.domain, asked_host(scope).domain)
        account = resolution.bound.account(resolution.domain, address)
        profile = apple.document(
            account, context.settings.profile_identifier, _PROTOCOLS[protocol], _language(scope, account)
        )
        headers = [*_HEADERS.private, (b"content-disposition", apple.disposition(account).encode())]
        return Answer(200, headers, context.signer.sign(profile))


def _language(scope: Scope, account: Account) -> str | None:
    """The language asked for, else the browser's best that there are texts in, else nothing: the plan's own."""
    wanted = [primary(value_of(scope["query_string"], b"lang") or ""), *accepted(header(scope, b"accept-language"))]
    return next((language for language in wanted if language in TEXTS or language in account.name.by_language), None)
