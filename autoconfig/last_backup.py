"""Remember when the last backup was made, for monitoring."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from autoconfig.files import MODE, replacing

if TYPE_CHECKING:
    from pathlib import Path

NAME = "last-backup.json"
"""In the state folder."""


def note_backup(state_dir: Path, file: Path, made_at: int) -> None:
    """
    Record that the backup `file` was made at a time (Unix seconds).

    Raises:
        OSError: it cannot be written.
    """
    with replacing(state_dir / NAME, mode=MODE) as fresh:
        fresh.write_text(json.dumps({"file": str(file), "made_at": made_at}), encoding="utf-8")


def last_backup(state_dir: Path) -> float:
    """The Unix time of the last backup; 0 if it is unknown."""
    try:
        noted = json.loads((state_dir / NAME).read_bytes())
        return float(noted["made_at"])
    except (OSError, ValueError, TypeError, KeyError):
        return 0.0
