"""What happens when a host goes away."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.sources import hosts
from autoconfig.mapping.sources.source import Position
from tests.mapping.sources.fakes import NAME, ROW, Clock, FakeHost, pair, plans, settled, with_hosts

if TYPE_CHECKING:
    from autoconfig.mapping.sources.hosts import Hosts

pytestmark = pytest.mark.usefixtures("impatient")


def test_reads_move_to_the_standby_and_back() -> None:
    """While the primary is down the standby is read, from the very question that noticed; then the primary again."""
    primary, standby = pair()
    clock = Clock()

    async def question(source: Hosts) -> list[object]:
        seen = await source.start(None)
        found: list[object] = [await plans(source, seen), source.reading]
        primary.down()
        found += [await plans(source, seen), source.reading, await source.look(seen)]
        primary.fault = None
        clock.added = 10
        await source.look(seen)
        await source.look(seen)
        return [*found, source.reading]

    expected = [["a"], "primary", ["a"], "standby", Position("g", 5), "primary"]
    assert expected == with_hosts(question, primary, standby, clock=clock)


def test_a_host_that_its_driver_does_not_understand() -> None:
    """What it said before is no health: the look that meets it reads the standby from then on."""
    primary, standby = pair()

    async def question(source: Hosts) -> list[object]:
        seen = await source.start(None)
        primary.fault = IndexError("index out of range")
        found: list[object] = [await source.look(seen), source.reading]
        standby.down()
        with pytest.raises(MappingUnavailable, match=r"primary: the driver .*\(IndexError: .*; standby: down"):
            await source.look(seen)
        return found

    assert with_hosts(question, primary, standby) == [Position("g", 5), "standby"]


def test_several_notice_together() -> None:
    """Of those who notice together that the primary is down, all are answered by the standby."""
    primary, standby = pair()

    async def question(source: Hosts) -> list[list[str | None]]:
        seen = await source.start(None)
        await asyncio.gather(*(plans(source, seen) for _ in range(4)))
        primary.down()
        return await asyncio.gather(*(plans(source, seen) for _ in range(9)))

    assert with_hosts(question, primary, standby) == [["a"]] * 9


def test_who_asks_waits_until_the_standby_has_caught_up() -> None:
    """In the moment after the primary was lost, a standby may have a little to catch up."""
    primary, standby = pair(behind=1)

    async def question(source: Hosts) -> list[str | None]:
        seen = await source.start(None)
        primary.down()
        asking = asyncio.ensure_future(plans(source, seen))
        await settled()
        assert not asking.done()
        standby.last_id = 5
        return await asking

    assert with_hosts(question, primary, standby) == ["a"]


def test_a_host_that_is_silent() -> None:
    """A host that says nothing any more is given up, and the standby answers within the patience of the request."""
    primary, standby = pair()

    async def question(source: Hosts) -> list[str | None]:
        seen = await source.start(None)
        primary.silent = True
        found = await plans(source, seen)
        primary.silent = False
        return found

    assert with_hosts(question, primary, standby) == ["a"]


def test_many_wait_for_a_host_that_is_silent() -> None:
    """Those too who wait for a connection to a silent host are answered by the standby within their patience."""
    primary, standby = pair()

    async def question(source: Hosts) -> list[list[str | None] | BaseException]:
        seen = await source.start(None)
        primary.silent = True
        found = await asyncio.gather(*(plans(source, seen) for _ in range(12)), return_exceptions=True)
        primary.silent = False
        return found

    assert with_hosts(question, primary, standby) == [["a"]] * 12


def test_a_late_error_loses_no_host_that_is_well_again() -> None:
    """A question that was put before a host was lost, and fails when that is read again, does not lose it again."""
    primary, standby = pair()

    async def question(source: Hosts) -> list[object]:
        seen = await source.start(None)
        primary.held = asyncio.Event()
        late = asyncio.ensure_future(plans(source, seen))
        await settled()
        primary.held = None
        primary.down()
        assert await plans(source, seen) == ["a"]
        primary.fault = None
        for other in source._hosts:
            other.due = 0.0
        for _ in range(2):
            await source.look(seen)
        await plans(source, seen)
        before = primary.attempts
        return [source.reading, await late, source.reading, primary.attempts - before]

    assert with_hosts(question, primary, standby) == ["primary", ["a"], "primary", 0]


def test_the_log_says_which_host_is_read(caplog: pytest.LogCaptureFixture) -> None:
    """When another host is read than before, the log says so, once."""
    primary, standby = pair()

    async def question(source: Hosts) -> None:
        seen = await source.start(None)
        primary.down()
        await plans(source, seen)
        await source.look(seen)

    with caplog.at_level(logging.INFO, "autoconfig"):
        with_hosts(question, primary, standby)
    assert caplog.messages == ["the mapping is read from standby now"]


def test_a_silent_host_makes_looks_no_longer() -> None:
    """A look does not wait for a host that is silent while another one is read."""
    primary, standby = pair()
    primary.silent = True

    async def question(source: Hosts) -> None:
        seen = await source.start(None)
        async with asyncio.timeout(60):  # were each to wait for it, it would take minutes
            for _ in range(200):
                await source.look(seen)
        primary.silent = False

    with_hosts(question, primary, standby)


def test_down_is_told_at_once() -> None:
    """Once it is clear that there is no host, nobody is asked any more but by `look`, which asks less often."""
    host = FakeHost()
    clock = Clock()

    async def question(source: Hosts) -> list[int]:
        seen = await source.start(None)
        host.down()
        with pytest.raises(MappingUnavailable, match="one: down"):
            await plans(source, seen)
        attempts, counts = host.attempts, []
        for _ in range(100):
            with pytest.raises(MappingUnavailable, match="one: down"):
                await plans(source, seen)
            with pytest.raises(MappingUnavailable, match="one: down"):
                await source.rows_after(0, 1, seen)
            with pytest.raises(MappingUnavailable, match="one: down"):
                await source.in_use(frozenset("a"), 1)
        counts.append(host.attempts - attempts)
        for clock.added in (0.1, 2.5, 2.6, 5.0):
            with pytest.raises(MappingUnavailable, match="one: down"):
                await source.look(seen)
            counts.append(host.attempts - attempts)
        return counts

    assert with_hosts(question, host, clock=clock) == [0, 0, 1, 1, 2]


def test_the_total_wait_is_bounded() -> None:
    """A request waits no longer than its patience, whatever the hosts do."""
    host = FakeHost()

    async def question(source: Hosts) -> None:
        seen = await source.start(None)
        host.silent = True
        async with asyncio.timeout(60):  # it would wait for ever
            with pytest.raises(MappingUnavailable):
                await plans(source, seen)
        host.silent = False

    with_hosts(question, host)


def test_all_connections_in_use_loses_no_host() -> None:
    """Who gets no connection in time is told to come back; the host is read on."""
    host = FakeHost()
    host.held = asyncio.Event()

    async def question(source: Hosts) -> str | None:
        seen = await source.start(None)
        asking = [asyncio.ensure_future(plans(source, seen)) for _ in range(4)]
        await asyncio.sleep(0.5)
        with pytest.raises(MappingUnavailable, match=r"in use|no answer"):
            await asyncio.wait_for(plans(source, seen), 5)
        assert host.held
        host.held.set()
        await asyncio.gather(*asking, return_exceptions=True)
        await source.look(seen)
        return source.reading

    assert with_hosts(question, host) == "one"


def test_changes_of_a_host_that_dies() -> None:
    """A host that dies while it brings changes is lost; the next look finds another one."""
    primary, standby = pair()

    async def question(source: Hosts) -> str | None:
        seen = await source.start(None)
        primary.down()
        with pytest.raises(MappingUnavailable, match="primary: down"):
            await source.rows_after(0, 9, seen)
        await source.look(seen)
        return source.reading

    assert with_hosts(question, primary, standby) == "standby"


@pytest.mark.parametrize("behind", [False, True], ids=["down", "behind"])
def test_changes_that_do_not_come(behind: bool) -> None:
    """Whoever asks for changes notices for all that the host is lost: another one is found without a further look."""
    primary, standby = pair()

    async def question(source: Hosts) -> list[str | None]:
        seen = await source.start(None)
        if behind:
            primary.last_id = 4
        else:
            primary.down()
        with pytest.raises(MappingUnavailable, match="primary: "):
            await source.rows_after(0, 9, seen)
        found = [source.reading]
        await settled()
        return [*found, source.reading]

    assert with_hosts(question, primary, standby) == [None, "standby"]


def test_late_changes_lose_no_other_host() -> None:
    """Changes that come from a host that was lost meanwhile, and are behind, say nothing of the one that is read."""
    primary, standby = pair()

    async def question(source: Hosts) -> list[str | None]:
        seen = await source.start(None)
        primary.late = asyncio.Event()
        late = asyncio.ensure_future(source.rows_after(0, 9, Position("g", 9)))
        await settled()
        primary.down()
        found = [*await plans(source, seen), source.reading]
        primary.late.set()
        with pytest.raises(MappingUnavailable, match="primary: is behind"):
            await late
        return [*found, source.reading]

    assert with_hosts(question, primary, standby) == ["a", "standby", "standby"]


def test_a_close_while_another_one_is_sought(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search and the looks end with it, however long they would go on."""
    for seconds in ("_PAUSE", "_SEEKING", "_LOOK"):
        monkeypatch.setattr(hosts, seconds, 600)
    host, silent = FakeHost(), FakeHost("silent", standby=True)

    async def question(source: Hosts) -> int:
        seen = await source.start(None)
        host.down()
        with pytest.raises(MappingUnavailable, match="down"):
            await source.rows_after(0, 9, seen)
        await settled()
        assert len(asyncio.all_tasks()) > 1
        async with asyncio.timeout(10):
            await source.close()
        return len(asyncio.all_tasks())

    assert with_hosts(question, host) == 1

    async def look(source: Hosts) -> int:
        silent.silent = True
        looking = asyncio.ensure_future(source.start(None))
        await settled()
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        assert len(asyncio.all_tasks()) > 1
        async with asyncio.timeout(10):
            await source.close()
        return len(asyncio.all_tasks())

    assert with_hosts(look, silent) == 1


def test_lost_while_another_one_is_sought() -> None:
    """A host that is found by a look and lost again while the search goes on is sought for as long again."""
    host = FakeHost()

    async def question(source: Hosts) -> list[str | None]:
        seen = await source.start(None)
        host.rows = [(NAME, ROW)]
        host.down()
        asking = [asyncio.ensure_future(plans(source, seen))]
        await settled()
        host.fault = None
        for other in source._hosts:
            other.due = 0.0
        await source.look(seen)
        host.down()
        asking.append(asyncio.ensure_future(plans(source, seen)))
        await settled()
        host.fault = None
        return [plan for found in await asyncio.gather(*asking) for plan in found]

    assert with_hosts(question, host) == ["a", "a"]
