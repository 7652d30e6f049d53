"""`autoconfig mapping backup` and `restore`: the whole history, in one file."""

from __future__ import annotations

import contextlib
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli.options import AsJSON, own_settings_of
from autoconfig.cli.output import print_json, print_table
from autoconfig.cli.progress import bars
from autoconfig.errors import Refused
from autoconfig.mapping.times import format_time

if TYPE_CHECKING:
    from autoconfig.mapping.copies.restoring import Effect
    from autoconfig.settings import Settings


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where it is to be.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    as_json: AsJSON = False,
) -> None:
    """Write the whole history into a file. It is a SQLite mapping, whatever the database is; others may write."""
    from autoconfig.mapping.copies import backup as backups

    with bars() as told:
        digest = backups.backup(own_settings_of(context).database, file, force=force, told=told)
    if as_json:
        print_json({"file": str(file), "rows": digest.rows, "last_id": digest.last_id, "sha256": digest.sha256})
    else:
        typer.echo(f"{file}: {digest.rows} rows up to {digest.last_id}, sha256 {digest.sha256}")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it without being asked.")] = False,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Keep nothing of what is replaced.")] = False,
    as_json: AsJSON = False,
) -> None:
    """
    Replace the whole history by that of a backup. Servers go on meanwhile and then serve it.

    It is one transaction. What is replaced is kept in a backup beside FILE.
    """
    from autoconfig.mapping.copies import restoring
    from autoconfig.mapping.journal import Journal, refuse_replica
    from autoconfig.mapping.place import Kind, Place

    settings = own_settings_of(context)
    place = Place.parse(settings.database)
    with bars() as told, restoring.opened(file, told) as restored:
        if place.kind is Kind.SQLITE and not place.path.exists():
            restoring.make(place.path, restored)
            _print_restored(file, place.shown, None, as_json=as_json)
            return
        with contextlib.closing(Journal(settings.database)) as journal:
            refuse_replica(journal.shown, journal.source)
            found = restoring.compare(journal, restored, told)
            if not as_json:
                _print_difference(found, settings)
            if not found.lost and not found.added:
                before = None
            else:
                _ask(place.shown, yes=yes)
                before = None if no_backup else _before(file)
                restoring.restore(settings.database, journal, restored, found, before, told)
    _print_restored(file, place.shown, before, as_json=as_json, found=found)


def _before(file: Path) -> Path:
    """What the backup of the rows that are replaced is called."""
    moment = datetime.fromtimestamp(int(time.time()), UTC).strftime("%Y%m%dT%H%M%SZ")
    return file.with_name(f"{file.stem}-before-{moment}{file.suffix}")


def _ask(place: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{place}: nothing was changed: to do it, say --yes")
    if not typer.confirm(f"Replace all rows of {place}?", err=True):
        raise Refused(f"{place}: nothing was changed")


def _print_difference(found: Effect, settings: Settings) -> None:
    def shown(moment: int | None) -> str:
        return format_time(moment, settings.timezone) if moment is not None else ""

    rows = [
        ("rows", str(found.rows), str(found.restored_rows)),
        ("last row", str(found.last_id), str(found.restored_last_id)),
        ("written", shown(found.written_at), shown(found.restored_written_at)),
    ]
    print_table(("", "Now", "Backup"), rows)
    since = f", written {shown(found.lost_since)} and later" if found.lost_since is not None else ""
    lost = "1 row is" if found.lost == 1 else f"{found.lost} rows are"
    typer.echo(f"{lost} not in the backup and would be lost{since}; {found.added} would be added")


def _print_restored(file: Path, place: str, before: Path | None, *, as_json: bool, found: Effect | None = None) -> None:
    changed = found is None or bool(found.lost or found.added)
    if as_json:
        counts = {"lost": found.lost, "added": found.added} if found is not None else {}
        print_json({"restored": changed, "replaced": str(before) if before else None} | counts)
    elif not changed:
        typer.echo(f"{place}: has these rows already; nothing was changed")
    else:
        kept = f"; what it had before is in {before}" if before else ""
        typer.echo(f"{place}: has the rows of {file} now{kept}")
