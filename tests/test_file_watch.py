from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from autoconfig.file_watch import Watched, stamp

if TYPE_CHECKING:
    from pathlib import Path


class Pair:
    """Two files, one of which is not there yet, and a clock."""

    def __init__(self, folder: Path, quiet: float) -> None:
        self.one, self.two, self.now = folder / "one", folder / "two", 0.0
        self.one.write_text("a", encoding="utf-8")
        self.watched = Watched([self.one, self.two], quiet, lambda: self.now)
        self.watched.note()

    def looks(self, count: int) -> list[bool]:
        """Look so many times, once a second."""
        found = []
        for _ in range(count):
            self.now += 1
            found.append(self.watched.due())
        return found


@pytest.fixture(params=[0.0, 2.0], ids=["no quiet", "two seconds"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """Files that were read."""
    return Pair(tmp_path, request.param)


@pytest.fixture
def waiting(pair: Pair) -> list[bool]:
    """The looks between a change and the one at which it is due."""
    return [False] * (2 if pair.watched._quiet else 1)


def test_unchanged(pair: Pair) -> None:
    """Files that stay as they are are never due."""
    assert pair.looks(5) == [False] * 5


def test_changed(pair: Pair, waiting: list[bool]) -> None:
    """A change is due once it was left alone, until it is read; a file that appears or goes is one."""
    pair.two.write_text("b", encoding="utf-8")
    assert [*waiting, True, True] == pair.looks(len(waiting) + 2)
    pair.watched.note()
    assert pair.looks(3) == [False] * 3
    pair.two.unlink()
    assert [*waiting, True] == pair.looks(len(waiting) + 1)


def test_changed_in_steps(pair: Pair, waiting: list[bool]) -> None:
    """Each step puts it off, of whichever file."""
    for path, text in ((pair.one, "bb"), (pair.two, "c"), (pair.one, "ddd")):
        path.write_text(text, encoding="utf-8")
        assert pair.looks(1) == [False]

    assert [*waiting[1:], True] == pair.looks(len(waiting))


def test_changed_back(pair: Pair) -> None:
    """What is again as it was read is not due."""
    before = pair.one.stat()
    pair.one.write_text("bb", encoding="utf-8")
    pair.looks(1)
    pair.one.write_text("a", encoding="utf-8")
    os.utime(pair.one, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert pair.looks(4) == [False] * 4


def test_again(pair: Pair, waiting: list[bool]) -> None:
    """What could not be judged is due again without a change, after the same time."""
    pair.looks(3)
    pair.watched.again()

    assert [*waiting[1:], True] == pair.looks(len(waiting))


def test_stamp(tmp_path: Path) -> None:
    """Another file of the same size and time has another stamp; none has none."""
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        path.write_text("a", encoding="utf-8")
        os.utime(path, ns=(0, 0))

    assert stamp(one) != stamp(two)
    assert stamp(one) == stamp(one)
    assert stamp(tmp_path / "three") is None
    assert stamp(one / "below") is None
