"""Ports of 127.0.0.1 that nobody uses, for what a test starts; one is given again after some thousand others."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LOWEST, HIGHEST = 10_000, 32_767
"""Below the ports from which the kernel connects (ip_local_port_range, 32,768 at least unless somebody changed it)."""
PROCESSES = 8
"""That run tests at a time, and those that pytest-xdist starts in place of others, which have numbers of their own."""


def candidates() -> Iterator[int]:
    """
    The ports of this process, again and again.

    Between being given and being listened on, a port belongs to nobody. So it may not be one that another process
    that runs tests gives meanwhile (pytest-xdist calls them gw0, gw1, …), nor one that the kernel takes for a client.
    """
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    own = range(LOWEST + process % PROCESSES, HIGHEST + 1, PROCESSES)
    at = random.randrange(len(own))  # another run of the tests beside this one begins elsewhere
    while True:
        yield own[at]
        at = (at + 1) % len(own)


_CANDIDATES = candidates()


def free_port() -> int:
    """A port that nobody listens on."""
    for port in _CANDIDATES:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
