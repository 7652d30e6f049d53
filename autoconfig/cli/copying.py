"""`autoconfig db copy`: move the mapping to another database."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli.options import AsJSON, own_settings_of
from autoconfig.cli.output import print_json
from autoconfig.cli.progress import bars
from autoconfig.errors import Refused

if TYPE_CHECKING:
    from autoconfig.mapping.backup.copy import Copied


def copy(
    context: typer.Context,
    url: Annotated[
        str, typer.Argument(metavar="URL", help="An empty database: postgresql://…, mariadb://…, sqlite:///…")
    ],
    as_json: AsJSON = False,
) -> None:
    """
    Copy the whole history into another, empty database. It gets its tables if it has none.

    Others may write meanwhile; their rows are copied too. Repeated, it copies the rows written since.
    """
    from autoconfig.mapping.backup import copy
    from autoconfig.mapping.database_location import DatabaseLocation
    from autoconfig.mapping.store import Journal
    from autoconfig.mapping.store_database import upgrade

    settings = own_settings_of(context)
    target, source = DatabaseLocation.parse(url, "URL"), DatabaseLocation.parse(settings.database)
    if target == source:
        raise Refused(f"{target.shown}: is already the configured database; nothing was changed")
    with contextlib.closing(Journal(settings.database)) as here:
        upgrade(url, create=True, setting="URL")
        with bars() as on_progress, contextlib.closing(Journal(url, "URL")) as there:
            copied = copy.copy(here, there, on_progress)
    _print(copied, source.shown, target.shown, as_json=as_json)


def _print(copied: Copied, source: str, target: str, *, as_json: bool) -> None:
    digest = copied.digest
    if as_json:
        print_json(
            {
                "rows": digest.rows,
                "last_id": digest.last_id,
                "sha256": digest.sha256,
                "copied_before": copied.before,
                "written_meanwhile": copied.later,
            }
        )
        return
    typer.echo(f"{target}: has all {digest.rows} rows of {source}, sha256 {digest.sha256}")
    if copied.before:
        typer.echo(f"{_of_them(copied.before)} there already")
    if copied.later:
        typer.echo(f"{_of_them(copied.later)} written while the others were copied")
    typer.echo("Next: write its URL as `database` into autoconfig.toml, and restart the servers")


def _of_them(count: int) -> str:
    return f"{count} of them {'was' if count == 1 else 'were'}"
