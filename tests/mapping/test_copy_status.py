from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import Refused
from autoconfig.mapping import copy_status
from autoconfig.mapping.copy_status import SIZE, Status, StatusFile, read_status, status_file

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3600.0


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Where a copy would be."""
    return tmp_path / "copy.db"


def test_what_is_said_is_read(copy: Path) -> None:
    """What the follower says is what others read, also after one that is longer, and after the follower has ended."""
    file = StatusFile(copy)
    file.write(Status(problem="weg " * 5000))
    assert (read_status(copy).problem or "").startswith("weg weg")
    status = Status(7, None, "copying rows", 3, 10, 3).seen_now()
    file.write(status)
    file.close()

    assert read_status(copy) == status
    assert read_status(copy).progress == "copying rows: 3 of 10"
    assert status_file(copy).stat().st_size == SIZE


def test_the_next_follower_goes_on(copy: Path) -> None:
    """A follower that begins knows when the copy had everything, and nothing of the former one's problem."""
    first = StatusFile(copy)
    first.write(Status(problem="away", last_id=7).seen_now())
    seen = first.status.seen
    with pytest.raises(Refused, match="another follower is running"):
        StatusFile(copy)
    first.close()
    second = StatusFile(copy)
    second.close()

    assert (second.status.seen, second.status.last_id, second.status.problem) == (seen, 7, None)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '{"a": 1}', '{"seen": "x"}', '{"done": null}', "[" * 4000], ids=lambda text: text[:9]
)
def test_a_file_that_says_nothing(copy: Path, text: str) -> None:
    """Whatever else is in the file counts as nothing, and nothing has no age."""
    assert read_status(copy) == Status()
    status_file(copy).write_text(text)

    assert read_status(copy) == Status()
    assert read_status(copy).age is None


@pytest.mark.parametrize("step", [-30 * 24 * HOUR, 30 * 24 * HOUR], ids=["put back", "put forward"])
def test_a_clock_that_is_set(monkeypatch: pytest.MonkeyPatch, step: float) -> None:
    """The age goes on growing alike, whatever happens to the wall clock."""
    status = Status().seen_now()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + step)

    assert status.age == pytest.approx(0, abs=600)


@pytest.mark.parametrize(("ago", "expected"), [(HOUR, HOUR), (-HOUR, 0)], ids=["an hour ago", "in the future"])
def test_age_after_a_boot(monkeypatch: pytest.MonkeyPatch, ago: float, expected: float) -> None:
    """After a boot only the wall clock can tell the age."""
    status = Status().seen_now()._replace(seen_at=time.time() - ago)
    monkeypatch.setattr(copy_status, "_boot", lambda: "another")

    assert status.age == pytest.approx(expected, abs=600)


def test_without_a_boot_id(copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the kernel names no boot, the age is known too, and the next follower finds out what a boot changed."""
    monkeypatch.setattr(copy_status, "_BOOT_ID", tmp_path / "none")
    copy_status._boot.cache_clear()
    try:
        assert Status().seen_now().age == pytest.approx(0, abs=600)
        for uptime in (-HOUR, HOUR * 10**6):  # before and after the boot that the former follower knew
            status = Status().seen_now()
            file = StatusFile(copy)
            file.write(status._replace(seen=copy_status._uptime() + uptime, seen_at=status.seen_at - 2 * HOUR))
            file.close()
            file = StatusFile(copy)
            file.close()
            assert file.status.age == pytest.approx(2 * HOUR, abs=600)
    finally:
        copy_status._boot.cache_clear()


def test_a_full_disk(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the status cannot be written, the work goes on."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    file = StatusFile(copy)
    monkeypatch.setattr("os.pwrite", full)
    file.write(Status(problem="x"))
    file.close()

    assert read_status(copy) == Status()
