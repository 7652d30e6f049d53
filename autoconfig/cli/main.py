"""The command `autoconfig`: its tree of commands, and how errors become sentences and exit codes."""

from __future__ import annotations

import sys
import traceback
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from autoconfig import __version__
from autoconfig.cli import check, db, desk, dns, init, letter, mapping, plans, ready, serve, settings, show
from autoconfig.cli.exits import Exit, exit_code, sentence
from autoconfig.cli.output import drop_output, prepare_streams, say
from autoconfig.errors import AutoconfigError
from autoconfig.settings import find_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Commands(TyperGroup):
    """Turn errors into a sentence on standard error and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()  # here, where a failure can still be reported
        except AutoconfigError as error:
            say(f"autoconfig: {sentence(error)}", err=True)
            raise typer.Exit(exit_code(error)) from None
        except KeyboardInterrupt:
            say("autoconfig: interrupted", err=True)
            raise typer.Exit(Exit.INTERRUPTED) from None
        except BrokenPipeError:
            drop_output()  # the reader, such as `head`, has seen enough
            raise typer.Exit(Exit.DONE) from None
        except OSError as error:
            if error.filename is None:
                drop_output()
            say(f"autoconfig: {error.filename or 'output'}: {error.strerror or error}", err=True)
            raise typer.Exit(Exit.UNAVAILABLE) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # in rich's boxes a flag looks as if it took a value
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Mail autoconfiguration for every domain of a hosting provider.",
    epilog="Exit codes: 0 done, 1 the answer is no, 2 usage or configuration, 3 database or DNS unavailable, 70 a bug "
    "in autoconfig, 130 interrupted.",
)
app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("show")(show.show)
app.command("desk")(desk.desk)
app.command("letter")(letter.letter)
app.command("dns")(dns.dns)
app.command("check")(check.check)
app.command("ready")(ready.ready)
app.add_typer(settings.app, name="settings")
app.add_typer(plans.app, name="plans")
app.add_typer(mapping.app, name="mapping")
app.add_typer(db.app, name="db")


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"autoconfig {__version__}")
        raise typer.Exit


def _choose_file(context: typer.Context, file: Path | None) -> Path | None:
    """Keep the configuration file for the command; of several `--config` the last one counts."""
    if file is not None or context.parent is None:
        context.obj = find_file(file)
    return file


@app.callback()
def _root(
    _config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            callback=_choose_file,
            expose_value=False,
            help="The configuration file, before or after the command's name; default: the variable "
            "AUTOCONFIG_CONFIG, then ./autoconfig.toml.",
        ),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    prepare_streams()
    try:
        _tree()(arguments, prog_name="autoconfig")
    except Exception:  # noqa: BLE001 (the boundary)
        traceback.print_exc()
        say("autoconfig: this is a bug; please report it with the lines above", err=True)
        sys.exit(Exit.BUG)


@cache
def _tree() -> Any:
    """All commands, each of which takes the root's `--config` too."""
    root: Any = typer.main.get_command(app)
    config = next(option for option in root.params if option.name == "_config")
    _add_option(config, root.commands.values())
    return root


def _add_option(option: Any, commands: Iterable[Any]) -> None:
    for command in commands:
        command.params.append(option)
        _add_option(option, getattr(command, "commands", {}).values())
