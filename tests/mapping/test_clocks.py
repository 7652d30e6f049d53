from __future__ import annotations

import asyncio
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import Refused
from autoconfig.mail.domain import Domain
from autoconfig.mapping import clocks, edits
from autoconfig.mapping.sqlite_finder import SqliteFinder
from autoconfig.mapping.store import Change, Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


NAME = Domain("example.com")
NOW = 1_800_000_000
DAY = 86_400

Put = tuple[int, int | None, str | None]
"""The writer's clock, when the row is to begin (`None`: at once), and the plan."""


def write(path: Path, rows: list[Put], monkeypatch: pytest.MonkeyPatch) -> None:
    """Write rows as commands do, each by a clock of its own."""
    for clock, valid_from, plan in rows:
        monkeypatch.setattr(time, "time", lambda clock=clock: clock)
        with closing(Journal(f"sqlite:///{path}")) as journal, journal.writing() as writing:
            begins = clock if valid_from is None else valid_from
            if plan is None:
                edits.end(writing, NAME.name, begins, at_once=valid_from is None)
            else:
                edits.put(writing, Change(NAME.name, begins, plan, "{}", at_once=valid_from is None))


def served(path: Path, clock: int) -> str | None:
    """The plan that a server with this clock serves."""

    async def scenario() -> str | None:
        finder = SqliteFinder(path)
        row = (await finder.find(NAME)).at(clock)
        await finder.close()
        return row.plan if row else None

    return asyncio.run(scenario())


def listed(path: Path, clock: int) -> str | None:
    """The plan that commands with this clock say holds now."""
    with closing(Journal(f"sqlite:///{path}")) as journal, journal.reading() as reading:
        timeline = reading.timeline(NAME.name)
        row = timeline.at(clocks.now_for(timeline, clock))
    return row.plan if row else None


@pytest.mark.parametrize(
    ("rows", "clock", "expected"),
    [
        pytest.param([(NOW, None, "a")], NOW, "a", id="clocks agree"),
        pytest.param([(NOW, None, "a")], NOW - DAY, "a", id="this clock is behind"),
        pytest.param([(NOW + DAY, None, "a")], NOW, "a", id="the writer's clock was ahead"),
        pytest.param([(NOW + 2 * DAY, NOW + DAY, "a")], NOW, None, id="scheduled by a clock that was ahead"),
        pytest.param([(NOW + 2 * DAY, NOW + DAY, "a")], NOW + DAY, "a", id="scheduled, and its time has come"),
        pytest.param([(NOW, None, "a"), (NOW, NOW + 60, "b")], NOW - DAY, "a", id="scheduled after, clock behind"),
        pytest.param([(NOW + DAY, None, "a"), (NOW, None, "b")], NOW, "b", id="a right clock comes after"),
        pytest.param([(NOW, None, "a"), (NOW - DAY, None, "b")], NOW, "b", id="a writer whose clock is behind"),
        pytest.param([(NOW + DAY, None, "a"), (NOW, None, None)], NOW, None, id="ended after a clock that was ahead"),
        pytest.param([(NOW + DAY, NOW + 60, "b"), (NOW, None, "a")], NOW + 61, "b", id="scheduled before"),
    ],
)
@pytest.mark.parametrize("seen", [served, listed])
def test_what_holds(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[Put],
    clock: int,
    expected: str | None,
    seen: Callable[[Path, int], str | None],
) -> None:
    """What took effect when it was written holds by any clock; what is scheduled takes effect by the reader's."""
    write(path, rows, monkeypatch)

    assert seen(path, clock) == expected


def test_a_row_from_the_future_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose clock is behind the newest row says so; it does not for a minute."""

    async def said(clock: int) -> str | None:
        monkeypatch.setattr(time, "time", lambda: clock)
        finder = SqliteFinder(path)
        await finder.watch()
        await finder.close()
        return finder.stale()

    write(path, [(NOW, None, "a")], monkeypatch)

    assert "was written 3600 s in the future" in str(asyncio.run(said(NOW - 3600)))
    assert asyncio.run(said(NOW - 60)) is None


@pytest.mark.parametrize(("apart", "how"), [(61, "61 s ahead of"), (-61, "61 s behind")], ids=["ahead", "behind"])
def test_clocks_apart(apart: int, how: str) -> None:
    """Two clocks may differ by a minute."""
    with pytest.raises(Refused, match=f"clock is {how} the server's; nothing was written"):
        clocks.check_clocks("db", NOW, NOW + apart)
    clocks.check_clocks("db", NOW, NOW + apart // abs(apart) * 60)


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_a_server_with_another_clock(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """No command writes to a server whose clock is more than a minute away from this machine's."""
    real = time.time
    with closing(Journal(request.getfixturevalue(f"{engine}_url"))) as journal:
        with journal.writing() as writing:
            writing.append_one(Change(NAME.name, 0, "a", "{}"))
        monkeypatch.setattr(time, "time", lambda: real() + 3600)
        with pytest.raises(Refused, match=r"clock is 3[56]\d\d s ahead of the server's"), journal.writing():
            pytest.fail("it could be written to")
        with journal.reading() as reading:
            assert reading.count() == 1
