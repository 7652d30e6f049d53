"""`autoconfig db`: commands for the mapping database as a whole."""

from __future__ import annotations

import typer

from autoconfig.cli import backup, copying, verifying
from autoconfig.cli.options import AsJSON, own_settings_of
from autoconfig.cli.output import print_json

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Upgrade, copy, back up, restore or verify the mapping database."
)
app.command("copy")(copying.copy)
app.command("backup")(backup.backup)  # `mapping backup` and `mapping restore` are aliases
app.command("restore")(backup.restore)
app.command("verify")(verifying.verify)


@app.callback()
def _group() -> None:
    pass


@app.command()
def upgrade(context: typer.Context, as_json: AsJSON = False) -> None:
    """
    Upgrade the database to the schema of this release. An empty database on a server gets its tables.

    It may be repeated, also after an interruption, and run on several nodes at once.
    """
    from autoconfig.mapping.store_database import upgrade as upgrade_schema

    before, after = upgrade_schema(own_settings_of(context).database)
    if as_json:
        print_json({"before": before, "after": after})
    elif before == after:
        typer.echo(f"schema {after}: nothing to do")
    elif before is None:
        typer.echo(f"schema {after}: made")
    else:
        typer.echo(f"schema {before} → {after}")
