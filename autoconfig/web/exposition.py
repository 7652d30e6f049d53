"""The numbers of all workers as Prometheus reads them; docs/operating.md explains each."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

import autoconfig
from autoconfig.resolve import How
from autoconfig.web.tally import ANSWERS, BUCKETS, Document, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client.core import Metric

    from autoconfig.web.ledger import Total, Worker


def text(total: Total) -> bytes:
    """Prometheus' text format 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(total))
    return generate_latest(registry)


class _Collector:
    """Hands the numbers of one moment to the library."""

    def __init__(self, total: Total) -> None:
        self._total = total

    def collect(self) -> Iterable[Metric]:
        """All metrics."""
        counts = self._total.counts
        yield _requests(counts)
        resolved = CounterMetricFamily("autoconfig_resolved", "What led to a plan.", labels=["how"])
        for how in How:
            resolved.add_metric([how.name.lower()], counts[f"resolved {how.name.lower()}"])
        yield resolved
        asked = "Questions to the DNS where mail goes, by what came of them."
        questions = CounterMetricFamily("autoconfig_mx_questions", asked, labels=["answer"])
        for status in ANSWERS:
            questions.add_metric([status.name.lower()], counts[f"mx {status.name.lower()}"])
        yield questions
        yield _duration(counts)
        limited = "Requests turned away with 429 because their client sent too many."
        yield CounterMetricFamily("autoconfig_limited", limited, counts["limited"])
        reloads = CounterMetricFamily("autoconfig_plans_reloads", "Looks at a changed plans.toml.", labels=["result"])
        for result in ("loaded", "refused"):
            reloads.add_metric([result], counts[f"reloads {result}"])
        yield reloads
        build = GaugeMetricFamily("autoconfig_build_info", "1, with the version that answered.", labels=["version"])
        build.add_metric([autoconfig.__version__], 1)
        yield build
        yield GaugeMetricFamily("autoconfig_workers", "Processes that answer.", len(self._total.workers))
        yield from _gauges(self._total.workers)


def _requests(counts: Mapping[str, int]) -> Metric:
    """Every label value is there from the start, so that the first of a kind is seen as an increase."""
    family = CounterMetricFamily("autoconfig_requests", "Answered requests.", labels=["document", "outcome"])
    for document in Document:
        for outcome in Outcome:
            family.add_metric([document, outcome], counts[f"requests {document} {outcome}"])
    return family


def _duration(counts: Mapping[str, int]) -> Metric:
    ends = [*map(str, BUCKETS), "+Inf"]
    below = accumulate(counts[f"duration {end}"] for end in ends)
    return HistogramMetricFamily(
        "autoconfig_request_duration_seconds",
        "Time from a whole request to the beginning of its answer, of one request in 64.",
        buckets=list(zip(ends, below, strict=True)),
        sum_value=counts["duration_microseconds"] / 1e6,
    )


def _gauges(workers: list[Worker]) -> Iterable[Metric]:
    for name in sorted({name for worker in workers for name in worker.gauges}):
        family = GaugeMetricFamily(f"autoconfig_{name}", HELP.get(name, "Told by the mapping."), labels=["worker"])
        for worker in workers:
            if name in worker.gauges:
                family.add_metric([str(worker.slot)], worker.gauges[name])
        yield family


HELP = {
    "start_time_seconds": "Unix time at which the worker started.",
    "mapping_available": "1, or 0 while the mapping database cannot be used.",
    "plans_fault": "1 while plans.toml has a fault and the plans from before are served.",
    "profile_certificate_expiry_seconds": "Unix time at which the certificate that signs profiles expires.",
    "mapping_age_seconds": "Seconds since the central database was last heard of.",
    "mapping_last_id": "The newest row that was seen in the central database.",
    "replica_age_seconds": "Seconds since the replica last heard of its central database.",
    "cache_known_names": "Names with a row in the cache.",
    "cache_unknown_names": "Names without a row in the cache.",
    "cache_hits": "Lookups that the cache answered since the worker started.",
    "cache_misses": "Lookups for which the database was asked since the worker started.",
}
"""The gauges of a worker: its own, and those that a `Finder` tells of."""
