"""Options and arguments that several commands take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig import settings as settings_module

if TYPE_CHECKING:
    from autoconfig.settings import Settings

AsJSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="When it takes effect (ISO 8601); without it, now."),
]
Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why; kept in the history.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A mail domain.")]


def settings_of(context: typer.Context) -> Settings:
    """
    The settings of the file that the command line names.

    Raises:
        SettingsInvalid: see `settings.load`.
    """
    return settings_module.load(context.obj)
