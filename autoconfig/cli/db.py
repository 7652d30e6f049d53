"""`autoconfig db`: the schema of the mapping database."""

from __future__ import annotations

import typer

from autoconfig.cli.options import AsJSON, settings_of
from autoconfig.cli.output import print_json

app = typer.Typer(no_args_is_help=True, help="The schema of the mapping database.")


@app.callback()
def _group() -> None:
    pass


@app.command()
def upgrade(context: typer.Context, as_json: AsJSON = False) -> None:
    """Bring the mapping database to the schema of this release. Safe to repeat."""
    from autoconfig.mapping.engine import upgrade as upgrade_schema

    before, after = upgrade_schema(settings_of(context).database)
    if as_json:
        print_json({"before": before, "after": after})
    elif before == after:
        typer.echo(f"schema {after}: nothing to do")
    else:
        typer.echo(f"schema {before} → {after}")
