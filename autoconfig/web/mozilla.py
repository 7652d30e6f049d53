"""Mozilla's document under each of its URLs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from autoconfig.errors import UnknownDomain
from autoconfig.formats import mozilla
from autoconfig.resolver import How
from autoconfig.settings import PlainHTTP
from autoconfig.web.asgi import Response
from autoconfig.web.cache_control import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.error_responses import TLS_REQUIRED
from autoconfig.web.host_header import AUTOCONFIG, NOTHING, asked_host, host_in_path
from autoconfig.web.metrics.counters import RequestKind
from autoconfig.web.pointer import NOBODY, host_needed, redirect_to_tls
from autoconfig.web.query import address_of

if TYPE_CHECKING:
    from autoconfig.mail.address import EmailAddress
    from autoconfig.mail.domain import Domain
    from autoconfig.resolver import Resolution
    from autoconfig.web.asgi import Scope
    from autoconfig.web.host_header import AskedHost

ANYBODY = "EVOLUTIONUSER"
"""The local part that Evolution up to 3.46 sends for every user: no user name can be made of it."""

HEADERS = DocumentHeaders(mozilla.CONTENT_TYPE)
"""The headers of every document of this kind."""


class Mozilla(Endpoint):
    """`/mail/config-v1.1.xml` and its well-known form: the address's domain counts, else the Host's."""

    kind = RequestKind.MOZILLA

    async def answer(self, scope: Scope) -> Response:
        """The document."""
        host = asked_host(scope)
        # `public_url` is not the mail host of a domain.
        is_exchanger = host.label == AUTOCONFIG and host.name != urlsplit(self.services.settings.public_url).hostname
        return await self.document(scope, host.domain, host, by_exchanger=is_exchanger)

    async def document(
        self, scope: Scope, asked: Domain | None, host: AskedHost, *, by_exchanger: bool = False
    ) -> Response:
        """
        The document of the address's domain, else of `asked`; it may be public only for `host`'s own domain.

        `by_exchanger`: the host may be asked as the mail exchanger of the address's domain (the MX step of
        draft-ietf-mailmaint-autoconfig-06).
        """
        services, now = self.services, time.time()
        address = address_of(scope["query_string"], b"emailaddress")
        resolution = await services.resolve(
            scope, address.domain if address else None, asked, now, by_exchanger=by_exchanger
        )
        if services.lacks_tls(scope) and (elsewhere := self._without_tls(scope, resolution, address)):
            return elsewhere
        prepared = services.prepared(mozilla.document, resolution.bound, with_address=address is not None)
        headers = HEADERS.of(resolution, host, now, names_mailbox=prepared.names_mailbox)
        if address is not None and address.local == ANYBODY:
            # It has the headers of another address's document: proxies may keep one for all addresses of a domain.
            prepared = services.prepared(mozilla.document, resolution.bound, with_address=False)
        return Response(200, headers, prepared.fill(resolution.domain, address))

    def _without_tls(self, scope: Scope, resolution: Resolution, address: EmailAddress | None) -> Response | None:
        """The response to a request by plain http; `None`: the document, because no redirect leads to it."""
        settings = self.services.settings
        if settings.plain_http is PlainHTTP.REFUSE:
            return TLS_REQUIRED
        if resolution.how is How.EXCHANGER:
            return None
        # Below `public_url` the path has to name the domain or host that the Host header named here.
        path = f"/v1.1/{host_needed(resolution) or resolution.domain}"
        query = f"?emailaddress={quote(str(address), safe='')}" if address else ""
        return redirect_to_tls(scope, settings.public_url, path, query)


class MozillaByPath(Mozilla):
    """`/v1.1/DOMAIN`, as Mozilla's public database spells it: the path replaces the Host."""

    async def answer(self, scope: Scope) -> Response:
        """The document."""
        text: str = scope["path_params"]["domain"]
        domain, host = host_in_path(text), asked_host(scope)
        if domain is None and text != NOBODY:
            raise UnknownDomain(f"{text[:80]!r} is not a domain name")
        # An address may be of another domain than the path. Under a Host of that domain its document would be public,
        # and a cache that ignores the query would keep it for the path's domain. To a cache each spelling of the path
        # is another document, and there is no end of spellings.
        own = domain is not None and host.domain == domain and domain.is_spelled(text)
        return await self.document(scope, domain, host if own else NOTHING)
