"""The metrics of all workers in Prometheus' format; docs/operating.md explains each."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

import autoconfig
from autoconfig.resolver import How
from autoconfig.web.metrics.counters import ANSWERS, BUCKETS, RequestKind, RequestOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client.core import Metric

    from autoconfig.web.metrics.workers import Totals, WorkerState


def text(total: Totals) -> bytes:
    """Prometheus' text format 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(total))
    return generate_latest(registry)


class _Collector:
    """Hands the values of one moment to the library."""

    def __init__(self, total: Totals) -> None:
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
    """Every label value exists from the start, so that the first request of a kind shows as an increase."""
    family = CounterMetricFamily("autoconfig_requests", "Answered requests.", labels=["document", "outcome"])
    for document in RequestKind:
        for outcome in RequestOutcome:
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


def _gauges(workers: list[WorkerState]) -> Iterable[Metric]:
    """A name may have the values of labels after it, each after a space."""
    families: dict[str, Metric] = {}
    for worker in workers:
        for full_name, value in worker.gauges.items():
            name, _, label = full_name.partition(" ")
            if name not in families:
                families[name] = _family(name)
            labels = [str(worker.slot), *label.split()]
            families[name].add_metric(labels, value)  # type: ignore[attr-defined]
    yield from (families[name] for name in sorted(families))


def _family(name: str) -> Metric:
    told = HELP.get(name, "Told by the mapping.")
    labels = ["worker", *LABELS.get(name, ())]
    # Metrics of the process have the usual names of all programs.
    whole = name if name.startswith("process_") else f"autoconfig_{name}"
    if name.endswith("_total"):
        return CounterMetricFamily(whole.removesuffix("_total"), told, labels=labels)
    return GaugeMetricFamily(whole, told, labels=labels)


LABELS = {"not_ready": ("reason",), "check_findings": ("severity", "code")}
"""The labels of a gauge that has any besides `worker`."""

HELP = {
    "start_time_seconds": "Unix time at which the worker started.",
    "ready": "1, or 0 while what is answered may be wrong.",
    "not_ready": "1 for each reason why the worker is not ready.",
    "mapping_available": "1, or 0 while names cannot be looked up.",
    "plans_fault": "1 while plans.toml has a fault and the plans from before are served.",
    "profile_certificate_fault": "1 while profiles are not signed with the key and certificate in the files.",
    "profile_certificate_expiry_seconds": "Unix time at which the certificate that signs profiles expires.",
    "mapping_age_seconds": "Seconds since the queried database was last heard of.",
    "mapping_last_id": "The newest row of the local copy.",
    "copy_age_seconds": "Seconds since the local copy had all that the database has.",
    "replica_age_seconds": "The same as autoconfig_copy_age_seconds; the next release does not have it any more.",
    "cache_known_names": "Names with a row in the cache.",
    "cache_unknown_names": "Names without a row in the cache.",
    "cache_hits_total": "Lookups that the cache answered since the worker started.",
    "cache_misses_total": "Lookups for which the database was asked since the worker started.",
    "last_backup_timestamp_seconds": "Unix time of the last backup by `db backup` on this machine; 0: none is known.",
    "last_check_timestamp_seconds": "Unix time at which the last `check --all` here ended; 0: none is known.",
    "check_findings": "Findings of the last `check --all` here.",
    "process_cpu_seconds_total": "Processor time that the worker used, in seconds.",
    "process_resident_memory_bytes": "Memory of the worker that is not swapped out.",
    "process_virtual_memory_bytes": "Address space of the worker.",
    "process_open_fds": "Files that the worker has open.",
    "process_max_fds": "Files that the worker may have open.",
    "process_start_time_seconds": "Unix time at which the worker started.",
}
"""Help texts of the gauges of a worker and of its `Finder`."""
