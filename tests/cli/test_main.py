from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from autoconfig import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

PLACES = {
    "before the command": ("--config", "{file}", "mapping", "list", "--json"),
    "between group and command": ("mapping", "--config", "{file}", "list", "--json"),
    "after the command": ("mapping", "list", "--config", "{file}", "--json"),
    "at the end": ("mapping", "list", "--json", "--config", "{file}"),
    "with an equals sign": ("mapping", "list", "--json", "--config={file}"),
    "twice, and the last counts": ("--config", "no-such.toml", "mapping", "list", "--json", "--config", "{file}"),
    "at each place": (
        "--config",
        "x",
        "mapping",
        "--config",
        "y",
        "list",
        "--json",
        "--config=z",
        "--config",
        "{file}",
    ),
}


@pytest.mark.parametrize("arguments", PLACES.values(), ids=PLACES)
def test_config(command: Command, demo: Path, arguments: tuple[str, ...]) -> None:
    """Every command takes `--config` before and after its name."""
    found = command(*(argument.format(file=demo / "autoconfig.toml") for argument in arguments))

    assert len(found.out.splitlines()) == 8


def test_no_option_after_two_dashes(command: Command, demo: Path) -> None:
    """What follows `--` is an argument, also where it looks like `--config`."""
    found = command("--config", demo / "autoconfig.toml", "show", "--", "--config", code=2)

    assert found.err.startswith("autoconfig: '--config' is neither ")


def test_config_of_the_environment(command: Command, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `--config` the variable AUTOCONFIG_CONFIG counts, and `--config` beats it."""
    monkeypatch.setenv("AUTOCONFIG_CONFIG", str(demo / "autoconfig.toml"))
    command("mapping", "list")

    assert "no-such.toml: there is no such file" in command("mapping", "list", "--config", "no-such.toml", code=2).err


def test_config_of_this_folder(command: Command, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without both, ./autoconfig.toml counts; relative paths in it are relative to it."""
    monkeypatch.chdir(demo)

    assert "sample.co.jp" in command("mapping", "list").out


def test_no_config(command: Command) -> None:
    """Where there is no configuration at all, the way to one is named."""
    said = "autoconfig.toml: there is no such file; `autoconfig init DIR` makes one, --config names another"

    assert command("mapping", "list", code=2).err == f"autoconfig: {said}\n"


def test_a_setting_of_the_environment(command: Command, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable overrides a setting for every command, and is blamed if it is bad."""
    monkeypatch.setenv("AUTOCONFIG_TIMEZONE", "Mars/Olympus")
    said = command("--config", demo / "autoconfig.toml", "mapping", "list", code=2).err

    assert said.startswith("autoconfig: AUTOCONFIG_TIMEZONE: timezone = 'Mars/Olympus': is not a name")


USAGE = {
    "unknown command": (("frob",), "No such command 'frob'"),
    "unknown subcommand": (("mapping", "frob"), "No such command 'frob'"),
    "unknown option": (("mapping", "list", "--frob"), "No such option: --frob"),
    "unknown option before the command": (("--frob", "mapping", "list"), "No such option: --frob"),
    "missing argument": (("show",), "Missing argument 'ADDRESS'"),
    "missing option": (("mapping", "set", "sample.co.jp"), "Missing option '--plan'"),
    "too many arguments": (("show", "a@sample.co.jp", "b"), "unexpected extra argument"),
    "no such choice": (("show", "a@sample.co.jp", "--format", "pdf"), "'pdf' is not one of"),
    "no number": (("serve", "--port", "http"), "Invalid value for '--port'"),
    "--config without a value": (("mapping", "list", "--config"), "'--config' requires an argument"),
}


@pytest.mark.parametrize(("arguments", "said"), USAGE.values(), ids=USAGE)
def test_usage(command: Command, arguments: tuple[str, ...], said: str) -> None:
    """What the command line does not know ends with exit code 2, and is named on standard error."""
    found = command(*arguments, code=2)

    assert said in " ".join(found.err.split())
    assert found.out == ""


@pytest.mark.parametrize("group", [(), ("plans",), ("mapping",), ("db",)], ids=lambda group: " ".join(group) or "alone")
def test_no_command(command: Command, group: tuple[str, ...]) -> None:
    """Without a command there is help, and exit code 2."""
    found = command(*group, code=2)

    assert f"Usage: {' '.join(['autoconfig', *group])}" in found.out + found.err


COMMANDS = [
    "init DIR --demo",
    "serve --host --port --uds --fd --workers",
    "show ADDRESS --format --json",
    "letter ADDRESS --lang --program --format --from",
    "plans check --json",
    "plans list --json",
    "plans import FILE.xml --key",
    "mapping set DOMAIN --plan --param --from --note --json",
    "mapping end DOMAIN --from --note --json",
    "mapping undo DOMAIN --json",
    "mapping show DOMAIN --json",
    "mapping history DOMAIN --json",
    "mapping list --plan --json",
    "mapping sync FILE.csv --dry-run --delete --max-ends --json",
    "mapping export FILE.csv",
    "mapping backup FILE --force --json",
    "mapping restore FILE --yes --no-backup --json",
    "db backup FILE --force --json",
    "db restore FILE --yes --no-backup --json",
    "mapping migrate-from automx2 URL --dry-run --replace --accept-differences --json",
    "mapping migrate-from autoconfig-xml DIR --dry-run --replace --accept-differences --json",
    "db upgrade --json",
    "db copy URL --json",
    "db verify --json",
    "dns DOMAIN --provider --format --check --nameserver --json",
    "check DOMAIN --ca-file --nameserver --timeout --allow-private --login --json",
    "ready --url --json",
    "settings check --json",
    "settings",
    "plans",
    "mapping",
    "mapping migrate-from",
    "db",
]


@pytest.mark.parametrize("line", COMMANDS)
def test_help(command: Command, line: str) -> None:
    """Every command and group explains itself, with all its arguments and options, `--config` among them."""
    words = line.split()
    name = [word for word in words if word.islower() and not word.startswith("-")]
    found = command(*name, "--help").out

    assert [word for word in [*words[len(name) :], "--config FILE"] if word not in found] == []
    assert "<bool>" not in found


@pytest.mark.parametrize("group", [(), ("plans",), ("mapping",), ("mapping", "migrate-from"), ("db",)], ids=" ".join)
def test_help_in_a_narrow_terminal(command: Command, group: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """In 80 columns no summary of a command is cut short."""
    monkeypatch.setenv("COLUMNS", "80")
    listed = command(*group, "--help").out.partition("Commands:")[2]

    assert listed
    assert "..." not in listed


def test_version(command: Command) -> None:
    """`--version` says which."""
    assert command("--version").out == f"autoconfig {__version__}\n"


def test_module(tmp_path: Path) -> None:
    """`python -m autoconfig` is the command."""
    asked = [sys.executable, "-m", "autoconfig", "--version"]
    said = subprocess.run(asked, cwd=tmp_path, check=True, capture_output=True, text=True)

    assert (said.stdout, said.stderr) == (f"autoconfig {__version__}\n", "")


def test_interrupted_while_loading(tmp_path: Path) -> None:
    """Ctrl-C while the libraries are still being loaded ends with 130 and one line too."""
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")
    asked = [sys.executable, "-m", "autoconfig", "--version"]
    said = subprocess.run(asked, cwd=tmp_path, check=False, capture_output=True, text=True)

    assert (said.returncode, said.stdout, said.stderr) == (130, "", "autoconfig: interrupted\n")
