from __future__ import annotations

import socket
from itertools import islice
from typing import TYPE_CHECKING

from tests.support import ports
from tests.support.ports import HIGHEST, LOWEST, PROCESSES, candidates, free_port

if TYPE_CHECKING:
    import pytest


def test_processes_give_different_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """No two processes that run tests give the same port, and none gives one from which the kernel connects."""
    given: list[int] = []
    for process in range(PROCESSES):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", f"gw{process}")
        given += islice(candidates(), 2_000)

    assert len(set(given)) == 2_000 * PROCESSES
    assert min(given) >= LOWEST
    assert max(given) <= HIGHEST


def test_a_port_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port on which somebody listens is not given."""
    other = free_port()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(ports, "_CANDIDATES", iter([taken.getsockname()[1], other]))

        assert free_port() == other
