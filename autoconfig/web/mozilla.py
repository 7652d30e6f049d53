"""Mozilla's document under its three URLs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from autoconfig.errors import DomainInvalid, UnknownDomain
from autoconfig.formats import mozilla
from autoconfig.mail.domain import Domain
from autoconfig.resolve import How
from autoconfig.settings import PlainHTTP
from autoconfig.web.asgi import Answer
from autoconfig.web.caching import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.hosts import NOTHING, asked_host
from autoconfig.web.query import address_of
from autoconfig.web.refusals import TLS_REQUIRED, redirect
from autoconfig.web.tally import Document

if TYPE_CHECKING:
    from autoconfig.mail.address import EmailAddress
    from autoconfig.resolve import Resolution
    from autoconfig.web.asgi import Scope
    from autoconfig.web.hosts import AskedHost

HEADERS = DocumentHeaders(mozilla.CONTENT_TYPE)
"""The headers of every document of this kind."""


class Mozilla(Endpoint):
    """`/mail/config-v1.1.xml` and its well-known form: the address's domain counts, else the Host's."""

    kind = Document.MOZILLA

    async def answer(self, scope: Scope) -> Answer:
        """The document."""
        host = asked_host(scope)
        return await self.document(scope, host.domain, host)

    async def document(self, scope: Scope, asked: Domain | None, host: AskedHost) -> Answer:
        """The document of the address's domain, else of `asked`; only one that is `host`'s own may be public."""
        context, now = self.context, time.time()
        address = address_of(scope["query_string"], b"emailaddress")
        resolution = await context.resolve(scope, address.domain if address else None, asked, now)
        if context.settings.plain_http is not PlainHTTP.SERVE and context.peer(scope).scheme == "http":
            return self._without_tls(resolution, asked, address)
        prepared = context.prepared(mozilla.document, resolution.bound, with_address=address is not None)
        headers = HEADERS.of(resolution, host, now, names_mailbox=prepared.names_mailbox)
        return Answer(200, headers, prepared.fill(resolution.domain, address))

    def _without_tls(self, resolution: Resolution, asked: Domain | None, address: EmailAddress | None) -> Answer:
        settings = self.context.settings
        if settings.plain_http is PlainHTTP.REFUSE:
            return TLS_REQUIRED
        # Under `public_url` the Host no longer says which domain or which of our hosts is meant, so the path does.
        meant = asked if resolution.how is How.HOST_RULE else resolution.domain
        query = f"?emailaddress={quote(str(address), safe='')}" if address else ""
        return redirect(302, f"{settings.public_url}/v1.1/{meant}{query}")


class MozillaByPath(Mozilla):
    """`/v1.1/DOMAIN`, as Mozilla's public database spells it: the path says what the Host says elsewhere."""

    async def answer(self, scope: Scope) -> Answer:
        """The document."""
        try:
            domain = Domain.parse(scope["path_params"]["domain"])
        except DomainInvalid as error:
            raise UnknownDomain(str(error)) from error
        host = asked_host(scope)
        # An address may lead to another domain than the path's. Under a Host of that domain it would be public, and
        # a cache that ignores the query would keep it for the path's.
        return await self.document(scope, domain, host if host.domain == domain else NOTHING)
