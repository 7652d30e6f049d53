"""
Results of checks of single domains, beside those of the runs.

They are in the same tables, under a number that is above that of every run, so that no end of a run forgets them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from autoconfig.results.domain_result import read_results, write_result
from autoconfig.results.last_run import last_run
from autoconfig.results.results_file import looked_at, opened, transaction

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.check.domain_check import Checked
    from autoconfig.results.domain_result import DomainResult, Listed

SINGLE = 1 << 62
"""In place of the number of a run."""
KEPT_FOR = 30 * 24 * 3600
"""Seconds for which such a result is kept."""


def keep_single(state_dir: Path, listed: Listed, checked: Checked) -> None:
    """
    Write the result of a domain that was checked alone, and forget old ones.

    Raises:
        MappingUnavailable, Refused: the file with results cannot be used.
        OSError: the state folder cannot be written.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    old = (SINGLE, int(time.time()) - KEPT_FOR)
    with opened(state_dir) as connection, transaction(connection):
        write_result(connection, SINGLE, listed, checked)
        connection.execute(
            "DELETE FROM finding WHERE run = ?1 AND name IN"
            " (SELECT name FROM domain WHERE run = ?1 AND checked_at < ?2)",
            old,
        )
        connection.execute("DELETE FROM domain WHERE run = ? AND checked_at < ?", old)


def newest_result(state_dir: Path, name: str) -> DomainResult | None:
    """
    The newest result of a domain: of the last finished check of all domains, or of a check of its own.

    Raises:
        MappingUnavailable: the file with results cannot be read.
    """
    with last_run(state_dir) as last:
        found = [last.domain(name)] if last is not None else []
    with looked_at(state_dir) as connection:
        if connection is not None:
            found += [next(read_results(connection, SINGLE, name), None)]
    return max(filter(None, found), key=lambda result: result.checked_at, default=None)
