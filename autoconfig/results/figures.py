"""Figures of the last finished check of all domains, for monitoring."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from autoconfig.errors import AutoconfigError
from autoconfig.results.results_file import NAME, looked_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FINDINGS, FINISHED = "check_findings", "last_check_timestamp_seconds"


class CheckFigures:
    """Reads the figures again when the file has changed. Every method may block on the disk."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._read_as: tuple[int, int, int] | None = None
        self._figures: Mapping[str, float] = {FINISHED: 0.0}

    def current(self) -> Mapping[str, float]:
        """
        Return the number of findings as `check_findings SEVERITY CODE`, and the time of the run in Unix seconds; what
        was read last if the file cannot be read now.
        """
        try:
            status = (self._state_dir / NAME).stat()
        except OSError:
            return {FINISHED: 0.0}
        now = status.st_mtime_ns, status.st_size, status.st_ino
        if now != self._read_as:
            try:
                self._figures, self._read_as = _read(self._state_dir), now
            except (AutoconfigError, ValueError, OSError):
                return self._figures
        return self._figures


def _read(state_dir: Path) -> dict[str, float]:
    with looked_at(state_dir) as connection:
        row = (
            connection
            and connection.execute(
                "SELECT finished_at, figures FROM run WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1"
            ).fetchone()
        )
    if not row:
        return {FINISHED: 0.0}
    counts = {f"{FINDINGS} {label}": float(count) for label, count in json.loads(row[1]).items()}
    return {FINISHED: float(row[0]), **counts}
