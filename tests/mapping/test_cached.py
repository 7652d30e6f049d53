from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING, TypeVar

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mail.domain import Domain
from autoconfig.mapping import cached as module
from autoconfig.mapping.cached import CachedFinder
from autoconfig.mapping.sources import hosts
from autoconfig.mapping.sources.hosts import Hosts
from autoconfig.mapping.timeline import Row
from tests.mapping.sources.fakes import FakeHost, settled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from autoconfig.mapping.position import PositionFile

Answer = TypeVar("Answer")
NOW = 2_000_000_000
NAME = Domain("example.com")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for longer than a test can bear."""
    monkeypatch.setattr(hosts, "_SEEKING", 0.1)


@pytest.fixture
def host() -> FakeHost:
    """A primary on which the name is on plan a."""
    host = FakeHost()
    host.append(NAME.name, Row(1, 1, "a", "{}"))
    return host


def on(
    host: FakeHost, question: Callable[[CachedFinder], Awaitable[Answer]], kept: PositionFile | None = None
) -> Answer:
    """Ask something of a finder, and close it."""

    async def run() -> Answer:
        finder = CachedFinder(Hosts({host.name: host.open}), kept=kept, clock=lambda: NOW)
        try:
            await finder.start()
            return await question(finder)
        finally:
            await finder.close()

    return asyncio.run(run())


async def plan(finder: CachedFinder, name: Domain = NAME, at: int = NOW) -> str | None:
    """The plan of a name."""
    row = (await finder.find(name)).at(at)
    return row.plan if row else None


def test_asked_once(host: FakeHost) -> None:
    """A name is asked for once, whether it has rows or not; after that it is answered without waiting."""
    stranger = Domain("stranger.example")

    async def question(finder: CachedFinder) -> list[object]:
        before = finder.find_now(NAME)
        for _ in range(3):
            assert [await plan(finder), await plan(finder, stranger)] == ["a", None]
        now = finder.find_now(NAME)
        return [before, now.rows if now else None, host.asked]

    assert [None, (Row(1, 1, "a", "{}"),), 2] == on(host, question)


def test_single_flight(host: FakeHost) -> None:
    """However many ask for a name at the same time, the database is asked once, also if the first one leaves."""

    async def question(finder: CachedFinder) -> tuple[list[str | None], int]:
        host.held = asyncio.Event()
        asking = [asyncio.ensure_future(plan(finder)) for _ in range(64)]
        await settled()
        asking[0].cancel()
        await settled()
        host.held.set()
        return await asyncio.gather(*asking[1:]), host.asked

    assert on(host, question) == (["a"] * 63, 1)


def test_changes_are_merged(host: FakeHost) -> None:
    """What was appended is seen after the next look, without asking for the name again; unknown names become known."""
    other = Domain("other.example")

    async def question(finder: CachedFinder) -> list[object]:
        plans: list[object] = [await plan(finder), await plan(finder, other)]
        host.append(NAME.name, Row(2, 2, "b", "{}"))
        host.append(other.name, Row(3, 2, "c", "{}"))
        plans += [await plan(finder), await plan(finder, other)]
        await finder.watch()
        return [*plans, await plan(finder), await plan(finder, other), host.asked]

    assert on(host, question) == ["a", None, "a", None, "b", "c", 2]


def test_a_row_that_comes_while_its_name_is_on_its_way(host: FakeHost) -> None:
    """
    A row that is appended, and told of, after the answer left the database and before it arrives is not lost: the look
    has passed it, and would never bring it again.
    """

    async def question(finder: CachedFinder) -> list[object]:
        host.held = asyncio.Event()
        asking = asyncio.ensure_future(plan(finder))
        await settled()
        host.append(NAME.name, Row(2, 2, "b", "{}"))
        host.append("other.example", Row(3, 2, "c", "{}"))
        await finder.watch()
        host.held.set()
        first = await asking
        await finder.watch()
        return [first, await plan(finder), host.asked]

    assert on(host, question) == ["b", "b", 1]


def test_an_unknown_name_that_gets_a_row_while_it_is_on_its_way(host: FakeHost) -> None:
    """The same for a name that had no row when it was asked for."""
    other = Domain("other.example")

    async def question(finder: CachedFinder) -> list[object]:
        host.held = asyncio.Event()
        asking = asyncio.ensure_future(plan(finder, other))
        await settled()
        host.append(other.name, Row(2, 2, "b", "{}"))
        await finder.watch()
        host.held.set()
        return [await asking, await plan(finder, other), host.asked]

    assert on(host, question) == ["b", "b", 1]


def test_a_row_that_was_told_of_twice(host: FakeHost) -> None:
    """A row that the answer had already, and that a look brings again, is there once."""

    async def question(finder: CachedFinder) -> list[int]:
        host.append(NAME.name, Row(2, 2, "b", "{}"))
        await finder.find(NAME)
        await finder.watch()
        return [row.id for row in (await finder.find(NAME)).rows]

    assert on(host, question) == [2]


def test_scheduled_rows_need_no_database(host: FakeHost) -> None:
    """A later row takes effect on time, also while the database is gone."""
    host.append(NAME.name, Row(2, NOW + 100, "b", "{}"))
    host.append(NAME.name, Row(3, NOW + 200, None, "{}"))

    async def question(finder: CachedFinder) -> list[str | None]:
        await finder.find(NAME)
        host.down()
        with pytest.raises(MappingUnavailable):
            await finder.watch()
        return [await plan(finder, at=NOW + after) for after in (0, 99, 100, 199, 200)]

    assert on(host, question) == ["a", "a", "b", "b", None]


def test_gone_and_back(host: FakeHost) -> None:
    """While the database is gone known names are served, and others are not known; then all is as before."""
    other = Domain("other.example")

    async def question(finder: CachedFinder) -> list[object]:
        await finder.find(NAME)
        host.down()
        with pytest.raises(MappingUnavailable, match="one: down"):
            await finder.find(other)
        with pytest.raises(MappingUnavailable, match="one: down"):
            await finder.watch()
        with pytest.raises(MappingUnavailable, match="one: down"):
            await finder.in_use(frozenset("a"))
        plans: list[object] = [await plan(finder)]
        host.fault = None
        host.append(other.name, Row(2, 1, "b", "{}"))
        host.append(NAME.name, Row(3, 1, "c", "{}"))
        await asyncio.sleep(2.1)  # it is not asked again at once
        await finder.watch()
        return [*plans, await plan(finder), await plan(finder, other)]

    assert on(host, question) == ["a", "c", "b"]


@pytest.mark.parametrize("batch", [1, 3, 500])
def test_batches(host: FakeHost, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """Many changes are merged in batches, between which others have their turn."""
    monkeypatch.setattr(module, "BATCH", batch)

    async def question(finder: CachedFinder) -> tuple[int, str | None, float]:
        await finder.find(NAME)
        for number in range(2, 11):
            host.append(NAME.name if number % 2 else "other.example", Row(number, 1, f"plan{number}", "{}"))
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.ensure_future(others())
        await finder.watch()
        counting.cancel()
        return turns, await plan(finder), finder.gauges()["mapping_last_id"]

    turns, found, last_id = on(host, question)
    assert (found, last_id) == ("plan9", 10)
    assert turns >= 9 / batch


def test_too_many_names_at_once(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a limit to how many names are asked for at the same time; known ones are not concerned."""
    monkeypatch.setattr(module, "FLIGHTS", 3)

    async def question(finder: CachedFinder) -> str | None:
        await finder.find(NAME)
        host.held = asyncio.Event()
        asking = [asyncio.ensure_future(plan(finder, Domain(f"{letter}.example"))) for letter in "abc"]
        await settled()
        with pytest.raises(MappingUnavailable, match="3 names are being asked for"):
            await plan(finder, Domain("d.example"))
        found = await plan(finder)
        host.held.set()
        await asyncio.gather(*asking)
        assert await plan(finder, Domain("d.example")) is None
        return found

    assert on(host, question) == "a"


def test_strangers_delay_no_change(host: FakeHost) -> None:
    """While strangers' names take all connections, changes are brought, and known names are answered."""

    async def question(finder: CachedFinder) -> str | None:
        await finder.find(NAME)
        host.held = asyncio.Event()
        asking = [asyncio.ensure_future(plan(finder, Domain(f"d{number}.example"))) for number in range(20)]
        await settled()
        host.append(NAME.name, Row(2, 2, "b", "{}"))
        await finder.watch()
        found = await plan(finder)
        host.held.set()
        await asyncio.gather(*asking)
        return found

    assert on(host, question) == "b"


def test_nobody_waits_any_more(host: FakeHost, caplog: pytest.LogCaptureFixture) -> None:
    """A question that fails after all who asked it went away is nobody's fault, and nothing for the log."""

    async def question(finder: CachedFinder) -> None:
        host.silent = True
        asking = asyncio.ensure_future(plan(finder))
        await settled()
        asking.cancel()
        await settled()
        host.down()
        host.silent = False
        while finder._answers:  # noqa: ASYNC110 (nothing tells)
            await asyncio.sleep(0.01)

    on(host, question)
    gc.collect()

    assert not caplog.messages


def test_closed_while_asked(host: FakeHost, caplog: pytest.LogCaptureFixture) -> None:
    """Questions under way end with the finder, and so do the connections."""

    async def question(finder: CachedFinder) -> bool:
        host.held = asyncio.Event()
        asking = asyncio.ensure_future(plan(finder))
        await settled()
        await finder.close()
        await settled()
        return asking.cancelled()

    assert on(host, question)
    assert host.opened == host.closed > 0
    assert not caplog.messages


def test_gauges(host: FakeHost) -> None:
    """The figures say what is kept, how often it served, and how old it is."""

    async def question(finder: CachedFinder) -> dict[str, float]:
        for _ in range(3):
            await finder.find(NAME)
        await finder.find(Domain("stranger.example"))
        await asyncio.sleep(0.05)
        return dict(finder.gauges())

    gauges = on(host, question)
    age = gauges.pop("mapping_age_seconds")
    assert gauges == {
        "cache_known_names": 1,
        "cache_unknown_names": 1,
        "cache_hits": 2,
        "cache_misses": 2,
        "mapping_last_id": 1,
    }
    assert 0.05 <= age < 60


def test_age(host: FakeHost) -> None:
    """A look that succeeds makes the age small again; one that fails does not."""

    async def question(finder: CachedFinder) -> list[bool]:
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await finder.watch()
        young = finder.gauges()["mapping_age_seconds"] <= time.monotonic() - began
        host.down()
        await asyncio.sleep(0.1)
        with pytest.raises(MappingUnavailable):
            await finder.watch()
        return [young, finder.gauges()["mapping_age_seconds"] >= 0.1]

    assert on(host, question) == [True, True]


def test_not_started() -> None:
    """A finder that was not started cannot be asked, and has figures."""
    finder = CachedFinder(Hosts({"one": FakeHost().open}))

    assert finder.gauges()["mapping_last_id"] == 0
    with pytest.raises(RuntimeError, match="not awaited"):
        asyncio.run(finder.watch())
