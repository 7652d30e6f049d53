"""PACC's document, under the one host that clients ask: `ua-auto-config.DOMAIN`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autoconfig.errors import UnknownDomain
from autoconfig.formats import pacc
from autoconfig.web.asgi import Response
from autoconfig.web.cache_control import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.host_header import PACC, asked_host
from autoconfig.web.metrics.counters import RequestKind

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

PATH = "/.well-known/user-agent-configuration.json"

LONGEST = 300
"""Seconds that a client may keep it: no longer than resolvers keep the TXT record with its digest."""

_HEADERS = DocumentHeaders(pacc.CONTENT_TYPE, LONGEST)


class Pacc(Endpoint):
    """`/.well-known/user-agent-configuration.json`. Never a redirect, which clients treat as a failure."""

    kind = RequestKind.PACC

    async def answer(self, scope: Scope) -> Response:
        """The document, whose bytes depend on the domain alone; the query is ignored."""
        asked, now = asked_host(scope), time.time()
        if asked.label != PACC:
            raise UnknownDomain("this document is asked for under ua-auto-config.DOMAIN")
        resolution = await self.services.resolve(scope, None, asked.domain, now)
        prepared = self.services.prepared(pacc.document, resolution.bound, with_address=False)
        return Response(200, _HEADERS.of(resolution, asked, now, names_mailbox=False), prepared.fill(resolution.domain))
