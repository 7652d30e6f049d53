"""Mozilla's document under its three URLs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from autoconfig.errors import DomainInvalid, UnknownDomain
from autoconfig.formats import mozilla
from autoconfig.mail.domain import Domain
from autoconfig.settings import PlainHTTP
from autoconfig.web.asgi import Answer
from autoconfig.web.caching import cache_header, document_headers
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.hosts import asked_host
from autoconfig.web.query import address_of
from autoconfig.web.refusals import TLS_REQUIRED, redirect

if TYPE_CHECKING:
    from autoconfig.mail.address import EmailAddress
    from autoconfig.resolve import Resolution
    from autoconfig.web.asgi import Receive, Scope


class Mozilla(Endpoint):
    """`/mail/config-v1.1.xml` and its well-known form: the address's domain counts, else the Host's."""

    async def answer(self, scope: Scope, receive: Receive) -> Answer:  # noqa: ARG002 (no body is read)
        """The document."""
        address = address_of(scope["query_string"], b"emailaddress")
        return await self.document(scope, address.domain if address else None, address)

    async def document(self, scope: Scope, mail_domain: Domain | None, address: EmailAddress | None) -> Answer:
        """The document of a mail domain, or of the one that the Host means."""
        context, asked, now = self.context, asked_host(scope), time.time()
        resolution = await context.resolve(mail_domain, asked.domain, now)
        if context.settings.plain_http is not PlainHTTP.SERVE and context.peer(scope).scheme == "http":
            return self._without_tls(resolution, address)
        prepared = context.prepared(mozilla.document, resolution.bound, with_address=address is not None)
        cache = cache_header(resolution, asked, now, names_mailbox=prepared.names_mailbox)
        return Answer(200, document_headers(mozilla.CONTENT_TYPE, cache), prepared.fill(resolution.domain, address))

    def _without_tls(self, resolution: Resolution, address: EmailAddress | None) -> Answer:
        settings = self.context.settings
        if settings.plain_http is PlainHTTP.REFUSE:
            return TLS_REQUIRED
        # Under `public_url` the Host no longer says which domain is meant, so the path does.
        query = f"?emailaddress={quote(str(address), safe='')}" if address else ""
        return redirect(302, f"{settings.public_url}/v1.1/{resolution.domain}{query}")


class MozillaByPath(Mozilla):
    """`/v1.1/DOMAIN`, as Mozilla's public database spells it."""

    async def answer(self, scope: Scope, receive: Receive) -> Answer:  # noqa: ARG002 (no body is read)
        """The document of the domain in the path; an address of another domain is ignored."""
        try:
            domain = Domain.parse(scope["path_params"]["domain"])
        except DomainInvalid as error:
            raise UnknownDomain(str(error)) from error
        address = address_of(scope["query_string"], b"emailaddress")
        return await self.document(scope, domain, address if address and address.domain == domain else None)
