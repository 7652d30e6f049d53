"""Print the result of `mapping migrate-from`: plans, rows, and differences."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import typer

from autoconfig.cli.output import print_json, print_table, say
from autoconfig.mail.params import decode
from autoconfig.migrate.source import RemarkKind, some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.migrate.planning import Migration, PlannedRow
    from autoconfig.migrate.source import Remark

_ONE = "DOMAIN"
# Characters of a cell, because documents have texts of any length. --json has all of it.
_LONGEST, _LONGEST_PROBLEM = 100, 300
# First the remarks for which a domain is not served here as it is there.
_KINDS = (RemarkKind.DIFFERS, RemarkKind.LEFT_OUT, RemarkKind.TAKEN, RemarkKind.NOT_KEPT, RemarkKind.NOTE)
_ORDER = {kind: place for place, kind in enumerate(_KINDS)}
_NEVER_CUT = {RemarkKind.DIFFERS, RemarkKind.LEFT_OUT}


def print_migration(found: Migration, *, dry_run: bool, as_json: bool, shown: int) -> None:
    """Print all of it as JSON; or tables of at most `shown` lines, but each domain that differs or is left out."""
    if as_json:
        print_json(_described(found, dry_run=dry_run))
        return
    domains = Counter(row.plan for row in found.rows)
    new = {one.plan.key: one.plan for one in found.added}
    if domains:
        rows = [(key, "new" if key in new else "", str(count)) for key, count in domains.most_common(shown)]
        print_table(("Plan", "", "Domains"), rows)
        _print_rest(len(domains), shown)
    if dry_run:
        for one in found.added[:shown]:
            typer.echo(f"\n{one.text}", nl=False)
        _print_rest(len(found.added), shown)
        if found.rows:
            typer.echo()
            print_table(("Domain", "Plan", "Params", "Before"), map(_cells, found.rows[:shown]))
            _print_rest(len(found.rows), shown)
    if found.remarks:
        typer.echo()
        remarks = sorted(found.remarks, key=lambda remark: _ORDER[remark.kind])
        lines = [_line(remark) for remark in remarks if remark.kind in _NEVER_CUT]
        others = [remark for remark in remarks if remark.kind not in _NEVER_CUT]
        rest = list(map(_line, others)) if len(remarks) <= shown else _summed_up(others)
        room = max(shown - len(lines), 0)
        print_table(("Domain", "", "What", "What to do", "Where"), [*lines, *rest[:room]])
        _print_rest(len(rest), room, "--json has all")
    counts = {
        "new plans": len(found.added),
        "rows": len(found.rows),
        "unchanged": len(found.unchanged),
        "not as they were": found.missed,
    }
    say(f"{'would be: ' if dry_run else ''}{', '.join(f'{count} {what}' for what, count in counts.items())}")


def _print_rest(count: int, shown: int, remedy: str = "") -> None:
    if count > shown:
        say(f"… and {count - shown} more" + (f"; {remedy}" if remedy else ""))


def _line(remark: Remark) -> tuple[str, str, str, str, str]:
    problem = _bounded(remark.problem, _LONGEST_PROBLEM)
    return remark.domain, remark.kind.value, problem, _bounded(remark.remedy), _bounded(remark.place)


def _bounded(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _summed_up(remarks: Sequence[Remark]) -> list[tuple[str, str, str, str, str]]:
    """One line for all domains with the same remark, the most frequent first; their own names may differ in it."""
    alike: dict[tuple[str, str, str], list[Remark]] = {}
    for remark in remarks:
        problem = remark.problem.replace(remark.domain, _ONE)
        alike.setdefault((remark.kind.value, problem, remark.remedy), []).append(remark)
    lines = []
    for (_, problem, _), same in sorted(alike.items(), key=lambda item: -len(item[1])):
        names = some(list(dict.fromkeys(remark.domain for remark in same)))
        first = same[0]
        lines.append(_line(first._replace(domain=names, problem=problem if len(same) > 1 else first.problem)))
    return lines


def _cells(row: PlannedRow) -> tuple[str, str, str, str]:
    params = ", ".join(f"{name} = {value}" for name, value in decode(row.params).items())
    before = "" if row.before is None else row.before.plan or "(not served)"
    return row.name, row.plan, _bounded(params, _LONGEST_PROBLEM), before


def _described(found: Migration, *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "plans": [{"plan": one.plan.key, "toml": one.text} for one in found.added],
        "rows": [
            {
                "name": row.name,
                "plan": row.plan,
                "params": decode(row.params),
                "before": row.before.plan if row.before else None,
            }
            for row in found.rows
        ],
        "unchanged": list(found.unchanged),
        "not_as_they_were": found.missed,
        "remarks": [
            {
                "domain": remark.domain,
                "kind": remark.kind.value,
                "problem": remark.problem,
                "remedy": remark.remedy,
                "place": remark.place,
            }
            for remark in found.remarks
        ],
    }
