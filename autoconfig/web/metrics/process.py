"""The `process_*` metrics that Prometheus' own client libraries export."""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path

_STAT, _OPEN = Path("/proc/self/stat"), Path("/proc/self/fd")
_VIRTUAL, _RESIDENT = 20, 21
"""Fields 23 and 24 of proc_pid_stat(5), here counted from 0 after the name of the command."""


def process_gauges() -> dict[str, float]:
    """The metrics of this process, as far as the kernel provides them."""
    used, (most, _) = resource.getrusage(resource.RUSAGE_SELF), resource.getrlimit(resource.RLIMIT_NOFILE)
    found = {"process_cpu_seconds_total": used.ru_utime + used.ru_stime, "process_max_fds": float(most)}
    with contextlib.suppress(OSError):
        found["process_open_fds"] = float(sum(1 for _ in _OPEN.iterdir()))
        fields = _STAT.read_bytes().rpartition(b")")[2].split()
        found["process_virtual_memory_bytes"] = float(fields[_VIRTUAL])
        found["process_resident_memory_bytes"] = float(fields[_RESIDENT]) * resource.getpagesize()
    return found
