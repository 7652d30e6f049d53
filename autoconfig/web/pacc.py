"""PACC's document, under the one name that clients ask: `ua-auto-config.DOMAIN`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autoconfig.errors import UnknownDomain
from autoconfig.formats import pacc
from autoconfig.web.asgi import Answer
from autoconfig.web.caching import DocumentHeaders
from autoconfig.web.endpoint import Endpoint
from autoconfig.web.hosts import PACC, asked_host
from autoconfig.web.tally import Document

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

PATH = "/.well-known/user-agent-configuration.json"

LONGEST = 300
"""Seconds that a client may keep it: no longer than the TXT record with its digest lives in resolvers."""

_HEADERS = DocumentHeaders(pacc.CONTENT_TYPE, LONGEST)


class Pacc(Endpoint):
    """`/.well-known/user-agent-configuration.json`. Never a redirect: to a reader it would be a failure."""

    kind = Document.PACC

    async def answer(self, scope: Scope) -> Answer:
        """The document, whose bytes depend on the domain alone; nothing of the query is looked at."""
        asked, now = asked_host(scope), time.time()
        if asked.label != PACC:
            raise UnknownDomain("this document is asked for under ua-auto-config.DOMAIN")
        resolution = await self.context.resolve(scope, None, asked.domain, now)
        prepared = self.context.prepared(pacc.document, resolution.bound, with_address=False)
        return Answer(200, _HEADERS.of(resolution, asked, now, names_mailbox=False), prepared.fill(resolution.domain))
