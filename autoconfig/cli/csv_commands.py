"""`autoconfig mapping sync` and `export`: the mapping as a CSV file."""

from __future__ import annotations

import contextlib
import itertools
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from autoconfig.cli.options import AsJSON, own_settings_of, settings_of
from autoconfig.cli.output import data_output, print_json, print_table, say
from autoconfig.cli.progress import bars
from autoconfig.cli.read_only import looked_at, tell_faults
from autoconfig.errors import InputInvalid
from autoconfig.files import replacing
from autoconfig.mail.params import readable
from autoconfig.mapping.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.mapping.sheet import Step
    from autoconfig.mapping.sync import Difference
    from autoconfig.settings import Settings

SHOWN = 50
"""How many lines of a difference are shown one by one; the rest is counted."""


def sync(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Columns: domain,plan[,valid_from][,note] and params.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="End the domains that the file does not have.")] = False,
    max_ends: Annotated[
        int | None, typer.Option(metavar="N", help="With --delete: end at most N domains.", min=0)
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """
    Make the mapping say what a CSV file says.

    It is one transaction; if a line is bad, nothing is written. Without --delete no domain is ended; with it, at most
    5 % of the domains (at least 10) unless --max-ends allows more.
    """
    from autoconfig.mapping import csv_file
    from autoconfig.mapping import sync as syncing
    from autoconfig.mapping.store import Journal
    from autoconfig.plans import read_file

    if max_ends is not None and not delete:
        raise InputInvalid("--max-ends needs --delete")
    settings = own_settings_of(context)
    plans = read_file(settings.plans)
    with contextlib.closing(Journal(settings.database)) as journal, contextlib.ExitStack() as kept:
        with bars() as on_progress:
            sheet = csv_file.read(file, settings.timezone, plans.check, on_progress)
            kept.callback(sheet.close)
            now = int(time.time())
            found = syncing.sync(
                journal, sheet, now, delete=delete, max_ends=max_ends, dry_run=dry_run, on_progress=on_progress
            )
        _print_difference(found, settings, dry_run=dry_run, as_json=as_json)


def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE.csv", help="Default: standard output.")] = None,
) -> None:
    """Write the mapping as a CSV file. `sync` reads it back without a change."""
    from autoconfig.mapping import csv_file

    settings, now = settings_of(context), int(time.time())
    with looked_at(settings, now) as reading:
        if file is None:
            csv_file.write(data_output(), reading.timelines, now, settings.timezone)
            tell_faults(reading)
            return
        try:
            with _replaced(file) as written:
                count = csv_file.write(written, reading.timelines, now, settings.timezone)
        except OSError as error:
            raise InputInvalid(f"{file}: cannot be written: {error.strerror}") from error
        tell_faults(reading)
    typer.echo(f"{file}: {count} names", err=True)


@contextlib.contextmanager
def _replaced(file: Path) -> Iterator[TextIO]:
    """Open a file that replaces `file` at the end, so that `file` is either whole or unchanged."""
    if file.exists() and not file.is_file():  # a pipe or a device is written to, never replaced
        with file.open("w", encoding="utf-8", newline="") as written:
            yield written
        return
    with replacing(file) as fresh, fresh.open("w", encoding="utf-8", newline="") as written:
        yield written


def _print_difference(found: Difference, settings: Settings, *, dry_run: bool, as_json: bool) -> None:
    counts = {
        "added": found.added,
        "changed": found.changed,
        "ended": found.ended,
        "unchanged": found.unchanged,
    }
    if as_json:
        back = [{"name": row.name, "row": row.id, "plan": row.plan} for row in found.coming_back]
        print_json({"dry_run": dry_run, **counts} | ({"coming_back": back} if back else {}))
        return
    if dry_run and len(found.steps):
        shown = itertools.islice(found.steps, SHOWN)
        print_table(("Domain", "Before", "After", "From"), (_line(step, settings) for step in shown))
        if len(found.steps) > SHOWN:
            typer.echo(f"… and {len(found.steps) - SHOWN} more")
    for row in found.coming_back[:SHOWN]:
        moment = format_time(row.valid_from, settings.timezone)
        say(
            f"{row.name}: is not in the file, but will be on {row.plan} from {moment}: row {row.id} is scheduled; "
            f"`autoconfig mapping end {row.name} --from {moment}` ends it too",
            err=True,
        )
    if len(found.coming_back) > SHOWN:
        say(f"… and {len(found.coming_back) - SHOWN} more names with a scheduled row; --json lists them", err=True)
    text = ", ".join(f"{count} {what}" for what, count in counts.items())
    typer.echo(f"{'would be: ' if dry_run else ''}{text}")


def _line(step: Step, settings: Settings) -> tuple[str, str, str, str]:
    before, change = step
    old = _says(before.plan, before.params) if before else ""
    return change.name, old, _says(change.plan, change.params), format_time(change.valid_from, settings.timezone)


def _says(plan: str | None, params: str) -> str:
    return " ".join([plan or "(not served)", *(f"{name}={value}" for name, value in readable(params).items())])
