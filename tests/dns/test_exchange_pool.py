from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.dns import exchange_pool
from autoconfig.dns.exchange import NameserverAddress, exchange
from autoconfig.dns.exchange_pool import ExchangePool
from tests.support.scripted_dns import NAME, Reply, bare, garbage, mx, reply

if TYPE_CHECKING:
    from autoconfig.dns.question import Answer
    from tests.support.scripted_dns import Nameserver

REPLIES: dict[str, Reply] = {"MX": reply(*mx("10 mail.shop.co.jp.")), "no such name": bare, "garbage": garbage}


@pytest.mark.parametrize("answer", REPLIES.values(), ids=REPLIES)
def test_pool_answers(nameserver: Nameserver, answer: Reply) -> None:
    """An answer that another process read is the same as one that is read here."""
    nameserver.reply = answer
    server = NameserverAddress(*nameserver.address, "ns.co.jp")

    async def ask() -> tuple[list[Answer], Answer]:
        async with ExchangePool() as pool:
            several = [pool.exchange(server, NAME, "MX", 4.0, recursive=True) for _ in range(5)]
            return await asyncio.gather(*several), await exchange(server, NAME, "MX", 4.0, recursive=True)

    found, expected = asyncio.run(ask())

    assert found == [expected] * 5


def test_pool_that_ended(nameserver: Nameserver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the processes end, whoever waits hears of it."""
    monkeypatch.setattr(exchange_pool, "WORKER", "this")

    async def ask() -> None:
        async with ExchangePool() as pool:
            await pool.exchange(NameserverAddress(*nameserver.address), NAME, "MX", 4.0, recursive=True)

    with pytest.raises(OSError, match="has ended"):
        asyncio.run(ask())


def test_nobody_reads_answers(nameserver: Nameserver) -> None:
    """A process whose questioner was killed ends silently, however many of its answers nobody reads."""
    nameserver.reply = REPLIES["MX"]
    command = [sys.executable, "-m", exchange_pool.WORKER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        for number in range(20):
            line = json.dumps([number, *nameserver.address, "ns.co.jp", NAME, "MX", 4.0, True])
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
            while len(nameserver.asked) <= number:
                time.sleep(0.01)

        assert process.communicate(timeout=30)[1] == b""
    assert process.returncode == 0
