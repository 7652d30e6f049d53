"""`autoconfig db backup` and `restore`: the whole history in one file. `mapping backup` and `restore` are aliases."""

from __future__ import annotations

import contextlib
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli.options import AsJSON, own_settings_of
from autoconfig.cli.output import print_json, print_table, say
from autoconfig.cli.progress import bars
from autoconfig.errors import Refused
from autoconfig.last_backup import note_backup
from autoconfig.mapping.sqlite_file import damage_of
from autoconfig.mapping.times import format_time

if TYPE_CHECKING:
    from autoconfig.mapping.backup.restore import Effect
    from autoconfig.settings import Settings


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    as_json: AsJSON = False,
) -> None:
    """
    Write the whole history into a file. Others may write meanwhile.

    The file is a SQLite mapping, whatever the database is.
    """
    from autoconfig.mapping.backup import backup as backups

    settings, began = own_settings_of(context), int(time.time())
    with bars() as on_progress:
        digest = backups.backup(settings.database, file, force=force, on_progress=on_progress)
    if settings.state_dir.is_dir():
        try:
            note_backup(settings.state_dir, file.absolute(), began)
        except OSError as error:
            say(f"{settings.state_dir}: the time of the backup was not recorded: {error.strerror}", err=True)
    if as_json:
        print_json({"file": str(file), "rows": digest.rows, "last_id": digest.last_id, "sha256": digest.sha256})
    else:
        typer.echo(f"{file}: {digest.rows} rows up to {digest.last_id}, sha256 {digest.sha256}")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Do not keep the rows that are replaced.")] = False,
    as_json: AsJSON = False,
) -> None:
    """
    Replace the whole history with that of a backup. Running servers notice and serve it.

    It is one transaction. The rows that are replaced are kept in a backup beside FILE; a damaged SQLite database is set
    aside.
    """
    from autoconfig.mapping.backup import restore
    from autoconfig.mapping.database_location import DatabaseLocation, Kind
    from autoconfig.mapping.store import Journal, refuse_copy

    settings = own_settings_of(context)
    location = DatabaseLocation.parse(settings.database)
    with bars() as on_progress, restore.opened(file, on_progress) as restored:
        if location.kind is Kind.SQLITE and _is_unusable(location.path, yes=yes):
            aside = restore.make(location.path, restored)
            _print_restored(file, location.shown, aside, as_json=as_json)
            return
        with contextlib.closing(Journal(settings.database)) as journal:
            refuse_copy(journal.shown, journal.source)
            found = restore.compare(journal, restored, on_progress)
            if not as_json:
                _print_difference(found, settings)
            if not found.lost and not found.added:
                before = None
            else:
                _ask(location.shown, yes=yes)
                before = None if no_backup else _before(file)
                restore.restore(settings.database, journal, restored, found, before, on_progress)
    _print_restored(file, location.shown, before, as_json=as_json, found=found)


def _is_unusable(path: Path, *, yes: bool) -> bool:
    """Whether the database is missing or damaged; ask before a damaged one is set aside."""
    if not path.exists():
        return True
    if (damage := damage_of(path)) is None:
        return False
    say(f"{path}: is damaged: {damage}; it will be set aside", err=True)
    _ask(str(path), yes=yes)
    return True


def _before(file: Path) -> Path:
    """The name of the backup of the rows that are replaced."""
    moment = datetime.fromtimestamp(int(time.time()), UTC).strftime("%Y%m%dT%H%M%SZ")
    return file.with_name(f"{file.stem}-before-{moment}{file.suffix}")


def _ask(location: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(f"{location}: nothing was changed; to restore without being asked, add --yes")
    if not typer.confirm(f"Replace all rows of {location}?", err=True):
        raise Refused(f"{location}: nothing was changed")


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


def _print_restored(
    file: Path, location: str, before: Path | None, *, as_json: bool, found: Effect | None = None
) -> None:
    changed = found is None or bool(found.lost or found.added)
    if as_json:
        counts = {"lost": found.lost, "added": found.added} if found is not None else {}
        print_json({"restored": changed, "replaced": str(before) if before else None} | counts)
    elif not changed:
        typer.echo(f"{location}: already has these rows; nothing was changed")
    else:
        kept = f"; its former rows are in {before}" if before else ""
        typer.echo(f"{location}: now has the rows of {file}{kept}")
