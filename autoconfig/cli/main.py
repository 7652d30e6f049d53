"""The command `autoconfig`: its tree of commands, and how errors become sentences and exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from autoconfig import __version__
from autoconfig.cli.exits import Exit, exit_code, sentence
from autoconfig.cli.output import drop_output, prepare_streams, say
from autoconfig.errors import AutoconfigError
from autoconfig.settings import find_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

NAMES = ("init", "serve", "show", "desk", "letter", "dns", "check", "ready", "settings", "plans", "mapping", "db")
"""The commands, each in the module of this package with its name: a function with this name too, or `app`."""


class LoadedCommands(Mapping[str, Any]):
    """
    The commands by name, each loaded when it is looked up: to load all of them takes a third of a second.

    Each takes the root's options `shared` too.
    """

    def __init__(self, shared: Sequence[Any]) -> None:
        self._shared = shared
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in NAMES:
            raise KeyError(name)
        if name not in self._loaded:
            self._loaded[name] = _command(name)
            _add_options(self._shared, [self._loaded[name]])
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


class Commands(TyperGroup):
    """Turn errors into a sentence on standard error and an exit code."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        commands: Any = LoadedCommands([option for option in self.params if option.name == "_config"])
        self.commands = commands

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
    return typer.main.get_command(app)


def _command(name: str) -> Any:
    module = import_module(f"autoconfig.cli.{name}")
    group: typer.Typer | None = getattr(module, "app", None)
    if group is None:
        group = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        group.command(name)(getattr(module, name))
        return typer.main.get_command(group)
    command = typer.main.get_group(group)
    command.name = name
    return command


def _add_options(options: Sequence[Any], commands: Iterable[Any]) -> None:
    for command in commands:
        command.params.extend(options)
        _add_options(options, getattr(command, "commands", {}).values())
