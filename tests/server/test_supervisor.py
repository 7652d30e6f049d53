from __future__ import annotations

import asyncio
import signal

import pytest

from autoconfig.server.supervisor import terminate


def test_terminate_in_a_callback() -> None:
    """SIGTERM is not lost when it comes while the event loop runs a callback, and it means exit code 0."""
    before = signal.signal(signal.SIGTERM, terminate)

    async def run() -> None:
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)
        await asyncio.sleep(20)

    try:
        with pytest.raises(SystemExit) as caught:
            asyncio.run(run())
    finally:
        signal.signal(signal.SIGTERM, before)

    assert caught.value.code == 0
