from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.dns import lookups
from autoconfig.dns.lookups import MXLookups
from autoconfig.dns.mx import mail_exchangers
from autoconfig.dns.mx_answer import MXAnswer, MXStatus
from autoconfig.dns.nameservers import Nameservers
from autoconfig.mail.domain import Domain
from tests.support.servers.knot import silent
from tests.support.settling import settled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from tests.support.servers.knot import Knot

CUSTOMER = Domain("customer.co.jp")
FOUND = MXAnswer(MXStatus.FOUND, ((10, "cs312.xbit.jp"),), 60)


class Asked:
    """Passes questions on, and remembers for which names and how many at once."""

    def __init__(self, ask: Callable[[str], Awaitable[MXAnswer]]) -> None:
        self.names: list[str] = []
        self.now = self.most = 0
        self._ask = ask

    async def __call__(self, domain: str) -> MXAnswer:
        """Ask."""
        self.names.append(domain)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return await self._ask(domain)
        finally:
            self.now -= 1


class Clock:
    """A clock that stands still until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock of the test's own."""
    return Clock()


@pytest.fixture
def asked(knot: Knot) -> Asked:
    """Asks the real server."""
    return Asked(partial(mail_exchangers, nameservers=Nameservers([knot.address]), limit=20))


def made(asked: Asked, clock: Clock, budget: int = 600, limit: float = 20, own: str = "") -> MXLookups:
    """Lookups within these bounds."""
    return MXLookups(asked, budget=budget, limit=limit, own=frozenset({own}), clock=clock)


def run(*steps: Coroutine[None, None, MXAnswer]) -> list[MXAnswer]:
    """The answers, one after the other."""

    async def all_() -> list[MXAnswer]:
        return [await step for step in steps]

    return asyncio.run(all_())


KEPT = {
    "its TTL": ("second", 60),
    "not for ever": ("customer", 3600),
    "not too briefly": ("brief", 5),
    "NXDOMAIN, as the SOA says": ("nobody", 17),
    "NODATA, as the SOA says": ("no-mx", 17),
    "null MX": ("no-mail", 60),
    "SERVFAIL": ("a.broken.jp", 5),
    "REFUSED": ("elsewhere.jp", 5),
}


@pytest.mark.parametrize(("name", "seconds"), KEPT.values(), ids=KEPT)
def test_kept(asked: Asked, clock: Clock, name: str, seconds: float) -> None:
    """An answer is kept as long as the DNS allows, within bounds, and then asked for again."""
    mx_lookups, domain = made(asked, clock), Domain(name if name.endswith(".jp") else f"{name}.co.jp")
    answers = []

    async def steps() -> None:
        for clock.now in (1000, 1000 + seconds - 0.1, 1000 + seconds):
            answers.append((await mx_lookups.of(domain), len(asked.names)))

    asyncio.run(steps())
    (first, _), (second, _), (third, _) = answers

    assert [count for _, count in answers] == [1, 1, 2]
    assert first == second == third


@pytest.mark.parametrize("trouble", [MXStatus.FAILED, MXStatus.TIMED_OUT], ids=str)
def test_served_on_while_the_dns_says_nothing(clock: Clock, trouble: MXStatus) -> None:
    """Expired exchangers are used for one more day while the DNS fails, and no longer."""
    said = [FOUND]

    async def dns(_domain: str) -> MXAnswer:
        return said.pop() if said else MXAnswer(trouble)

    asked = Asked(dns)
    mx_lookups = made(asked, clock)
    statuses = []

    async def steps() -> None:
        for clock.now in (1000, 1060, 1061, 1060 + 86399, 1060 + 86400):
            statuses.append((await mx_lookups.of(CUSTOMER)).status)

    asyncio.run(steps())

    assert statuses == [MXStatus.FOUND] * 4 + [trouble]
    assert len(asked.names) == 3  # a failure is kept for five seconds
    assert lookups.MXFailures(2, 0, CUSTOMER.name) == mx_lookups.failures()


def test_served_on_without_a_budget(asked: Asked, clock: Clock) -> None:
    """A flood of names does not evict names that were found before."""
    mx_lookups = made(asked, clock, budget=1)
    statuses = []

    async def steps() -> None:
        for clock.now, name in ((1000, "a"), (1060, "stranger"), (1061, "a"), (1061, "b")):
            statuses.append((await mx_lookups.of(Domain(f"{name}.wild.co.jp"))).status)

    asyncio.run(steps())

    assert statuses == [MXStatus.FOUND] * 3 + [MXStatus.OVER_BUDGET]
    assert lookups.MXFailures(0, 2, "b.wild.co.jp") == mx_lookups.failures()


@pytest.mark.parametrize("changed", [MXStatus.NO_MX, MXStatus.NO_DOMAIN, MXStatus.NONE_OFFERED], ids=str)
def test_what_the_dns_took_back_is_not_served_on(clock: Clock, changed: MXStatus) -> None:
    """A name whose MX went away is not placed by it again, though the DNS fails afterwards."""
    said = [FOUND]

    async def dns(_domain: str) -> MXAnswer:
        return said[-1]

    mx_lookups = MXLookups(dns, budget=600, limit=20, clock=clock)
    statuses = []

    async def steps() -> None:
        for clock.now, answer in ((1000, FOUND), (1060, MXAnswer(changed)), (1066, MXAnswer(MXStatus.FAILED))):
            said.append(answer)
            statuses.append((await mx_lookups.of(CUSTOMER)).status)

    asyncio.run(steps())

    assert [MXStatus.FOUND, changed, MXStatus.FAILED] == statuses


def test_negative_is_not_kept_for_long(clock: Clock) -> None:
    """A new MX is seen within minutes, even if the zone's negative TTL is longer."""

    async def nothing(_domain: str) -> MXAnswer:
        return MXAnswer(MXStatus.NO_MX, ttl=86400)

    asked = Asked(nothing)
    mx_lookups = made(asked, clock)

    async def steps() -> None:
        for clock.now in (0, 299, 300):
            await mx_lookups.of(CUSTOMER)

    asyncio.run(steps())

    assert len(asked.names) == 2


@pytest.mark.parametrize("name", ["localhost", "192.0.2.1", "shop.example", "setup.xbit.jp"])
def test_never_asked(asked: Asked, clock: Clock, name: str) -> None:
    """What the DNS cannot know, and the provider's own host, is not asked for, and costs no budget."""
    mx_lookups = made(asked, clock, budget=1, own="setup.xbit.jp")
    answers = run(*(mx_lookups.of(Domain(name)) for _ in range(3)), mx_lookups.of(CUSTOMER))

    assert [answer.status for answer in answers] == [MXStatus.NOT_ASKED] * 3 + [MXStatus.FOUND]
    assert asked.names == [CUSTOMER.name]


def test_single_flight(asked: Asked, clock: Clock) -> None:
    """Any number of requests for a name wait for one question; it takes one from the budget."""
    mx_lookups = made(asked, clock, budget=1)

    async def together() -> list[MXAnswer]:
        return await asyncio.gather(*(mx_lookups.of(CUSTOMER) for _ in range(200)))

    assert asyncio.run(together()) == [FOUND] * 200
    assert asked.names == [CUSTOMER.name]


def test_client_that_leaves(asked: Asked, clock: Clock) -> None:
    """A client that leaves while waiting does not cancel the question for others."""
    mx_lookups = made(asked, clock)

    async def leaving() -> MXAnswer:
        first, second = (asyncio.create_task(mx_lookups.of(CUSTOMER)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(leaving()) == FOUND
    assert asked.names == [CUSTOMER.name]


def test_bounded_concurrency(clock: Clock) -> None:
    """No more than a fixed number of questions are under way; the others wait for their turn and are answered."""

    async def slowly(_domain: str) -> MXAnswer:
        await settled()
        return FOUND

    asked = Asked(slowly)
    mx_lookups = made(asked, clock)

    async def together() -> list[MXAnswer]:
        return await asyncio.gather(*(mx_lookups.of(Domain(f"d{number}.co.jp")) for number in range(300)))

    assert asyncio.run(together()) == [FOUND] * 300
    assert asked.most == lookups.AT_ONCE


def test_wait_for_a_turn_is_bounded(clock: Clock) -> None:
    """With a silent server, no request waits longer than the limit, including its turn."""
    with silent() as dead:
        ask = partial(mail_exchangers, nameservers=Nameservers([dead.getsockname()]), limit=60)
        asked = Asked(ask)
        mx_lookups = made(asked, clock, limit=0.3)

        async def together() -> list[MXAnswer]:
            return await asyncio.gather(*(mx_lookups.of(Domain(f"d{number}.co.jp")) for number in range(200)))

        assert {MXStatus.TIMED_OUT} == {answer.status for answer in asyncio.run(together())}

    assert asked.most == lookups.AT_ONCE
    assert asked.now == 0


def test_budget(asked: Asked, clock: Clock) -> None:
    """In any minute no more names are asked for than the budget; what is kept is still answered, a minute later all."""
    counts: Counter[MXStatus] = Counter()
    mx_lookups = MXLookups(asked, budget=3, limit=20, count=lambda status: counts.update([status]), clock=clock)
    statuses = []

    async def steps() -> None:
        for clock.now, number in ((0, 0), (30, 1), (59, 2), (59.9, 3), (59.9, 0), (60, 3), (60, 4), (90, 5)):
            statuses.append((await mx_lookups.of(Domain(f"d{number}.wild.co.jp"))).status)

    asyncio.run(steps())
    found, over = MXStatus.FOUND, MXStatus.OVER_BUDGET

    assert [found, found, found, over, found, found, over, found] == statuses
    assert len(asked.names) == 5
    assert Counter({found: 5, over: 2}) == counts


@given(st.lists(st.floats(0, 200), min_size=1, max_size=60), st.integers(1, 10))
def test_budget_of_any_minute(times: list[float], budget: int) -> None:
    """However questions come, no sixty seconds hold more of them than the budget."""
    clock, let_through = Clock(), []

    async def answer(_domain: str) -> MXAnswer:
        let_through.append(clock.now)
        return FOUND

    mx_lookups = MXLookups(answer, budget=budget, limit=20, clock=clock)

    async def steps() -> None:
        for number, clock.now in enumerate(sorted(times)):
            await mx_lookups.of(Domain(f"d{number}.co.jp"))

    asyncio.run(steps())

    assert let_through
    assert all(sum(start <= time < start + 60 for time in let_through) <= budget for start in let_through)


def test_flood(asked: Asked, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of names that do not exist evicts no customer, and what is kept stays bounded."""
    monkeypatch.setattr(lookups, "KEPT", 50)
    mx_lookups = made(asked, clock, budget=1000)

    async def steps() -> MXAnswer:
        await mx_lookups.of(CUSTOMER)
        for number in range(200):
            await mx_lookups.of(Domain(f"nobody{number}.co.jp"))
        return await mx_lookups.of(CUSTOMER)

    assert asyncio.run(steps()) == FOUND
    assert asked.names.count(CUSTOMER.name) == 1
    assert len(mx_lookups._others._answers) == 50


def test_evicts_the_longest_unused(asked: Asked, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many names with exchangers those that were asked for last are kept."""
    monkeypatch.setattr(lookups, "KEPT", 2)
    mx_lookups = made(asked, clock)

    async def steps() -> None:
        for name in ("a", "b", "a", "c", "a", "b"):
            await mx_lookups.of(Domain(f"{name}.wild.co.jp"))

    asyncio.run(steps())

    assert [name[0] for name in asked.names] == ["a", "b", "c", "b"]


def test_troubles(asked: Asked, clock: Clock) -> None:
    """Failures are reported once: how many failed, how many were not asked, and one of the names."""
    mx_lookups = made(asked, clock, budget=2)
    names = ("customer.co.jp", "a.broken.jp", "over.co.jp", "more.co.jp")
    run(*(mx_lookups.of(Domain(name)) for name in names))

    assert lookups.MXFailures(1, 2, "more.co.jp") == mx_lookups.failures()
    assert mx_lookups.failures() is None


def test_close(clock: Clock) -> None:
    """After `close`, waiting requests fail, and no more questions are sent."""

    async def never(_domain: str) -> MXAnswer:
        await asyncio.Event().wait()
        raise AssertionError

    asked = Asked(never)
    mx_lookups = made(asked, clock)

    async def closing() -> list[MXAnswer]:
        waiting = [asyncio.create_task(mx_lookups.of(Domain(f"d{number}.co.jp"))) for number in range(100)]
        await settled()
        unstarted = asyncio.create_task(mx_lookups.of(CUSTOMER))
        await asyncio.sleep(0)
        await mx_lookups.close()
        return [*await asyncio.gather(*waiting, unstarted), await mx_lookups.of(Domain("late.co.jp"))]

    statuses = [answer.status for answer in asyncio.run(closing())]

    assert statuses == [MXStatus.FAILED] * 101 + [MXStatus.OVER_BUDGET]
    assert asked.now == 0


def test_bug(clock: Clock) -> None:
    """An unexpected exception reaches all waiting requests, and the next request asks again."""

    async def broken(_domain: str) -> MXAnswer:
        raise LookupError

    asked = Asked(broken)
    mx_lookups = made(asked, clock)

    async def steps() -> None:
        for _ in range(2):
            with pytest.raises(LookupError):
                await mx_lookups.of(CUSTOMER)

    asyncio.run(steps())

    assert len(asked.names) == 2
