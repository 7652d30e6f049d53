"""Write a manual page for the command and for each of its subcommands: manpages.py FOLDER EPOCH"""

from __future__ import annotations

import inspect
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from autoconfig import __version__
from autoconfig.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator

PURPOSE = "mail autoconfiguration for every domain of a hosting provider"


def roff(text: str) -> str:
    """A text for roff, in which no character is a command."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\`")
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.MULTILINE)


def _paragraphs(text: str | None) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text or "").split("\n\n"):
        if paragraph.strip():
            yield ".PP"
            yield roff(" ".join(paragraph.replace("\b", "").split()))


def _usage(command: Any) -> str:
    words = ["[OPTIONS]"] if command.params or not hasattr(command, "commands") else []
    for param in command.params:
        if param.param_type_name == "argument":
            name = param.metavar or param.name.upper()
            words.append(name if param.required else f"[{name}]")
    return " ".join([*words, *(["COMMAND"] if hasattr(command, "commands") else [])])


def _options(command: Any) -> Iterator[str]:
    for param in command.params:
        if getattr(param, "hidden", False):
            continue
        spelt = [*param.opts, *param.secondary_opts] if param.param_type_name == "option" else []
        value = param.metavar or (param.name or "").upper()
        shown = ", ".join(f"\\fB{roff(name)}\\fR" for name in spelt)
        if not spelt or not getattr(param, "is_flag", False):
            shown = f"{shown} \\fI{roff(value)}\\fR".strip()
        yield from (".TP", shown, roff(" ".join((param.help or "").split())) or "\\&")


def page(path: tuple[str, ...], command: Any, epoch: int) -> str:
    """The manual page of a command."""
    title = "-".join(path)
    day = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d")
    summary = PURPOSE if len(path) == 1 else inspect.cleandoc(command.help or "").partition("\n")[0].rstrip(".")
    lines = [f'.TH {roff(title.upper())} 1 {day} "autoconfig {__version__}" "User Commands"', ".SH NAME"]
    lines += [
        f"{roff(title)} \\- {roff(summary)}",
        ".SH SYNOPSIS",
        f"\\fB{roff(' '.join(path))}\\fR {roff(_usage(command))}",
    ]
    lines += [".SH DESCRIPTION", *_paragraphs(command.help)]
    lines += [".SH OPTIONS", *_options(command), ".TP", "\\fB\\-h, \\-\\-help\\fR", "Show a summary and exit."]
    below = getattr(command, "commands", {})
    if below:
        lines.append(".SH COMMANDS")
        for name, found in below.items():
            lines += [
                ".TP",
                f"\\fB{roff('-'.join([*path, name]))}\\fR(1)",
                roff(inspect.cleandoc(found.help or "").partition("\n")[0]),
            ]
    if len(path) == 1:
        lines += [".SH EXIT STATUS", *_paragraphs(command.epilog)]
        lines += [".SH FILES", ".TP", "\\fI/etc/autoconfig/autoconfig.toml\\fR", "The settings."]
        lines += [".TP", "\\fI/etc/autoconfig/plans.toml\\fR", "The plans."]
        lines += [".TP", "\\fI/var/lib/autoconfig\\fR", "The mapping, or its local copy."]
    else:
        lines += [".SH SEE ALSO", f"\\fB{roff('-'.join(path[:-1]))}\\fR(1)"]
    return "\n".join(lines) + "\n"


def commands(path: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A command and all that are below it."""
    yield path, command
    for name, found in getattr(command, "commands", {}).items():
        if not found.hidden:
            yield from commands((*path, name), found)


if __name__ == "__main__":
    for path, command in commands(("autoconfig",), typer.main.get_command(app)):
        file = Path(sys.argv[1]) / f"{'-'.join(path)}.1"
        file.write_text(page(path, command, int(sys.argv[2])), encoding="utf-8")
