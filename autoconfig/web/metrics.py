"""`/internal/metrics`: what an operator's Prometheus asks for, of all workers of this server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.web.asgi import Answer
from autoconfig.web.caching import DocumentHeaders
from autoconfig.web.internal import Internal

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope

_HEADERS = DocumentHeaders("text/plain; version=0.0.4; charset=utf-8")


class Metrics(Internal):
    """`/internal/metrics`, in Prometheus' text format 0.0.4."""

    async def answer(self, _scope: Scope, /) -> Answer:
        """All of them; an idle or busy worker answers for the others too."""
        context = self.context
        counts, gauges = context.tally.named(), context.gauges()
        return Answer(200, _HEADERS.private, await asyncio.to_thread(self._text, counts, gauges))

    def _text(self, counts: dict[str, int], gauges: dict[str, float]) -> bytes:
        from autoconfig.web.exposition import text  # the library is loaded by who asks, and by nobody else

        return text(self.context.ledger.total(counts, gauges))
