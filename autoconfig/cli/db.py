"""`autoconfig db`: the mapping database as a whole."""

from __future__ import annotations

import typer

from autoconfig.cli import copying
from autoconfig.cli.options import AsJSON, own_settings_of
from autoconfig.cli.output import print_json

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The mapping database as a whole.")
app.command("copy")(copying.copy)


@app.callback()
def _group() -> None:
    pass


@app.command()
def upgrade(context: typer.Context, as_json: AsJSON = False) -> None:
    """
    Bring the database to the schema of this release. An empty database of a server gets its tables.

    Safe to repeat, also after an interruption, and on several nodes at once.
    """
    from autoconfig.mapping.engine import upgrade as upgrade_schema

    before, after = upgrade_schema(own_settings_of(context).database)
    if as_json:
        print_json({"before": before, "after": after})
    elif before == after:
        typer.echo(f"schema {after}: nothing to do")
    elif before is None:
        typer.echo(f"schema {after}: made")
    else:
        typer.echo(f"schema {before} → {after}")
