from __future__ import annotations

import socket
from itertools import islice

import pytest

from tests.support import ports
from tests.support.ports import HIGHEST, LOWEST, candidates, free_port


@pytest.mark.parametrize("processes", [1, 2, 3, 7])
def test_processes_give_different_ports(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No two processes that run tests give the same port, and none gives one from which the kernel connects."""
    given: list[int] = []
    for process in range(processes):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{process}")
        monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", str(processes))
        given += islice(candidates(), 3_000)

    assert len(set(given)) == 3_000 * processes
    assert min(given) >= LOWEST
    assert max(given) <= HIGHEST


def test_a_port_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port on which somebody listens is not given."""
    other = free_port()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(ports, "_CANDIDATES", iter([taken.getsockname()[1], other]))

        assert free_port() == other
