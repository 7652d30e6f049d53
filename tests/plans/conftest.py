from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plans.watched import Server

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A server that has not been started."""
    return Server(tmp_path)
