from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the backup is to be."""
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "backup.db"
