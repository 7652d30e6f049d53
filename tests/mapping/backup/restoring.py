"""Restores a backup, as `mapping restore` does."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from autoconfig.mapping.backup.restore import compare, opened, restore
from autoconfig.mapping.store import Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from autoconfig.mapping.backup.restore import Effect


def restored(url: str, file: Path, before: Path | None = None, meanwhile: Callable[[], None] = lambda: None) -> Effect:
    """What `mapping restore` does."""
    with opened(file) as rows, contextlib.closing(Journal(url)) as journal:
        found = compare(journal, rows)
        meanwhile()
        restore(url, journal, rows, found, before)
        return found
