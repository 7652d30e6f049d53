"""What a check of all domains prints: new findings, one a line, and the totals."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from autoconfig.cli.output import print_json, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autoconfig.results.last_run import FindingChange, LastRun, RunTotals

MOST_LINES = 100
"""New findings that are printed without `--diff`: the journal of a timer has to stay readable."""
MOST_CHANGES = 10_000
"""Lines of a difference, and entries of its JSON."""


def print_changes(last: LastRun, totals: RunTotals, servers: int, *, whole: bool, as_json: bool) -> None:
    """
    Print what is new since the run before; `whole`: also what is gone, and more lines.

    `servers`: how many were asked.
    """
    most = MOST_CHANGES if whole else MOST_LINES
    if as_json:
        gone = {"gone": [change._asdict() for change in itertools.islice(last.gone(), most)]} if whole else {}
        print_json(
            {
                "domains": totals.domains,
                "domains_with_errors": totals.bad,
                "servers_asked": servers,
                "findings": totals.findings,
                "new": [change._asdict() for change in itertools.islice(last.new(), most)],
                **gone,
            }
        )
        return
    _print_lines("new", last.new(), most)
    if whole:
        _print_lines("gone", last.gone(), most)
    count = sum(totals.findings.values())
    findings = "1 finding" if count == 1 else f"{count} findings"
    say(f"{totals.domains} domains, {servers} servers asked; {findings}; {totals.bad} domains have errors")


def _print_lines(what: str, changes: Iterable[FindingChange], most: int) -> None:
    more = 0
    for number, change in enumerate(changes):
        if number < most:
            seen = " ".join(change.seen.split())
            say(f"{what}: {change.severity} {change.code}: {change.name}: {change.server}: {seen}")
        else:
            more += 1
    if more:
        say(f"{what}: {more} more")
