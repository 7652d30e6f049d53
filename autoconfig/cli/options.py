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
    typer.Option("--from", metavar="TIME", help="When it takes effect (ISO 8601); default: now."),
]
Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="The reason; kept in the history.")]
Name = Annotated[str, typer.Argument(metavar="DOMAIN", help="A mail domain.")]


def settings_of(context: typer.Context) -> Settings:
    """
    Load the settings of the chosen configuration file.

    Raises:
        SettingsInvalid: as `settings.load`.
    """
    return settings_module.load(context.obj)


def own_settings_of(context: typer.Context) -> Settings:
    """
    Load them for a command that needs our own mapping database.

    Raises:
        SettingsInvalid: as `settings.load`.
        Refused: the mapping is a query of another program's database.
    """
    settings = settings_of(context)
    if settings.query is not None:
        raise Refused(
            "the mapping is a query of another program's database (setting query); nothing was changed: make the "
            "change in that database"
        )
    return settings
