from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import AutoconfigError, ConfigurationInvalid, DatabaseForeign, MappingUnavailable, SchemaTooOld
from autoconfig.mapping.sources import choosing
from autoconfig.mapping.sources.source import Position
from tests.mapping.sources.fakes import NAME, ROW, Clock, FakeHost, pair, plans, with_hosts

if TYPE_CHECKING:
    from autoconfig.mapping.sources.hosts import Hosts
    from autoconfig.mapping.timeline import Row

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.mark.parametrize("listed", ["primary first", "standby first"])
def test_the_primary_is_read(listed: str) -> None:
    """Where there is a primary it is read, whichever is listed first."""
    hosts = pair() if listed == "primary first" else pair()[::-1]

    async def question(source: Hosts) -> str | None:
        await source.start(None)
        return source.reading

    assert with_hosts(question, *hosts) == "primary"


def test_the_primary_that_knows_most_is_read() -> None:
    """Of several primaries the one with the highest id is read; of equals the first."""
    hosts = [FakeHost("a", last_id=4), FakeHost("b", last_id=5), FakeHost("c", last_id=5)]

    async def question(source: Hosts) -> str | None:
        await source.start(Position("g", 4))
        return source.reading

    assert with_hosts(question, *hosts) == "b"


def test_a_standby_that_is_behind_is_not_read() -> None:
    """A standby that does not have what was seen is not read, until it has."""
    primary, standby = pair(behind=1)

    async def question(source: Hosts) -> str | None:
        seen = await source.start(None)
        primary.down()
        with pytest.raises(MappingUnavailable, match="standby: is behind"):
            await plans(source, seen)
        with pytest.raises(MappingUnavailable, match="primary: down; standby: is behind"):
            await source.look(seen)
        standby.last_id = 5
        await source.look(seen)
        assert await plans(source, seen) == ["a"]
        return source.reading

    assert with_hosts(question, primary, standby) == "standby"


def test_a_standby_that_falls_behind_while_it_is_read() -> None:
    """An answer that is behind what was seen is never given, even if the host was good a moment ago."""
    _, standby = pair()

    async def question(source: Hosts) -> None:
        await source.start(None)
        with pytest.raises(MappingUnavailable, match="standby: is behind"):
            await plans(source, Position("g", 6))

    with_hosts(question, standby)


def test_changes() -> None:
    """Changes come from the host that is read; one that is behind brings none."""
    host = FakeHost()
    host.append(NAME, ROW)

    async def question(source: Hosts) -> list[tuple[str, Row]]:
        seen = await source.start(None)
        changes = await source.rows_after(0, 9, seen)
        with pytest.raises(MappingUnavailable, match="behind"):
            await source.rows_after(0, 9, Position("g", 7))
        return list(changes.rows)

    assert with_hosts(question, host) == [(NAME, ROW)]


def test_in_use() -> None:
    """The host that is read says which plans are used."""

    async def question(source: Hosts) -> frozenset[str]:
        await source.start(None)
        return await source.in_use(frozenset("ab"), 1)

    assert frozenset("a") == with_hosts(question, *pair())


@pytest.mark.parametrize(
    ("host", "seen", "expected"),
    [
        pytest.param(FakeHost(last_id=5), None, Position("g", 5), id="never seen anything"),
        pytest.param(FakeHost(last_id=5), Position("g", 3), Position("g", 5), id="went on"),
        pytest.param(FakeHost(last_id=5), Position("g", 7), Position("g", 5), id="restored by hand"),
        pytest.param(FakeHost(last_id=5), Position("h", 3), Position("g", 5), id="restored"),
        pytest.param(FakeHost(last_id=5, standby=True), None, Position("g", 5), id="standby"),
        pytest.param(FakeHost(last_id=5, standby=True), Position("g", 7), None, id="standby behind"),
        pytest.param(
            FakeHost(last_id=5, standby=True), Position("h", 3), Position("g", 5), id="standby of another history"
        ),
    ],
)
def test_start(
    host: FakeHost, seen: Position | None, expected: Position | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    At the start a primary is believed; a standby only if it is not behind what this node has seen before, or if it has
    had another history for some time, and there is no primary.
    """
    monkeypatch.setattr(choosing, "REPLACED", 0.2)

    async def question(source: Hosts) -> Position | None:
        try:
            return await source.start(seen)
        except MappingUnavailable:
            return None

    assert expected == with_hosts(question, host)


def test_start_without_an_answer() -> None:
    """A host that does not answer in time is named."""
    host = FakeHost()
    host.silent = True

    async def question(source: Hosts) -> None:
        with pytest.raises(MappingUnavailable, match="no answer"):
            await source.start(None)
        host.silent = False

    with_hosts(question, host)


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        pytest.param([SchemaTooOld("a: old")], SchemaTooOld, id="one host"),
        pytest.param([SchemaTooOld("a: old"), DatabaseForeign("b: foreign")], ConfigurationInvalid, id="both"),
        pytest.param([SchemaTooOld("a: old"), MappingUnavailable("b: down")], MappingUnavailable, id="perhaps not"),
    ],
)
def test_what_is_said(faults: list[AutoconfigError], expected: type[Exception]) -> None:
    """The operator has something to change where every host says so; all of them are named."""
    hosts = [FakeHost(name) for name, _ in zip("ab", faults, strict=False)]
    for host, fault in zip(hosts, faults, strict=True):
        host.fault = fault

    async def question(source: Hosts) -> None:
        with pytest.raises(expected, match="; ".join(map(str, faults))):
            await source.start(None)

    with_hosts(question, *hosts)


def test_another_generation_is_believed_at_once() -> None:
    """A primary whose history was replaced is read, and says so; the standby with the old one is not."""
    primary, standby = pair()

    async def question(source: Hosts) -> tuple[str | None, Position]:
        seen = await source.start(None)
        primary.generation, primary.last_id = "new", 2
        standby.down()
        position = await source.look(seen)
        standby.fault, standby.last_id = None, 9
        assert (await source.rows_of(NAME, 0, seen)).state.position == position
        await source.look(position)
        return source.reading, position

    assert ("primary", Position("new", 2)) == with_hosts(question, primary, standby)


def test_a_standby_with_the_old_history_is_not_preferred() -> None:
    """Where the primary has another history, a standby that stayed behind with the old one is not read."""
    primary, standby = pair()
    clock = Clock()

    async def question(source: Hosts) -> list[object]:
        seen = await source.start(None)
        primary.generation = "new"
        position = await source.look(seen)
        found: list[object] = [position, source.reading]
        primary.generation, primary.last_id = "g", 3
        for clock.added in (1.0, 2.0, 4.5):
            position = await source.look(seen)
            found.append(source.reading)
        return [*found, position]

    expected = [Position("new", 5), "primary", "standby", "standby", "primary", Position("g", 3)]
    assert expected == with_hosts(question, primary, standby, clock=clock)


def test_lost_rows_are_believed_after_some_seconds() -> None:
    """A primary that lost rows that were seen is read again after some seconds; until then who asks is told so."""
    host = FakeHost(last_id=5)
    clock = Clock()

    async def question(source: Hosts) -> Position:
        seen = await source.start(None)
        host.last_id = 3
        for clock.added in (1.0, 2.0, 3.0):
            with pytest.raises(MappingUnavailable, match="behind"):
                await source.look(seen)
        clock.added = 4.5
        return await source.look(seen)

    assert Position("g", 3) == with_hosts(question, host, clock=clock)


def test_a_primary_that_catches_up_in_time() -> None:
    """One of several primaries may be behind for a moment; its history is then the same still."""
    host = FakeHost(last_id=5)
    clock = Clock()

    async def question(source: Hosts) -> Position:
        seen = await source.start(None)
        host.last_id = 3
        with pytest.raises(MappingUnavailable, match="behind"):
            await source.look(seen)
        host.last_id, clock.added = 6, 2.0
        assert Position("g", 6) == await source.look(seen)
        host.last_id, clock.added = 3, 4.0
        with pytest.raises(MappingUnavailable, match="behind"):
            await source.look(seen)
        host.last_id = 6
        return await source.look(seen)

    assert Position("g", 6) == with_hosts(question, host, clock=clock)


def test_standbys_whose_history_was_replaced() -> None:
    """Where only standbys answer, and all have the same other history for some seconds, that is the history now."""
    hosts = [FakeHost(name, last_id=5, standby=True) for name in "ab"]
    clock = Clock()

    async def question(source: Hosts) -> list[object]:
        seen = await source.start(None)
        for host in hosts:
            host.generation, host.last_id, host.rows = "new", 2, [(NAME, ROW)]
        with pytest.raises(MappingUnavailable, match=r"a: is a standby, and has another history.*is that up"):
            await plans(source, seen)
        for clock.added in (1.0, 2.0):
            with pytest.raises(MappingUnavailable, match=r"a: .* another history .*; b: .* another history"):
                await source.look(seen)
        clock.added = 5.0
        position = await source.look(seen)
        return [position, await plans(source, seen), await plans(source, position), await source.look(position)]

    expected = [Position("new", 2), ["a"], ["a"], Position("new", 2)]
    assert expected == with_hosts(question, *hosts, clock=clock)


@pytest.mark.parametrize("case", ["the primary is gone", "they differ", "one has the old one"])
def test_standbys_that_are_not_believed(case: str) -> None:
    """Standbys of another history are not believed while they differ, or while the primary that was seen is gone."""
    hosts = [FakeHost(name, last_id=5, standby=True) for name in "ab"]
    clock = Clock()
    if case == "the primary is gone":
        hosts[0].standby = False

    async def question(source: Hosts) -> list[str | None]:
        seen = await source.start(None)
        hosts[1].generation = "other"
        if case == "the primary is gone":
            hosts[0].down()
        elif case == "they differ":
            hosts[0].generation = "another"
        found = []
        for clock.added in (1.0, 5.0, 9.0):
            with contextlib.suppress(MappingUnavailable):
                await source.look(seen)
            found.append(source.reading)
        return found

    expected = "a" if case == "one has the old one" else None
    assert [expected] * 3 == with_hosts(question, *hosts, clock=clock)


def test_not_started() -> None:
    """Before the start there is no host."""

    async def question(source: Hosts) -> None:
        with pytest.raises(MappingUnavailable, match="nobody has looked"):
            await plans(source, Position("g", 0))

    with_hosts(question, FakeHost())
