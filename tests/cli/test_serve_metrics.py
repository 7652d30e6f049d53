from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.serving import workers_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Serve, Server

pytestmark = pytest.mark.timeout(300)

HOST = {"Host": "autoconfig.sample.co.jp"}


def seen(server: Server, name: str, **labels: str) -> float:
    """The sum of these series, as whichever worker says that a new connection leads to."""
    answer = httpx.get(f"{server.place}/internal/metrics")
    assert answer.status_code == 200
    return sum(
        sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def served(server: Server) -> float:
    """How many of Mozilla's documents all workers have served."""
    return seen(server, "autoconfig_requests_total", document="mozilla", outcome="served")


def ask(server: Server, times: int) -> None:
    """Ask for a document, each time on a connection of its own, so that any worker may get it."""
    for _ in range(times):
        assert httpx.get(f"{server.place}/mail/config-v1.1.xml", headers=HOST).status_code == 200


def test_all_workers(serve: Serve, wait_until: Callable[[Callable[[], bool]], None]) -> None:
    """Whichever of several workers is asked, the answer is of all, and no sum falls when one is killed."""
    server = serve("--workers", "2")
    ask(server, 30)
    wait_until(lambda: served(server) == 30)
    wait_until(lambda: seen(server, "autoconfig_workers") == 2)
    first = workers_of(server.program)[0]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: first not in workers_of(server.program) and len(workers_of(server.program)) == 2)
    sums = []

    def grown() -> bool:
        sums.append(served(server))
        return seen(server, "autoconfig_workers") == 2

    wait_until(grown)
    ask(server, 5)
    wait_until(lambda: served(server) == 35)

    assert sums == [30] * len(sums)


def test_restart(serve: Serve, wait_until: Callable[[Callable[[], bool]], None]) -> None:
    """What was counted before a restart of the server is in the sums after it."""
    first = serve()
    ask(first, 3)
    wait_until(lambda: served(first) == 3)
    first.program.end(signal.SIGTERM)
    second = serve()
    ask(second, 2)

    wait_until(lambda: served(second) == 5)
