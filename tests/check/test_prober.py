from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from autoconfig.check.observation import Target
from autoconfig.check.prober import Prober
from autoconfig.check.step_clock import StepClock
from autoconfig.check.turns import Turns
from autoconfig.mail.server import Protocol, TLSMode
from tests.support.limits import LIMIT
from tests.support.mail_scripts import imap
from tests.support.peer_certificates import trusted
from tests.support.scripted_mail import MailServer, server_context, with_tls
from tests.support.server_checks import FAST

if TYPE_CHECKING:
    import pytest

    from autoconfig.check.observation import Observation
    from autoconfig.check.tls_handshake import Trust
    from tests.support.scripted_mail import Wire

NAMES = ["a.sample.co.jp", "b.sample.co.jp", "c.sample.co.jp"]


class Watching:
    """A script that lets each client wait a moment, and notices when another one comes meanwhile."""

    def __init__(self) -> None:
        self._waiting = 0
        self.has_overlap = False
        self._play = with_tls(server_context(trusted().issue("*.sample.co.jp")), imap())

    def __call__(self, wire: Wire) -> None:
        """Wait, and play on."""
        self.has_overlap |= self._waiting > 0
        self._waiting += 1
        time.sleep(0.1)
        self._waiting -= 1
        self._play(wire)


def test_once_for_each_name(trust: Trust) -> None:
    """A server is asked once for each name, one connection after the other, and once without a name, however often."""
    script = Watching()

    async def ask(port: int) -> list[Observation]:
        prober = Prober(trust, Turns(FAST), LIMIT)
        target = Target("127.0.0.1", port, Protocol.IMAP, TLSMode.SSL)
        return await asyncio.gather(*(prober.ask(target, name) for name in NAMES * 4))

    with MailServer(script) as server:
        seen = asyncio.run(ask(server.port))
        assert (server.connections, script.has_overlap) == (len(NAMES) + 1, False)

    assert [one.flaws for one in seen] == [()] * 12
    assert len({id(one) for one in seen}) == len(NAMES)


def test_rate() -> None:
    """Connections to one address wait for each other; another address does not wait for them."""
    now, waited = 100.0, []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        waited.append(round(seconds, 3))

    async def connect() -> None:
        turns = Turns(5, lambda: now, sleep)
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1"):
            async with turns.at(address):
                pass

    asyncio.run(connect())

    assert waited == [0.2, 0.2]


def test_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server has three steps' time in all, however many steps it makes of it."""
    now = 0.0
    monkeypatch.setattr("autoconfig.check.step_clock.time.monotonic", lambda: now)
    clock, limits = StepClock(10), []
    for seconds in (9.0, 9.0, 9.0, 5.0):
        limits.append(clock.next_limit)
        started = clock.start()
        now += seconds
        clock.stop(started)

    assert limits == [10, 10, 10, 3]
    assert clock.next_limit == 0
