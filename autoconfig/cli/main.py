"""The command `autoconfig`: its tree of commands, and what becomes of errors."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from autoconfig import __version__
from autoconfig.cli import db, init, mapping, plans, ready, serve, show
from autoconfig.cli.exits import Exit, exit_code, sentence
from autoconfig.cli.output import drop_output, prepare_streams
from autoconfig.errors import AutoconfigError
from autoconfig.settings import find_file

if TYPE_CHECKING:
    from collections.abc import Sequence


class Commands(TyperGroup):
    """Turns our errors into a sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()  # here, where it can still be said that it fails
        except AutoconfigError as error:
            typer.echo(f"autoconfig: {sentence(error)}", err=True)
            raise typer.Exit(exit_code(error)) from None
        except KeyboardInterrupt:
            typer.echo("autoconfig: interrupted", err=True)
            raise typer.Exit(Exit.INTERRUPTED) from None
        except BrokenPipeError:
            drop_output()  # whoever read it has seen enough
            raise typer.Exit(Exit.DONE) from None
        except OSError as error:
            if error.filename is None:
                drop_output()
            typer.echo(f"autoconfig: {error.filename or 'output'}: {error.strerror or error}", err=True)
            raise typer.Exit(Exit.UNAVAILABLE) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # in rich's boxes a flag looks as if it took a value
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Mail autoconfiguration for every domain of a hosting provider.",
    epilog="--config FILE may stand anywhere; without it AUTOCONFIG_CONFIG counts, then ./autoconfig.toml.",
)
app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("show")(show.show)
app.command("ready")(ready.ready)
app.add_typer(plans.app, name="plans")
app.add_typer(mapping.app, name="mapping")
app.add_typer(db.app, name="db")


def _say(wanted: bool) -> None:
    if wanted:
        typer.echo(f"autoconfig {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")] = None,
    _version: Annotated[bool, typer.Option("--version", callback=_say, is_eager=True, help="Say which.")] = False,
) -> None:
    context.obj = find_file(config)


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    prepare_streams()
    try:
        app(config_first(given), prog_name="autoconfig")
    except Exception:  # noqa: BLE001 (the boundary)
        traceback.print_exc()
        typer.echo("autoconfig: this is a bug; please report it with the lines above", err=True)
        sys.exit(Exit.BUG)


def config_first(arguments: Sequence[str]) -> list[str]:
    """`--config FILE` may stand before or after a command's name; the parser wants it first."""
    first: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument == "--":
            rest += [argument, *remaining]
        elif argument == "--config":
            value = next(remaining, None)
            if value is None:
                return [argument]  # the parser says that it needs a value
            first += [argument, value]
        elif argument.startswith("--config="):
            first.append(argument)
        else:
            rest.append(argument)
    return [*first, *rest]
