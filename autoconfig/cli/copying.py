"""`autoconfig db copy`: moves the mapping to another database."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli.options import AsJSON, own_settings_of
from autoconfig.cli.output import print_json
from autoconfig.cli.progress import bars
from autoconfig.errors import Refused

if TYPE_CHECKING:
    from autoconfig.mapping.copies.copying import Copied


def copy(
    context: typer.Context,
    url: Annotated[
        str, typer.Argument(metavar="URL", help="An empty database: postgresql://…, mariadb://…, sqlite:///…")
    ],
    as_json: AsJSON = False,
) -> None:
    """
    Copy the whole history into another, empty database. Its tables are made if it has none.

    Others may write meanwhile: what they wrote is copied too. A second time it copies what was written since.
    """
    from autoconfig.mapping.copies import copying
    from autoconfig.mapping.engine import upgrade
    from autoconfig.mapping.journal import Journal
    from autoconfig.mapping.place import Place

    settings = own_settings_of(context)
    target, source = Place.parse(url, "URL"), Place.parse(settings.database)
    if target == source:
        raise Refused(f"{target.shown}: is the configured database itself; nothing was changed")
    with contextlib.closing(Journal(settings.database)) as here:
        upgrade(url, create=True, setting="URL")
        with bars() as told, contextlib.closing(Journal(url, "URL")) as there:
            copied = copying.copy(here, there, told)
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
