"""`/.well-known/caldav`, `carddav` (RFC 6764) and `jmap` (RFC 8620 section 2.2): the services of the Host's domain."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autoconfig.errors import UnknownDomain
from autoconfig.web.asgi import Response
from autoconfig.web.cache_control import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.host_header import asked_host
from autoconfig.web.metrics.counters import RequestKind
from autoconfig.web.pointer import leads_back

if TYPE_CHECKING:
    from autoconfig.mail.service import ServiceKind
    from autoconfig.web.asgi import Scope
    from autoconfig.web.services import Services

_HEADERS = DocumentHeaders("text/plain; charset=utf-8")


class WellKnown(Endpoint):
    """`/.well-known/SERVICE`: a redirect to the plan's URL, for every method that a client starts with."""

    kind = RequestKind.WELL_KNOWN
    methods = ("GET", "HEAD", "OPTIONS", "PROPFIND")

    def __init__(self, services: Services, service: ServiceKind) -> None:
        super().__init__(services)
        self._service = service

    async def answer(self, scope: Scope) -> Response:
        """A 307, which keeps method and body, to a URL that is the same for every mailbox."""
        asked, now = asked_host(scope), time.time()
        resolution = await self.services.resolve(scope, None, asked.domain, now)
        service = resolution.bound.account(resolution.domain, None).service(self._service)
        if service is None or leads_back(scope, service.url):
            raise UnknownDomain(f"the plan of {resolution.domain} has no {self._service} to lead to")
        headers = _HEADERS.of(resolution, asked, now, names_mailbox=False)
        return Response(307, [*headers, (b"location", service.url.encode())], f"{service.url}\n".encode())
