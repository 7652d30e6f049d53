"""What the last finished check of all domains found."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.results.domain_result import DomainResult, read_results
from autoconfig.results.results_file import looked_at

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


class FindingChange(NamedTuple):
    """A finding that is new, or gone."""

    name: str
    code: str
    severity: str
    server: str
    seen: str


class RunTotals(NamedTuple):
    """The last run in figures."""

    domains: int
    bad: int
    """Domains with errors, or without a DNS record that is needed."""
    heard: bool
    """Whether the DNS answered for any domain, or there is none."""
    findings: dict[str, int]
    """By `SEVERITY CODE`, sorted."""


class LastRun:
    """The last finished run, and the one before."""

    def __init__(self, connection: sqlite3.Connection, identity: int, before: int | None, finished_at: int) -> None:
        self._connection, self._id, self._before = connection, identity, before
        self.finished_at = finished_at
        """Unix seconds."""

    @property
    def has_before(self) -> bool:
        """Whether there is a run to compare it with."""
        return self._before is not None

    def domain(self, name: str) -> DomainResult | None:
        """The result for one domain."""
        return next(read_results(self._connection, self._id, name), None)

    def domains(self) -> Iterator[DomainResult]:
        """All results by name, streamed."""
        return read_results(self._connection, self._id)

    def totals(self) -> RunTotals:
        """Count."""
        domains, heard = self._connection.execute(
            "SELECT count(*), coalesce(max(heard), 1) FROM domain WHERE run = ?", (self._id,)
        ).fetchone()
        (bad,) = self._connection.execute(
            "SELECT count(*) FROM domain WHERE run = ? AND (NOT has_records OR EXISTS (SELECT 1 FROM finding"
            " WHERE finding.run = domain.run AND finding.name = domain.name AND severity = 'error'))",
            (self._id,),
        ).fetchone()
        rows = self._connection.execute("SELECT figures FROM run WHERE id = ?", (self._id,)).fetchone()
        return RunTotals(domains, bad, bool(heard), dict(sorted(json.loads(rows[0]).items())))

    def new(self) -> Iterator[FindingChange]:
        """Findings that the run before did not have: the same code in the same place of the same domain."""
        return self._changes(self._id, self._before or 0)

    def gone(self) -> Iterator[FindingChange]:
        """Findings that only the run before had."""
        return self._changes(self._before or 0, self._id)

    def _changes(self, run: int, other: int) -> Iterator[FindingChange]:
        rows = self._connection.execute(
            "SELECT name, code, severity, server, min(seen) FROM finding AS here WHERE run = ? AND NOT EXISTS"
            " (SELECT 1 FROM finding AS there WHERE there.run = ? AND there.code = here.code AND there.name = here.name"
            " AND there.server = here.server) GROUP BY name, code, severity, server ORDER BY name, code, server",
            (run, other),
        )
        return map(FindingChange._make, rows)


@contextlib.contextmanager
def last_run(state_dir: Path) -> Iterator[LastRun | None]:
    """
    Open what the last finished run found; `None` if there was none.

    Raises:
        MappingUnavailable: the file with results cannot be read.
    """
    with looked_at(state_dir) as connection:
        if connection is None:
            yield None
            return
        connection.execute("BEGIN")  # one view, also while a check goes on
        runs = connection.execute(
            "SELECT id, finished_at FROM run WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 2"
        ).fetchall()
        yield LastRun(connection, runs[0][0], runs[1][0] if runs[1:] else None, runs[0][1]) if runs else None
