"""The tables of a report: all domains, and those of each finding, plan and server, in pages of a size for a browser."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.check.finding import Severity
from autoconfig.check.server_codes import SERVER_KINDS
from autoconfig.check.tls_codes import TLS_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.results.domain_result import DomainResult

ROWS = 500
"""Domains in one table."""
_LONGEST = 200
"""Characters of a name that is a file's name as it is."""


class DomainRow(NamedTuple):
    """A domain in a table."""

    name: str
    plan: str
    errors: int
    warnings: int
    notes: int
    page: str
    """The path of its page, from the folder of a language."""


class Listing(NamedTuple):
    """Domains that have something in common."""

    kind: str
    """`all`, `code`, `plan` or `server`: the folder's name."""
    title: str
    """The code, the plan's key or the server; empty for `all`."""
    folder: str
    rows: Sequence[DomainRow]

    @property
    def first(self) -> str:
        """The path of its first page."""
        return self.page(0)

    def page(self, number: int) -> str:
        """The path of a page, from the folder of a language."""
        return f"{self.folder}/{number + 1:04}.html"

    def pages(self) -> Iterator[tuple[str, Sequence[DomainRow]]]:
        """The path of each page and its rows; one page at least."""
        for number in range(max(1, -(-len(self.rows) // ROWS))):
            yield self.page(number), self.rows[number * ROWS : (number + 1) * ROWS]


class Tables:
    """Collects the tables, while domains come by name."""

    def __init__(self) -> None:
        self._rows: list[DomainRow] = []
        self._by: dict[str, dict[str, list[DomainRow]]] = {
            kind: defaultdict(list) for kind in ("code", "plan", "server")
        }

    def add(self, result: DomainResult) -> DomainRow:
        """Take one more domain."""
        severities = [finding.severity for finding in result.findings]
        errors, warnings, notes = map(severities.count, (Severity.ERROR, Severity.WARNING, Severity.NOTE))
        row = DomainRow(result.name, result.plan, errors, warnings, notes, page_of(result.name))
        self._rows.append(row)
        self._by["plan"][result.plan].append(row)
        for code in dict.fromkeys(finding.code for finding in result.findings):
            self._by["code"][code].append(row)
        for server in dict.fromkeys(f.server for f in result.findings if f.code in SERVER_KINDS or f.code in TLS_KINDS):
            self._by["server"][server].append(row)
        return row

    def all(self) -> Listing:
        """Every domain."""
        return Listing("all", "", "all", self._rows)

    def listings(self, kind: str) -> list[Listing]:
        """The tables of a kind, the longest first."""
        found = sorted(self._by[kind].items(), key=lambda item: (-len(item[1]), item[0]))
        return [Listing(kind, title, f"{kind}/{number}", rows) for number, (title, rows) in enumerate(found, 1)]


def page_of(name: str) -> str:
    """The path of a domain's page, from the folder of a language; no folder has too many files."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"domain/{digest[:2]}/{name if len(name) <= _LONGEST else digest}.html"
