"""What `mapping migrate-from` says: plans, rows, and what is not as it was."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import typer

from autoconfig.cli.output import print_json, print_table
from autoconfig.mail.params import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.migrate.planning import Migration, Row
    from autoconfig.migrate.source import Remark

_NAMED = 3  # domains that stand for all with the same remark
_ONE = "DOMAIN"


def print_migration(found: Migration, *, dry_run: bool, as_json: bool, shown: int) -> None:
    """Print it, as tables of at most `shown` lines or whole as JSON."""
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
        lines = [(r.domain, r.kind.value, r.problem, r.remedy, r.place) for r in found.remarks]
        if len(lines) > shown:
            lines = _summed_up(found.remarks)
        print_table(("Domain", "", "What", "What to do", "Where"), lines[:shown])
        _print_rest(len(lines), shown, "--json has all")
    counts = {
        "new plans": len(found.added),
        "rows": len(found.rows),
        "unchanged": len(found.unchanged),
        "not as they were": found.missed,
    }
    typer.echo(f"{'would be: ' if dry_run else ''}{', '.join(f'{count} {what}' for what, count in counts.items())}")


def _print_rest(count: int, shown: int, remedy: str = "") -> None:
    if count > shown:
        typer.echo(f"… and {count - shown} more" + (f"; {remedy}" if remedy else ""))


def _summed_up(remarks: Sequence[Remark]) -> list[tuple[str, str, str, str, str]]:
    """One line for all domains with the same remark, the most frequent first; the domain itself is no difference."""
    alike: dict[tuple[str, str, str], list[Remark]] = {}
    for remark in remarks:
        problem = remark.problem.replace(remark.domain, _ONE)
        alike.setdefault((remark.kind.value, problem, remark.remedy), []).append(remark)
    lines = []
    for (kind, problem, remedy), same in sorted(alike.items(), key=lambda item: -len(item[1])):
        names = list(dict.fromkeys(remark.domain for remark in same))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        first = same[0]
        said = problem if len(same) > 1 else first.problem
        lines.append((", ".join(names[:_NAMED]) + more, kind, said, remedy, first.place))
    return lines


def _cells(row: Row) -> tuple[str, str, str, str]:
    params = ", ".join(f"{name} = {value}" for name, value in decode(row.params).items())
    before = "" if row.before is None else row.before.plan or "(not ours)"
    return row.name, row.plan, params, before


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
