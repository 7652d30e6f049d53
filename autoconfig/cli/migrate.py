"""`autoconfig mapping migrate-from`: what another program serves, as plans and rows of ours."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli.bulk import SHOWN
from autoconfig.cli.exits import Exit
from autoconfig.cli.migrated import print_migration
from autoconfig.cli.options import AsJSON, own_settings_of
from autoconfig.cli.progress import progress
from autoconfig.plans import read_file

if TYPE_CHECKING:
    from autoconfig.mapping.journal import Journal
    from autoconfig.migrate.planning import Migration
    from autoconfig.migrate.source import Source
    from autoconfig.plans import Plans
    from autoconfig.settings import Settings

TAKE_OVER = 4.0
"""Seconds between new plans and the rows that name them: a running server takes changed plans over within 3."""

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Bring the domains that another program serves here."
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be written.")]
Replace = Annotated[bool, typer.Option("--replace", help="Overwrite rows that say something else.")]
Accept = Annotated[
    bool, typer.Option("--accept-differences", help="Also take domains over that would get other servers than now.")
]


@app.callback()
def _group() -> None:
    pass


@app.command()
def automx2(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Its database, as db_uri in automx2.conf.")],
    dry_run: DryRun = False,
    replace: Replace = False,
    accept_differences: Accept = False,
    as_json: AsJSON = False,
) -> None:
    """
    Take over the domains of automx2. Each set of servers becomes a plan, each domain a row.

    Every domain is checked to get the same servers here; one that would not is reported and left out (exit code 1).
    """
    from autoconfig.mapping import automx2 as database
    from autoconfig.migrate import automx2 as reader

    settings = own_settings_of(context)
    with progress("reading", None) as advance:
        source = reader.read(database.read(url, advance))
    _migrate(source, settings, dry_run=dry_run, replace=replace, accept=accept_differences, as_json=as_json)


@app.command("autoconfig-xml")
def autoconfig_xml(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="With published config-v1.1.xml files, at any depth.")],
    dry_run: DryRun = False,
    replace: Replace = False,
    accept_differences: Accept = False,
    as_json: AsJSON = False,
) -> None:
    """
    Take over the domains of published files. Each set of servers becomes a plan, each domain a row.

    A file is for the domains that it names and for the one in its path: DOMAIN.xml, DOMAIN/mail/config-v1.1.xml.
    """
    from autoconfig.migrate import folder as reader

    settings = own_settings_of(context)
    with progress("reading", None) as advance:
        source = reader.read(folder, advance)
    _migrate(source, settings, dry_run=dry_run, replace=replace, accept=accept_differences, as_json=as_json)


def _migrate(source: Source, settings: Settings, *, dry_run: bool, replace: bool, accept: bool, as_json: bool) -> None:
    from autoconfig.mapping.journal import Journal
    from autoconfig.migrate import applying
    from autoconfig.migrate.planning import planned

    plans = read_file(settings.plans)
    with contextlib.closing(Journal(settings.database)) as journal:
        now = int(time.time())
        with journal.reading() as reading:
            held = applying.held(reading, {entry.domain.name for entry in source.entries}, now)
        with progress("comparing", 3 * len(source.entries)) as advance:
            found = planned(source, plans, held, replace=replace, accept=accept, advance=advance)
        if not dry_run:
            _write(journal, found, source, settings, plans)
    print_migration(found, dry_run=dry_run, as_json=as_json, shown=SHOWN)
    if found.missed:
        raise typer.Exit(Exit.NO)


def _write(journal: Journal, found: Migration, source: Source, settings: Settings, plans: Plans) -> None:
    from autoconfig.migrate import applying

    applying.append_plans(settings.plans, plans, found.added)
    if not found.rows:
        return
    if found.added:
        typer.echo(f"{settings.plans}: new plans are there; the rows follow in {TAKE_OVER:.0f} seconds", err=True)
        time.sleep(TAKE_OVER)  # else a server that runs would be led to a plan that it does not know yet
    with progress("writing", len(found.rows)) as advance, journal.writing() as writing:
        applying.write_rows(writing, found.rows, int(time.time()), f"migrated from {source.name}", advance)
    journal.settle()
