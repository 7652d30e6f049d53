from __future__ import annotations

import asyncio
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
