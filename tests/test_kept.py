from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.support.kept import kept

TOGETHER = 4


def _slowly(folder: Path) -> None:
    with (folder.parents[1] / "fetched").open("a") as fetched:
        fetched.write("x")
    (folder / "first").write_text("whole")
    time.sleep(0.2)
    (folder / "second").write_text("whole")


def _read(cache: str) -> list[str]:
    folder = kept("program", _slowly, Path(cache))
    return [(folder / name).read_text() for name in ("first", "second")]


def test_processes_that_want_a_file_at_a_time(tmp_path: Path) -> None:
    """What several processes want at a time is fetched once, and each of them finds it whole."""
    with ProcessPoolExecutor(TOGETHER, get_context("spawn")) as processes:
        found = list(processes.map(_read, [str(tmp_path)] * TOGETHER))

    assert found == [["whole", "whole"]] * TOGETHER
    assert (tmp_path / "fetched").read_text() == "x"


def test_a_fetch_that_fails(tmp_path: Path) -> None:
    """What was fetched by half is gone, and fetched again by the next who wants it."""

    def fail(folder: Path) -> None:
        (folder / "first").write_text("half")
        raise OSError("no network")

    with pytest.raises(OSError, match="no network"):
        kept("program", fail, tmp_path)
    assert os.listdir(tmp_path) == ["program.lock"]  # noqa: PTH208 (names)

    assert _read(str(tmp_path)) == ["whole", "whole"]
