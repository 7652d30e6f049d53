"""Options and arguments that several commands take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig import settings as settings_module
from autoconfig.errors import Refused

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


def own_settings_of(context: typer.Context) -> Settings:
    """
    The same for a command about a mapping database of ours.

    Raises:
        SettingsInvalid: see `settings.load`.
        Refused: the mapping is another program's database.
    """
    settings = settings_of(context)
    if settings.query is not None:
        raise Refused(
            "the mapping is the answer of a query to another program's database (setting query): change it in that "
            "database; nothing was changed here"
        )
    return settings
