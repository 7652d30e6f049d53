from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An empty autoconfig.toml: every setting has a default."""
    path = tmp_path / "autoconfig.toml"
    path.touch()
    return path
