"""`/internal/metrics`: the metrics of all workers of this server for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.web.asgi import Response
from autoconfig.web.cache_control import DocumentHeaders
from autoconfig.web.executor import BoundedExecutor
from autoconfig.web.internal import Internal

if TYPE_CHECKING:
    from autoconfig.web.asgi import Scope
    from autoconfig.web.services import Services

_HEADERS = DocumentHeaders("text/plain; version=0.0.4; charset=utf-8")


class Metrics(Internal):
    """`/internal/metrics`, in Prometheus' text format 0.0.4."""

    waits_for_thread = True

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._executor = BoundedExecutor("metrics")

    async def answer(self, _scope: Scope, /) -> Response:
        """All metrics; each worker answers for the others too."""
        services = self.services
        counts, gauges = services.counters.named(), services.gauges()
        return Response(200, _HEADERS.private, await self._executor.run(self._text, counts, gauges))

    def _text(self, counts: dict[str, int], gauges: dict[str, float]) -> bytes:
        from autoconfig.web.metrics.prometheus import text  # loaded only if metrics are asked for

        return text(self.services.counter_file.total(counts, {**gauges, **self.services.measured()}))
