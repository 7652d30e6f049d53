from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping import progress
from autoconfig.mapping.follower import comparison, copy_file, follower
from autoconfig.mapping.follower.follower import Follower

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Where the copy is to be."""
    (tmp_path / "node").mkdir()
    return tmp_path / "node" / "copy.db"


@pytest.fixture
def following(url: str, copy: Path) -> Iterator[Follower]:
    """Of the database, which is empty at first."""
    with contextlib.closing(Follower(url, copy)) as made:
        yield made


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are many."""
    monkeypatch.setattr(follower, "BATCH", 7)
    monkeypatch.setattr(copy_file, "BATCH", 7)
    monkeypatch.setattr(progress, "EVERY", 7)
    monkeypatch.setattr(comparison, "STEP", 10)
