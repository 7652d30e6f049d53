from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from autoconfig.errors import MappingUnavailable, Refused
from autoconfig.mapping import schema_version
from autoconfig.mapping.backup.copy import Copied, copy
from autoconfig.mapping.digest import Digest
from autoconfig.mapping.follower.follower import Follower
from autoconfig.mapping.progress import silent
from autoconfig.mapping.store import Journal
from autoconfig.mapping.store_database import upgrade
from tests.mapping.follower.histories import change, generation_of, histories, numbered, replace, rows_of, write

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mapping.progress import OnProgress
    from autoconfig.mapping.record import Record


@pytest.fixture
def source(fresh: Path, tmp_path: Path) -> str:
    """An empty SQLite mapping, to be copied from."""
    path = tmp_path / "source.db"
    path.write_bytes(fresh.read_bytes())
    return f"sqlite:///{path}"


def copied(source: str, target: str, on_progress: OnProgress = silent) -> Copied:
    """What `db copy` does."""
    upgrade(target, create=True)
    with contextlib.closing(Journal(source)) as here, contextlib.closing(Journal(target)) as there:
        return copy(here, there, on_progress)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(history=histories())
def test_any_history(url: str, source: str, history: list[Record]) -> None:
    """Whatever the source has, the target has afterwards: ids, times, notes; and so has a copy of the copy."""
    replace(source, history)
    replace(url, [])
    result = copied(source, url)
    back = f"{source}.{time.monotonic_ns()}"
    copied(url, back)

    assert (Digest.of(history), 0, 0) == result
    assert history == rows_of(url) == rows_of(back)
    assert generation_of(source) == generation_of(url) == generation_of(back)


def test_into_an_empty_database(blank: str, source: str) -> None:
    """The tables are made where there are none; the next id is the one after the last."""
    write(source, numbered(5))
    copied(source, blank)
    change(blank, "new.example")

    assert [row.id for row in rows_of(blank)] == [1, 2, 3, 4, 5, 6]


def test_what_is_written_meanwhile(url: str, source: str) -> None:
    """Rows that somebody writes to the source during the copy are in the target too."""
    write(source, numbered(5))
    written: list[int] = []

    def on_progress(step: str, done: int, _total: int | None) -> None:
        if step == "copying" and not written:
            written.append(done)
            change(source, "meanwhile.example", "other.example")

    result = copied(source, url, on_progress)

    assert (result.digest.rows, result.before, result.later) == (7, 0, 2)
    assert rows_of(url) == rows_of(source)


def test_a_second_copy_goes_on(url: str, source: str) -> None:
    """What was written to the source after a copy is copied by the next one."""
    write(source, numbered(5))
    copied(source, url)
    change(source, "new.example")
    result = copied(source, url)

    assert (result.digest.rows, result.before, result.later) == (6, 5, 0)
    assert rows_of(url) == rows_of(source)
    assert copied(source, url).before == 6


@pytest.mark.parametrize(
    ("rows", "same_generation"),
    [(numbered(1), False), (numbered(3, "other"), True), (numbered(7), True), (numbered(5), False)],
    ids=["another mapping", "other rows", "more rows", "same rows of another history"],
)
def test_a_target_with_rows_of_its_own(url: str, source: str, rows: list[Record], same_generation: bool) -> None:
    """A target that has rows which the source does not have is refused, and left as it is."""
    write(source, numbered(5))
    replace(url, rows, generation_of(source) if same_generation else None)
    with pytest.raises(Refused, match=r"has . rows of its own; nothing was written"):
        copied(source, url)

    assert rows == rows_of(url)


def test_somebody_writes_to_the_target(url: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that somebody else begins to write to meanwhile is refused."""
    monkeypatch.setattr(schema_version, "BUSY_TIMEOUT", 2.0)
    write(source, numbered(5))
    copied(source, url)

    def on_progress(step: str, _done: int, _total: int | None) -> None:
        if step == "comparing":
            change(url, "new.example")

    with pytest.raises(Refused, match="another program writes to it"):
        copied(source, url, on_progress)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_writer_of_the_source_that_does_not_end(url: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the source's writer lock is not granted, the error says so; copied rows stay, and the next copy continues."""
    monkeypatch.setattr(schema_version, "BUSY_TIMEOUT", 0.1)
    write(source, numbered(5))
    with contextlib.closing(Journal(source)) as other, other.writing() as writing:
        writing.copy(numbered(1, first=6))
        with pytest.raises(MappingUnavailable, match="another command is writing"):
            copied(source, url)

    assert rows_of(url) == numbered(5)
    assert copied(source, url).before == 5
    assert rows_of(url) == numbered(6)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_from_a_local_copy(url: str, source: str, tmp_path: Path) -> None:
    """A local copy, which has no writers, can be copied."""
    write(source, numbered(5))
    local = tmp_path / "local.db"
    with contextlib.closing(Follower(source, local)) as following:
        following.look()
    result = copied(f"sqlite:///{local}", url)

    assert (result.digest.rows, result.later) == (5, 0)
    change(url, "new.example")


def test_a_target_that_does_not_give_back_what_it_got(url: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that changes what is written to it is found out, and keeps nothing of it."""
    write(source, numbered(5))
    whole = Digest.passing
    monkeypatch.setattr(Digest, "passing", lambda digest, rows: (row._replace(note="x") for row in whole(digest, rows)))
    with pytest.raises(MappingUnavailable, match="the rows read back differ"):
        copied(source, url)

    assert rows_of(url) == []
