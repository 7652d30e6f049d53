"""What a finder over a server does when the history of the mapping is another one."""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import TYPE_CHECKING, TypeVar

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mail.domain import Domain
from autoconfig.mapping import cached
from autoconfig.mapping.position import PositionFile
from autoconfig.mapping.sources import choosing
from autoconfig.mapping.sources.hosts import Hosts
from autoconfig.mapping.sources.source import Position, digest_of
from autoconfig.mapping.timeline import Row
from tests.mapping.sources.fakes import FakeHost, settled
from tests.mapping.test_cached import on, plan

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mapping.cached import CachedFinder

Answer = TypeVar("Answer")
NOW = 2_000_000_000
NAME = Domain("example.com")
REPLACED = "the history of the mapping was replaced; everything is asked for anew"


@pytest.fixture
def host() -> FakeHost:
    """A primary on which the name is on plan a."""
    host = FakeHost()
    host.append(NAME.name, Row(1, 1, "a", "{}"))
    return host


@pytest.mark.parametrize(("generation", "last_id"), [("new", 1), ("new", 9)], ids=["shorter", "longer"])
def test_replaced_history(host: FakeHost, caplog: pytest.LogCaptureFixture, generation: str, last_id: int) -> None:
    """When the history was replaced everything is asked for anew, and the log says so."""

    async def question(finder: CachedFinder) -> list[object]:
        plans: list[object] = [await plan(finder)]
        host.rows = [(NAME.name, Row(1, 1, "restored", "{}"))]
        host.generation, host.last_id = generation, last_id
        await finder.watch()
        return [*plans, await plan(finder), finder.gauges()["mapping_last_id"]]

    with caplog.at_level(logging.WARNING):
        assert ["a", "restored", last_id] == on(host, question)
    assert caplog.messages == [REPLACED]


LATE = [(NAME.name, Row(3, 1, "rewritten", "{}")), ("other.example", Row(4, 1, "d", "{}"))]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        pytest.param(LATE[:1], ["c", "rewritten", "b", 3], id="as many"),
        pytest.param(LATE, ["c", "rewritten", "d", 4], id="more"),
        pytest.param(LATE[1:], ["c", "a", "d", 4], id="ids left out"),
        pytest.param([(NAME.name, Row(3, 1, "c", '{"x":1}'))], ["c", "c", "b", 3], id="only params differ"),
        pytest.param([("x.example", Row(3, 1, "c", "{}"))], ["c", "a", "b", 3], id="only the name differs"),
    ],
)
@pytest.mark.parametrize("batch", [1, 500])
def test_lost_rows_whose_ids_were_given_again(
    host: FakeHost,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    batch: int,
    since: list[tuple[str, Row]],
    expected: list[object],
) -> None:
    """A promoted standby that lost the last row, and went on writing, has another history; nothing of the old stays."""
    monkeypatch.setattr(cached, "BATCH", batch)
    other = Domain("other.example")
    host.append(other.name, Row(2, 1, "b", "{}"))
    host.append(NAME.name, Row(3, 1, "c", "{}"))

    async def question(finder: CachedFinder) -> list[object]:
        plans: list[object] = [await plan(finder)]
        await plan(finder, other)
        host.rows = [*host.rows[:2], *since]
        host.last_id = since[-1][1].id
        await finder.watch()
        await finder.watch()
        return [*plans, await plan(finder), await plan(finder, other), finder.gauges()["mapping_last_id"]]

    with caplog.at_level(logging.WARNING):
        assert expected == on(host, question, PositionFile(tmp_path))
    assert caplog.messages == [REPLACED]
    assert Position("g", since[-1][1].id, digest_of(*since[-1])) == PositionFile(tmp_path).read()


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        pytest.param(Position("g", 1, digest_of(NAME.name, Row(1, 1, "a", "{}"))), False, id="the same"),
        pytest.param(Position("g", 1), False, id="of an earlier release"),
        pytest.param(Position("g", 0), False, id="no row yet"),
        pytest.param(Position("g", 1, digest_of(NAME.name, Row(1, 1, "b", "{}"))), True, id="another one"),
        pytest.param(Position("h", 1, digest_of(NAME.name, Row(1, 1, "a", "{}"))), True, id="the same, elsewhere"),
    ],
)
def test_lost_rows_at_the_start(
    host: FakeHost, tmp_path: Path, caplog: pytest.LogCaptureFixture, kept: Position, *, expected: bool
) -> None:
    """A node that starts compares the last row it has seen before, and remembers the last one there is now."""
    PositionFile(tmp_path).replace(kept)
    host.append("other.example", Row(2, 1, "b", "{}"))

    async def nothing(finder: CachedFinder) -> None:
        del finder

    on(host, nothing, PositionFile(tmp_path))

    assert expected is bool(caplog.messages)
    assert Position("g", 2, digest_of(*host.rows[1])) == PositionFile(tmp_path).read()


def test_an_empty_mapping_that_gets_its_first_row() -> None:
    """Where there was no row there is nothing to compare; the first one is a change like any other."""
    empty = FakeHost()

    async def question(finder: CachedFinder) -> list[str | None]:
        plans = [await plan(finder)]
        for number, key in enumerate("ab", 1):
            empty.append(NAME.name, Row(number, number, key, "{}"))
            await finder.watch()
            plans.append(await plan(finder))
        return plans

    assert on(empty, question) == [None, "a", "b"]
    assert empty.asked == 1


def test_what_was_seen_is_kept_at_the_end(host: FakeHost, tmp_path: Path) -> None:
    """A node that ends a moment after it saw a change has kept that."""

    async def question(finder: CachedFinder) -> None:
        host.append(NAME.name, Row(2, 2, "b", "{}"))
        await finder.watch()

    on(host, question, PositionFile(tmp_path))

    assert Position("g", 2, digest_of(*host.rows[1])) == PositionFile(tmp_path).read()


def test_what_was_seen_is_kept_meanwhile(host: FakeHost, tmp_path: Path) -> None:
    """A node that is killed has kept what it saw until seconds before."""
    seconds = itertools.count(step=10)
    kept = PositionFile(tmp_path, lambda: next(seconds))

    async def question(finder: CachedFinder) -> Position | None:
        host.append(NAME.name, Row(2, 2, "b", "{}"))
        await finder.watch()
        return PositionFile(tmp_path).read()

    assert on(host, question, kept) == Position("g", 2, digest_of(*host.rows[1]))


def test_questions_from_before_the_history_was_replaced(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """They count among those under way, and end with the finder."""
    monkeypatch.setattr(cached, "FLIGHTS", 1)

    async def question(finder: CachedFinder) -> set[asyncio.Task[object]]:
        before = asyncio.all_tasks()
        host.held = asyncio.Event()
        asking = asyncio.ensure_future(plan(finder))
        await settled()
        host.generation = "new"
        await finder.watch()
        with pytest.raises(MappingUnavailable, match="1 names"):
            await plan(finder, Domain("other.example"))
        await finder.close()
        left = asyncio.all_tasks() - before - {asking}
        await asyncio.gather(asking, return_exceptions=True)
        return left

    assert set() == on(host, question)


@pytest.mark.parametrize("generation", ["new", "g"], ids=["by restore", "by hand"])
def test_an_answer_from_before_the_history_was_replaced(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, generation: str
) -> None:
    """An answer of the old history that arrives after it was replaced is given to who waits, and not kept."""
    monkeypatch.setattr(choosing, "REPLACED", 0.0)

    async def question(finder: CachedFinder) -> list[object]:
        host.append("other.example", Row(2, 1, "b", "{}"))
        await finder.watch()
        host.held = asyncio.Event()
        asking = asyncio.ensure_future(plan(finder))
        await settled()
        host.generation, host.rows = generation, [(NAME.name, Row(1, 1, "restored", "{}"))]
        host.last_id = 1
        await finder.watch()
        host.held.set()
        return [await asking, await plan(finder), host.asked]

    assert on(host, question) == ["a", "restored", 2]


def test_an_answer_of_another_history_before_it_was_looked_at(host: FakeHost) -> None:
    """An answer of a new history is given, and kept only once a look has begun with it."""

    async def question(finder: CachedFinder) -> list[object]:
        host.generation, host.rows = "new", [(NAME.name, Row(1, 1, "restored", "{}"))]
        plans: list[object] = [await plan(finder), finder.find_now(NAME)]
        await finder.watch()
        return [*plans, await plan(finder), finder.find_now(NAME) is not None, await plan(finder, Domain("x.example"))]

    assert on(host, question) == ["restored", None, "restored", True, None]


def test_history_replaced_while_changes_are_brought(host: FakeHost) -> None:
    """Changes of another history than the one looked at are not merged."""

    async def question(finder: CachedFinder) -> list[object]:
        await finder.find(NAME)
        host.append(NAME.name, Row(2, 1, "b", "{}"))
        original = Hosts.rows_after

        async def replaced(self: Hosts, identity: int, limit: int, seen: Position) -> object:
            host.generation = "new"
            return await original(self, identity, limit, seen)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Hosts, "rows_after", replaced)
            await finder.watch()
        plans: list[object] = [await plan(finder)]
        await finder.watch()
        return [*plans, await plan(finder)]

    assert on(host, question) == ["a", "b"]


def test_a_node_does_not_go_back(host: FakeHost, tmp_path: Path) -> None:
    """What a node has seen is kept over restarts: it starts from no standby that is behind."""
    kept = PositionFile(tmp_path)

    async def nothing(finder: CachedFinder) -> None:
        await finder.watch()

    on(host, nothing, kept)
    host.standby, host.last_id = True, 0
    with pytest.raises(MappingUnavailable, match="behind"):
        on(host, nothing, PositionFile(tmp_path))
    host.last_id = 1
    on(host, nothing, PositionFile(tmp_path))

    assert Position("g", 1, digest_of(*host.rows[0])) == PositionFile(tmp_path).read()


def test_a_primary_that_lost_rows_is_believed_at_the_start(
    host: FakeHost, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the primary knows less than this node has seen, it is right, the log says so, and that is kept."""
    PositionFile(tmp_path).replace(Position("g", 7))

    async def nothing(finder: CachedFinder) -> None:
        await finder.watch()

    on(host, nothing, PositionFile(tmp_path))

    assert Position("g", 1, digest_of(*host.rows[0])) == PositionFile(tmp_path).read()
    assert caplog.messages == ["the mapping has another history than the one that this node has seen before"]
