"""`autoconfig settings`: check autoconfig.toml."""

from __future__ import annotations

import asyncio

import typer

from autoconfig.cli.options import AsJSON, settings_of
from autoconfig.cli.output import print_json, say
from autoconfig.cli.start_check import settings_remarks, start_remarks

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check the settings of autoconfig.toml.")


@app.callback()
def _group() -> None:
    pass


@app.command()
def check(context: typer.Context, as_json: AsJSON = False) -> None:
    """
    Check everything that `serve` checks at its start, without serving.

    Exit code 0: it would serve, even with warnings; 2: it would end because the settings, the plans or the database
    have to be changed; 3: it would end because the database is unavailable now.
    """
    settings = settings_of(context)
    remarks = [*settings_remarks(context.obj, settings), *asyncio.run(start_remarks(settings, whole=True))]
    if as_json:
        print_json({"file": str(context.obj), "warnings": [{"warning": r.sentence, **r.fields} for r in remarks]})
        return
    for remark in remarks:
        say(f"warning: {remark}")
    say(f"{context.obj}: `serve` can start, warnings: {len(remarks)}")
