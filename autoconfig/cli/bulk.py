"""`autoconfig mapping sync` and `export`: whole files."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from autoconfig.cli.looking import looked_at, tell_faults
from autoconfig.cli.options import AsJSON, own_settings_of, settings_of
from autoconfig.cli.output import data_output, print_json, print_table
from autoconfig.cli.progress import progress
from autoconfig.errors import InputInvalid
from autoconfig.files import replacing
from autoconfig.mail.params import decode
from autoconfig.mapping.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.mapping.sync import Difference, Step
    from autoconfig.settings import Settings

SHOWN = 50
"""Lines of a difference that are shown one by one; more are summed up."""


def sync(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="name,plan[,valid_from][,note] and params.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="End the names that the file does not have.")] = False,
    max_ends: Annotated[
        int | None, typer.Option(metavar="N", help="With --delete: end up to so many names.", min=0)
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """
    Make the mapping say what a CSV file says. It is one transaction, and nothing is written if a line is bad.

    Without --delete no name is ended; with it no more than 5 % of the names (at least 10), unless --max-ends says so.
    """
    from autoconfig.mapping import csvfile
    from autoconfig.mapping import sync as syncing
    from autoconfig.mapping.journal import Journal
    from autoconfig.plans import read_file

    if max_ends is not None and not delete:
        raise InputInvalid("--max-ends goes with --delete")
    settings = own_settings_of(context)
    plans = read_file(settings.plans)
    with contextlib.closing(Journal(settings.database)) as journal:
        with progress("reading", _size(file)) as advance:
            sheet = csvfile.read(file, settings.timezone, plans.check, advance)
        with progress("comparing and writing", len(sheet.wanted)) as advance:
            found = syncing.sync(
                journal, sheet, int(time.time()), delete=delete, max_ends=max_ends, dry_run=dry_run, advance=advance
            )
    _print_difference(found, settings, dry_run=dry_run, as_json=as_json)


def export(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE.csv", help="Without it, standard output.")] = None,
) -> None:
    """Write the mapping as a CSV file. `sync` with it changes nothing."""
    from autoconfig.mapping import csvfile

    settings, now = settings_of(context), int(time.time())
    with looked_at(settings, now) as reading:
        if file is None:
            csvfile.write(data_output(), reading.timelines, now, settings.timezone)
            tell_faults(reading)
            return
        try:
            with _replaced(file) as written:
                count = csvfile.write(written, reading.timelines, now, settings.timezone)
        except OSError as error:
            raise InputInvalid(f"{file}: cannot be written: {error.strerror}") from error
        tell_faults(reading)
    typer.echo(f"{file}: {count} names", err=True)


def _size(file: Path) -> int | None:
    """Its bytes, where that can be known beforehand; what cannot be read is reported by who reads it."""
    try:
        return file.stat().st_size if file.is_file() else None
    except OSError:
        return None


@contextlib.contextmanager
def _replaced(file: Path) -> Iterator[TextIO]:
    """A file to write that takes the place of `file` at the end: it is whole, or what it was before."""
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
        print_json({"dry_run": dry_run} | counts)
        return
    if dry_run and found.steps:
        print_table(("Name", "Before", "After", "From"), (_line(step, settings) for step in found.steps[:SHOWN]))
        if len(found.steps) > SHOWN:
            typer.echo(f"… and {len(found.steps) - SHOWN} more")
    text = ", ".join(f"{count} {what}" for what, count in counts.items())
    typer.echo(f"{'would be: ' if dry_run else ''}{text}")


def _line(step: Step, settings: Settings) -> tuple[str, str, str, str]:
    before, change = step
    old = _says(before.plan, before.params) if before else ""
    return change.name, old, _says(change.plan, change.params), format_time(change.valid_from, settings.timezone)


def _says(plan: str | None, params: str) -> str:
    return " ".join([plan or "(not ours)", *(f"{name}={value}" for name, value in decode(params).items())])
