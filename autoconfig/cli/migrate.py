"""`autoconfig mapping migrate-from`: take over what another program serves, as plans and rows."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli.csv_commands import SHOWN
from autoconfig.cli.exits import Exit
from autoconfig.cli.migration_report import print_migration
from autoconfig.cli.options import AsJSON, own_settings_of
from autoconfig.cli.progress import bars
from autoconfig.plans import read_file, read_plans
from autoconfig.resources import templates

if TYPE_CHECKING:
    from autoconfig.mapping.store import Journal
    from autoconfig.migrate.planning import Migration
    from autoconfig.migrate.source import MigrationSource
    from autoconfig.plans import Plans
    from autoconfig.settings import Settings

TAKE_OVER = 4.0
"""Seconds between new plans and the rows that name them: a running server loads changed plans within 3."""

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Take over the domains that another program serves."
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace rows that say something else.")]
Accept = Annotated[
    bool, typer.Option("--accept-differences", help="Also take over domains that would get other servers than now.")
]


@app.callback()
def _group() -> None:
    pass


@app.command()
def automx2(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="The database: db_uri in automx2.conf.")],
    dry_run: DryRun = False,
    replace: Replace = False,
    accept_differences: Accept = False,
    as_json: AsJSON = False,
) -> None:
    """
    Take over the domains of automx2.

    Each set of servers becomes a plan, each domain a row. Every domain is checked to get the same servers here; one
    that would not is reported and left out (exit code 1).
    """
    from autoconfig.migrate import automx2 as reader
    from autoconfig.migrate import automx2_database as database

    settings = own_settings_of(context)
    with bars() as on_progress:
        source = reader.read(database.read(url, on_progress))
    _migrate(source, settings, dry_run=dry_run, replace=replace, accept=accept_differences, as_json=as_json)


@app.command("autoconfig-xml")
def autoconfig_xml(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder with published config-v1.1.xml files, at any depth.")
    ],
    dry_run: DryRun = False,
    replace: Replace = False,
    accept_differences: Accept = False,
    as_json: AsJSON = False,
) -> None:
    """
    Take over the domains of published files.

    Each set of servers becomes a plan, each domain a row. A file is for the domains that it names and for the one in
    its path: DOMAIN.xml, DOMAIN/mail/config-v1.1.xml.
    """
    from autoconfig.migrate import folder as reader

    settings = own_settings_of(context)
    with bars() as on_progress:
        source = reader.read(folder, on_progress)
    _migrate(source, settings, dry_run=dry_run, replace=replace, accept=accept_differences, as_json=as_json)


def _migrate(
    source: MigrationSource, settings: Settings, *, dry_run: bool, replace: bool, accept: bool, as_json: bool
) -> None:
    from autoconfig.mapping.store import Journal
    from autoconfig.migrate import applying
    from autoconfig.migrate.planning import planned

    plans = read_file(settings.plans)
    with contextlib.closing(Journal(settings.database)) as journal:
        now = int(time.time())
        with journal.reading() as reading:
            held = applying.held(reading, {entry.domain.name for entry in source.entries}, now)
            apart = applying.unused(reading, _examples(plans, settings))
        with bars() as on_progress:
            found = planned(source, plans, held, replace=replace, accept=accept, apart=apart, on_progress=on_progress)
        if not dry_run:
            _write(journal, found, source, settings, plans)
    print_migration(found, dry_run=dry_run, as_json=as_json, shown=SHOWN)
    if found.missed:
        raise typer.Exit(Exit.NO)


def _examples(plans: Plans, settings: Settings) -> set[str]:
    """The plans of `autoconfig init` that are unchanged; they say nothing about this provider."""
    written = read_plans((templates() / "init" / "plans.toml").read_bytes()).plans
    chosen = {settings.default_plan, *(rule.plan for rule in plans.rules)}
    return {key for key, plan in written.items() if plans.plans.get(key) == plan and key not in chosen}


def _write(journal: Journal, found: Migration, source: MigrationSource, settings: Settings, plans: Plans) -> None:
    from autoconfig.migrate import applying

    applying.append_plans(settings.plans, plans, found.added)
    if not found.rows:
        return
    if found.added:
        typer.echo(f"{settings.plans}: has the new plans; the rows follow in {TAKE_OVER:.0f} seconds", err=True)
        time.sleep(TAKE_OVER)  # otherwise a running server would find a plan that it does not know yet
    with bars() as on_progress, journal.writing() as writing:
        applying.write_rows(writing, found.rows, int(time.time()), f"migrated from {source.name}", on_progress)
    journal.settle()
