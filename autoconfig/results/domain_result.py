"""The result of checking one domain, as it is written and read."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.check.codes import KINDS
from autoconfig.check.finding import Finding, Severity, both

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from autoconfig.check.domain_check import Checked

_FINDING = "name, code, severity, server, seen, ja, en"


class Listed(NamedTuple):
    """A domain to be checked."""

    name: str
    plan: str
    params: str
    """Canonical JSON, as in a row."""
    parent: str = ""
    """The domain whose row it is, where that is not the domain itself."""

    @property
    def row(self) -> str:
        """What the result depends on."""
        return f"{self.plan} {self.params} {self.parent}"


class DomainResult(NamedTuple):
    """The result for a domain."""

    name: str
    plan: str
    machine: str
    """The machine that checked."""
    checked_at: int
    """Unix seconds."""
    servers: int
    """Announced servers."""
    has_records: bool
    """Whether every needed DNS record is right."""
    heard: bool
    """Whether any name server answered."""
    findings: tuple[Finding, ...]


def write_result(connection: sqlite3.Connection, run: int, listed: Listed, checked: Checked) -> None:
    """Write the result of a domain, found by this machine now, in place of the one that the run has."""
    connection.execute("DELETE FROM finding WHERE run = ? AND name = ?", (run, listed.name))
    connection.execute(
        "INSERT OR REPLACE INTO domain VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run,
            listed.name,
            listed.row,
            listed.plan,
            socket.gethostname(),
            int(time.time()),
            checked.servers,
            checked.has_records,
            checked.heard,
        ),
    )
    connection.executemany(
        "INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                run,
                listed.name,
                place,
                str(found.code),
                str(found.severity),
                found.server,
                found.seen,
                found.advice.in_language("ja"),
                found.advice.in_language("en"),
            )
            for place, found in enumerate(checked.findings)
        ),
    )


def read_results(connection: sqlite3.Connection, run: int, name: str | None = None) -> Iterator[DomainResult]:
    """The results of a run by name, streamed; or the one of a domain, if there is one."""
    columns = "name, plan, machine, checked_at, servers, has_records, heard"
    condition, values = ("", (run,)) if name is None else ("AND name = ?", (run, name))
    rows = connection.execute(
        f"SELECT {columns} FROM domain WHERE run = ? {condition} ORDER BY name",  # noqa: S608
        values,
    )
    for name_, plan, machine, checked_at, servers, has_records, heard in rows:
        found = connection.execute(
            f"SELECT {_FINDING} FROM finding WHERE run = ? AND name = ? ORDER BY place",  # noqa: S608
            (run, name_),
        )
        findings = tuple(finding for row in found if (finding := _finding(row)) is not None)
        yield DomainResult(name_, plan, machine, checked_at, servers, bool(has_records), bool(heard), findings)


def _finding(row: tuple[str, str, str, str, str, str, str]) -> Finding | None:
    """A finding; `None` where this release does not know the code."""
    name, code, severity, server, seen, ja, en = row
    kind = KINDS.get(code)
    if kind is None:
        return None
    return Finding(code, kind, name, server, seen, Severity(severity), both(ja, en))
