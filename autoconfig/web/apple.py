"""The profile for iPhone, iPad and Mac. People ask for it, so an invalid address gets an error, not a default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import AddressInvalid
from autoconfig.formats import apple
from autoconfig.formats.apple_texts import TEXTS
from autoconfig.mail.address import EmailAddress, carriable
from autoconfig.mail.server import Protocol
from autoconfig.web.asgi import Response, header
from autoconfig.web.cache_control import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.error_responses import text_response
from autoconfig.web.host_header import asked_host
from autoconfig.web.languages import accepted, primary
from autoconfig.web.metrics.counters import RequestKind
from autoconfig.web.query import value_of

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.web.asgi import Scope

_HEADERS = DocumentHeaders(apple.CONTENT_TYPE)
_PROTOCOLS = {None: None, "": None, "imap": Protocol.IMAP, "pop3": Protocol.POP3}
_MAIL_ONLY = {None: False, "": False, "mail": True}

LONGEST_NAME = 64
"""Characters of a sender's name, which anybody can put into a link to a signed profile."""


class Apple(Endpoint):
    """
    `/email.mobileconfig?email=ADDRESS`, and `/mobileconfig?emailaddress=`, with `protocol=pop3`, `services=mail`,
    `name=NAME` and `lang=ja` as wanted.
    """

    kind = RequestKind.APPLE
    waits_for_thread = True

    async def answer(self, scope: Scope) -> Response:
        """The profile; signed if there is a certificate and the operator chose the hosts in it."""
        query, services = scope["query_string"], self.services
        text, protocol = value_of(query, b"email", b"emailaddress"), value_of(query, b"protocol")
        extent, sender = value_of(query, b"services"), _sender(query)
        if text is None:
            raise AddressInvalid("there is no address")
        address = EmailAddress.parse(text)
        if protocol not in _PROTOCOLS:
            return text_response(400, "The protocol is imap or pop3.")
        if extent not in _MAIL_ONLY:
            return text_response(400, "The services are mail; leave the parameter out to have all.")
        if len(sender) > LONGEST_NAME or not carriable(sender):
            return text_response(
                400, f"The name has at most {LONGEST_NAME} characters, none of them a control character."
            )
        asked = asked_host(scope)
        resolution = await services.resolve(scope, address.domain, asked.domain)
        account = resolution.bound.account(resolution.domain, address)
        profile = apple.document(
            account,
            services.settings.profile_identifier,
            _PROTOCOLS[protocol],
            _language(scope, account),
            provider=services.brands.of(resolution, asked).settings.provider,
            sender=sender,
            mail_only=_MAIL_ONLY[extent],
        )
        headers = [*_HEADERS.private, (b"content-disposition", apple.disposition(account).encode())]
        return Response(200, headers, await services.signer.sign(profile) if resolution.vouched_for else profile)


def _sender(query: bytes) -> str:
    """The sender's name, or an empty text. Forms write spaces as `+`, and names have no plus."""
    return (value_of(query.replace(b"+", b"%20"), b"name") or "").strip()


def _language(scope: Scope, account: Account) -> str | None:
    """The language asked for, else the browser's first one with texts, else `None`: the plan's own."""
    wanted = [primary(value_of(scope["query_string"], b"lang") or ""), *accepted(header(scope, b"accept-language"))]
    return next((language for language in wanted if language in TEXTS or language in account.name.by_language), None)
