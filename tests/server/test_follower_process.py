from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import AutoconfigError, MappingUnavailable
from autoconfig.mapping.copy_marker import copy_in
from autoconfig.mapping.copy_status import read_status
from autoconfig.mapping.follower import follower
from autoconfig.mapping.follower.follower import Follower, Look
from autoconfig.mapping.store_database import upgrade
from autoconfig.server import follower_process
from autoconfig.server.follower_process import INTERVAL, FollowerLoop
from autoconfig.settings import Settings
from tests.support.log_lines import log_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.log_lines import LogLines

__all__ = ["log_lines"]

AWAY = MappingUnavailable("away")


class Ended(Exception):
    """The process was ended."""


class Process:
    """What the process does, until there is nothing more to do in the pauses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
        self.said: list[str] = []
        self.pauses: list[float] = []
        self._following = FollowerLoop(settings, self.said.append)
        self._meanwhile: list[Callable[[], object]] = []
        monkeypatch.setattr(time, "sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if not self._meanwhile:
            raise Ended
        self._meanwhile.pop(0)()

    def run(self, *meanwhile: Callable[[], object]) -> None:
        """Run it; `meanwhile` is done in its first pauses."""
        self._meanwhile = list(meanwhile)
        with pytest.raises(Ended):
            self._following.run()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a node whose store is, for these tests, a file."""
    upgrade(f"sqlite:///{tmp_path / 'mapping.db'}", create=True)
    return Settings(database=f"sqlite:///{tmp_path / 'mapping.db'}", state_dir=tmp_path / "state")


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Process:
    """Its process."""
    return Process(monkeypatch, settings)


def events(log_lines: LogLines) -> list[str]:
    """What was logged."""
    return [line["event"] for line in log_lines()]


@pytest.fixture(autouse=True)
def _quiet_migrations() -> Iterator[None]:
    """As the process has them."""
    alembic = logging.getLogger("alembic")
    before = alembic.level
    alembic.setLevel(logging.WARNING)
    yield
    alembic.setLevel(before)


def scripted(monkeypatch: pytest.MonkeyPatch, *looks: Look | AutoconfigError) -> None:
    """Let the follower's looks come to this."""
    coming = iter(looks)

    def look(_follower: Follower) -> Look:
        found = next(coming, Look(0))
        if isinstance(found, AutoconfigError):
            raise found
        return found

    monkeypatch.setattr(Follower, "look", look)


@pytest.mark.parametrize(
    ("looks", "events"),
    [
        ([Look(1), Look(2, 1), Look(2)], []),
        ([Look(1), AWAY, AWAY, Look(1)], ["cannot be followed", "can be followed again"]),
        ([Look(1, behind="behind"), AWAY, Look(1)], ["cannot be followed", "can be followed again"]),
        ([AWAY, Look(1), AWAY], ["cannot be followed", "can be followed again", "cannot be followed"]),
        ([Look(1, 1, "there was none", verified=True), Look(1)], ["a new copy of the database is complete"]),
        ([Look(1), Look(1, verified=True)], ["the copy equals the database"]),
    ],
    ids=["well", "away", "a standby that is behind", "away twice", "afresh", "compared"],
)
def test_what_is_logged(
    monkeypatch: pytest.MonkeyPatch,
    process: Process,
    log_lines: LogLines,
    looks: list[Look | AutoconfigError],
    events: list[str],
) -> None:
    """Each thing is logged once; it looks again every second, whatever became of the last look."""
    scripted(monkeypatch, *looks)
    process.run(*[lambda: None] * (len(looks) - 1))
    said = [line["event"] for line in log_lines()]

    assert len(events) == len(said)
    assert all(event in line for event, line in zip(events, said, strict=True))
    assert process.pauses == [INTERVAL] * len(looks)


def test_what_the_supervisor_hears(monkeypatch: pytest.MonkeyPatch, process: Process) -> None:
    """Each look says something, so that a process that says nothing is stuck."""
    scripted(monkeypatch, Look(7), AWAY, Look(7, behind="a standby answers"))
    process.run(*[lambda: None] * 2)

    assert process.said == [
        "copy up to row 7",
        "copy not brought up to date: away",
        "copy not brought up to date: a standby answers",
    ]


def test_progress(monkeypatch: pytest.MonkeyPatch, process: Process, settings: Settings, log_lines: LogLines) -> None:
    """The progress of a copy can be read by those who wait for it, goes to the supervisor, and is logged at times."""
    monkeypatch.setattr(follower_process, "LOGGED", 0.0)
    monkeypatch.setattr(follower, "REPORTING", 0.0)
    process.run()
    copied = [line for line in log_lines() if line.get("doing") == "copying rows"]

    assert process.said == ["copying rows: 0 of 0", "copy up to row 0"]
    assert [(line["done"], line["of"]) for line in copied] == [(0, 0)]
    assert read_status(copy_in(settings.state_dir)).progress is None


def test_one_at_a_time(process: Process, settings: Settings, log_lines: LogLines) -> None:
    """While another follower is running on the copy it stands by, says so once, and then takes over."""
    other = Follower(settings.database, copy_in(settings.state_dir))
    process.run(lambda: None, lambda: None, other.close)

    assert process.said[:3] == ["another server keeps the copy"] * 3
    assert process.said[-1] == "copy up to row 0"
    assert events(log_lines) == [
        "another server on this state_dir keeps the copy; it is watched",
        "a new copy of the database is complete",
    ]


def test_a_folder_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, log_lines: LogLines, tmp_path: Path
) -> None:
    """A state folder that cannot be used is logged once, and tried again."""
    state = tmp_path / "file"
    state.touch()
    process = Process(monkeypatch, settings.model_copy(update={"state_dir": state}))
    process.run(lambda: None, state.unlink)

    assert any(str(state) in line for line in process.said)
    assert events(log_lines) == [
        "the database cannot be followed; its copy, if there is one, is served on",
        "a new copy of the database is complete",
        "the database can be followed again",
    ]
