from __future__ import annotations

import asyncio
import multiprocessing
import signal
import time

import pytest

from autoconfig.server import worker

block = time.sleep


def beating(*, stuck: bool) -> None:
    """A process whose loop does one thing for ever, or nothing for a while."""
    worker.STUCK, worker.BEAT = 1, 0.1

    async def run() -> None:
        heartbeat = worker.Heartbeat()
        await asyncio.sleep(1.5)
        if stuck:
            block(60)
        heartbeat.end()
        block(1.5)  # whoever ends takes its time

    asyncio.run(run())


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("stuck", "code"), [(True, -signal.SIGALRM), (False, 0)], ids=["stuck", "idle, and ending"])
def test_heartbeat(stuck: bool, code: int) -> None:
    """A process whose event loop is stuck dies of SIGALRM; one that waits lives, and so does one that has ended."""
    process = multiprocessing.get_context("spawn").Process(target=beating, kwargs={"stuck": stuck})
    process.start()
    process.join()

    assert code == process.exitcode
