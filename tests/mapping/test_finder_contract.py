"""What holds for every `Finder`."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol, TypeVar

import pytest

from autoconfig.mail.domain import Domain
from autoconfig.mapping.copy_marker import copy_in
from autoconfig.mapping.finder_factory import open_finder
from autoconfig.mapping.follower.follower import Follower
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.mapping.store import Change, Journal
from autoconfig.mapping.timeline import Row

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from autoconfig.mapping.timeline import Finder

LATER = 4_000_000_000
NAME = "example.com"
Answer = TypeVar("Answer")


class Ask(Protocol):
    """Opens a finder over rows, asks it, and closes it."""

    def __call__(self, rows: list[Change], question: Callable[[Finder], Awaitable[Answer]]) -> Answer:
        """The answer."""


class Ours(Protocol):
    """Makes a finder over rows."""

    def __call__(self, rows: list[Change], request: pytest.FixtureRequest) -> Finder:
        """It; nothing was asked yet."""


def memory(rows: list[Change], request: pytest.FixtureRequest) -> Finder:
    """A finder in memory."""
    del request
    finder = MemoryFinder()
    for row in rows:
        finder.add(row.name, row.plan, row.params, row.valid_from)
    return finder


def sqlite(rows: list[Change], request: pytest.FixtureRequest) -> Finder:
    """A finder over a file."""
    return over(f"sqlite:///{request.getfixturevalue('path')}", rows, request)


def postgresql(rows: list[Change], request: pytest.FixtureRequest) -> Finder:
    """A finder over the copy of a database of PostgreSQL."""
    return copied(request.getfixturevalue("postgresql_url"), rows, request)


def mariadb(rows: list[Change], request: pytest.FixtureRequest) -> Finder:
    """A finder over the copy of a database of MariaDB."""
    return copied(request.getfixturevalue("mariadb_url"), rows, request)


def copied(url: str, rows: list[Change], request: pytest.FixtureRequest) -> Finder:
    """A finder that is there before the copy."""
    finder = over(url, rows, request)
    with contextlib.closing(Follower(url, copy_in(request.getfixturevalue("tmp_path") / "state"))) as follower:
        follower.look()
    return finder


def over(url: str, rows: list[Change], request: pytest.FixtureRequest) -> Finder:
    """A finder over a database to which the rows were written."""
    journal = Journal(url)
    with journal.writing() as writing:
        writing.append(rows)
    journal.close()
    return open_finder(url, request.getfixturevalue("tmp_path") / "state")


@pytest.fixture(params=[memory, sqlite, postgresql, mariadb], ids=lambda made: made.__name__)
def ask(request: pytest.FixtureRequest) -> Ask:
    """One of the finders."""
    made: Ours = request.param

    def asked(rows: list[Change], question: Callable[[Finder], Awaitable[Answer]]) -> Answer:
        async def run() -> Answer:
            finder = made(rows, request)
            try:
                await finder.start()
                await finder.watch()
                return await question(finder)
            finally:
                await finder.close()

        return asyncio.run(run())

    return asked


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], [], id="empty"),
        pytest.param([Change("other.example", 1, "a", "{}")], [], id="another name"),
        pytest.param([Change(NAME, 1, "a", '{"x":"é"}')], [Row(1, 1, "a", '{"x":"é"}')], id="one row"),
        pytest.param([Change(NAME, 1, None, "{}")], [Row(1, 1, None, "{}")], id="NULL plan"),
        pytest.param(
            [Change(NAME, LATER, "b", "{}"), Change(NAME, 1, "a", "{}")],
            [Row(2, 1, "a", "{}"), Row(1, LATER, "b", "{}")],
            id="a later row",
        ),
        pytest.param([Change(NAME, LATER, "a", "{}")], [Row(1, LATER, "a", "{}")], id="only a later row"),
    ],
)
def test_find(ask: Ask, rows: list[Change], expected: list[Row]) -> None:
    """The rows of a name are found, and those of no other."""
    timeline = ask(rows, lambda finder: finder.find(Domain(NAME)))

    assert expected == list(timeline.rows)


@pytest.mark.parametrize(
    ("rows", "now", "settled"),
    [
        pytest.param([], 100, None, id="no row"),
        pytest.param([Change("other.example", 1, "a", "{}")], 100, None, id="another name"),
        pytest.param([Change(NAME, 1, "a", '{"x":"é"}')], 1, 'a\n{"x":"é"}', id="one row"),
        pytest.param([Change(NAME, 1, "a", "{}"), Change(NAME, 9, "b", "{}")], 9.5, "b\n{}", id="another since"),
        pytest.param([Change(NAME, 1, "a", "{}"), Change(NAME, 9, None, "{}")], 9.5, None, id="ended"),
        pytest.param([Change(NAME, 1, "a", "{}"), Change(NAME, LATER, "b", "{}")], 9, None, id="one that is to come"),
        pytest.param([Change(NAME, LATER, "b", "{}")], LATER, "b\n{}", id="one that has come"),
        pytest.param([Change(NAME, LATER, "b", "{}")], LATER - 0.1, None, id="only one that is to come"),
    ],
)
def test_settled(ask: Ask, rows: list[Change], now: float, settled: str | None) -> None:
    """What was found once is there without waiting, if it holds and nothing is scheduled."""

    async def question(finder: Finder) -> str | None:
        await finder.find(Domain(NAME))
        return finder.settled(NAME, now)

    assert ask(rows, question) == settled


def test_gauges(ask: Ask) -> None:
    """Every finder has figures, whatever they are."""

    async def question(finder: Finder) -> dict[str, float]:
        await finder.find(Domain(NAME))
        return dict(finder.gauges())

    assert all(value >= 0 for value in ask([Change(NAME, 1, "a", "{}")], question).values())


def test_of_rows_that_begin_together_the_newest_holds(ask: Ask) -> None:
    """Where rows begin in the same second, the highest id decides."""
    rows = [Change(NAME, 5, plan, "{}") for plan in ("c", "a", "b")]
    holds = ask(rows, lambda finder: finder.find(Domain(NAME))).at(5)

    assert Row(3, 5, "b", "{}") == holds


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], "", id="empty"),
        pytest.param([Change(NAME, 1, "a", "{}")], "a", id="current"),
        pytest.param([Change(NAME, LATER, "a", "{}")], "a", id="scheduled"),
        pytest.param([Change(NAME, 1, "a", "{}"), Change(NAME, LATER, "b", "{}")], "ab", id="current and scheduled"),
        pytest.param([Change(NAME, 1, "a", "{}"), Change(NAME, 2, "b", "{}")], "b", id="superseded by a later one"),
        pytest.param([Change(NAME, 2, "a", "{}"), Change(NAME, 1, "b", "{}")], "a", id="never in force"),
        pytest.param([Change(NAME, 1, "a", "{}"), Change(NAME, 1, "b", "{}")], "b", id="superseded in its second"),
        pytest.param(
            [Change(NAME, LATER, "a", "{}"), Change(NAME, LATER, "b", "{}")], "b", id="cancelled before it began"
        ),
        pytest.param([Change(NAME, 1, "a", "{}"), Change(NAME, 2, None, "{}")], "", id="ended"),
        pytest.param([Change(NAME, 1, "a", "{}"), Change(NAME, LATER, None, "{}")], "a", id="about to end"),
        pytest.param(
            [Change(NAME, 1, "a", "{}"), Change(NAME, 2, None, "{}"), Change("other.example", 1, "a", "{}")],
            "a",
            id="ended for one of two names",
        ),
        pytest.param([Change(NAME, 1, "x", "{}")], "", id="not asked for"),
    ],
)
def test_in_use(ask: Ask, rows: list[Change], expected: str) -> None:
    """A plan is in use where a row that holds now, or will hold, names it."""
    assert frozenset(expected) == ask(rows, lambda finder: finder.in_use(frozenset("abc")))


def test_no_plan_is_in_use_when_none_is_asked_for(ask: Ask) -> None:
    """Asking for no plans is answered with none."""
    rows = [Change(NAME, 1, "a", "{}")]

    assert frozenset() == ask(rows, lambda finder: finder.in_use(frozenset()))
