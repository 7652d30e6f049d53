from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.copies import replica as replica_module
from autoconfig.mapping.copies import replication
from autoconfig.mapping.copies.replication import Replicator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the backup is to be."""
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "backup.db"


@pytest.fixture
def replica(tmp_path: Path) -> Path:
    """Where the replica is to be."""
    (tmp_path / "node").mkdir()
    return tmp_path / "node" / "replica.db"


@pytest.fixture
def replicator(url: str, replica: Path) -> Iterator[Replicator]:
    """Of the database, which is empty at first."""
    with contextlib.closing(Replicator(url, replica)) as made:
        yield made


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are many."""
    monkeypatch.setattr(replication, "BATCH", 7)
    monkeypatch.setattr(replica_module, "BATCH", 7)
    monkeypatch.setattr(replication, "STEP", 10)
