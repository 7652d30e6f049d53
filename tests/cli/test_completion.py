from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 60.0
"""Seconds after which a test gives up waiting for a shell."""

# The words that are typed, and what Tab makes of them.
TYPED = {
    "command": ("autoconfig ma", "autoconfig mapping "),
    "command of a group": ("autoconfig mapping migr", "autoconfig mapping migrate-from "),
    "option": ("autoconfig mapping sync --dr", "autoconfig mapping sync --dry-run "),
    "the configuration": ("autoconfig plans check --con", "autoconfig plans check --config "),
}


def environment(home: Path) -> dict[str, str]:
    """Of a person who has just logged in, on a terminal without colours."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {"HOME": str(home), "PATH": path, "TERM": "dumb", "LANG": "C.UTF-8"}


def installed(shell: str, home: Path) -> None:
    """Install completion the way that a person does it, from that shell and with no network."""
    # Two commands: otherwise the shell replaces itself, and there is none to be found.
    asked = [shell, "-c", "autoconfig --install-completion; true"]
    done = subprocess.run(asked, env=environment(home), capture_output=True, text=True, check=True)

    assert f"{shell} completion installed in {home}" in done.stdout, done.stderr


@contextlib.contextmanager
def terminal(shell: str, home: Path) -> Iterator[int]:
    """An interactive shell on a terminal of its own: the descriptor of that terminal."""
    descriptor, inner = pty.openpty()
    process = subprocess.Popen(
        [shell, "-i"], cwd=home, env=environment(home), start_new_session=True, stdin=inner, stdout=inner, stderr=inner
    )
    os.close(inner)
    try:
        yield descriptor
    finally:
        process.kill()
        process.wait()
        os.close(descriptor)


def shown(descriptor: int, wanted: str) -> str:
    """Wait for a text on a terminal; all that it has shown, without the bell."""
    text, until = "", time.monotonic() + LIMIT
    while wanted not in text and time.monotonic() < until:
        if select.select([descriptor], [], [], 0.2)[0]:
            text += os.read(descriptor, 65536).decode(errors="replace").replace("\a", "")
    return text


@pytest.mark.parametrize(("typed", "wanted"), TYPED.values(), ids=TYPED)
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_tab_completes(shell: str, typed: str, wanted: str, tmp_path: Path) -> None:
    """After `--install-completion` a new shell completes commands and options at Tab."""
    tabs = "\t"
    if shell == "zsh":
        needs("zsh", "zsh")
        tabs = "\t\t"  # in a new zsh, the first Tab loads the completion, and the second uses it
    installed(shell, tmp_path)
    with terminal(shell, tmp_path) as descriptor:
        os.write(descriptor, b"echo re''ady\n")
        assert "ready" in shown(descriptor, "ready")
        os.write(descriptor, f"{typed}{tabs}".encode())

        assert wanted in shown(descriptor, wanted)


@pytest.mark.parametrize(("typed", "wanted"), TYPED.values(), ids=TYPED)
def test_fish_completes(typed: str, wanted: str, tmp_path: Path) -> None:
    """The same in fish, which says without a terminal what it would offer."""
    needs("fish", "fish")
    installed("fish", tmp_path)
    asked = ["fish", "-c", f"complete --do-complete '{typed}'"]
    done = subprocess.run(asked, env=environment(tmp_path), capture_output=True, text=True, check=True)

    assert wanted.rsplit(maxsplit=1)[-1] in [line.partition("\t")[0] for line in done.stdout.splitlines()]


def test_the_script_is_printed(tmp_path: Path) -> None:
    """`--show-completion` prints the script for those who keep it elsewhere."""
    asked = ["bash", "-c", "autoconfig --show-completion; true"]
    done = subprocess.run(asked, env=environment(tmp_path), capture_output=True, text=True, check=True)

    assert "complete -o default -F _autoconfig_completion autoconfig" in done.stdout
