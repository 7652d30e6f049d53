"""`make` with the Python of a stock Debian, and nothing in a .venv yet."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.deploy.site import ROOT

if TYPE_CHECKING:
    from pathlib import Path

DEBIANS_PYTHON = "/usr/bin/python3"


def _make(venv: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What `make serve` does before it serves, into a .venv elsewhere."""
    command = ["make", f"VENV={venv}", f"PYTHON={DEBIANS_PYTHON}", f"{venv}/.server"]
    env = {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True)


def test_python_without_venv(tmp_path: Path) -> None:
    """Where python3-venv is missing, make names the command that helps and leaves nothing behind."""
    (tmp_path / "ensurepip.py").write_text("raise ModuleNotFoundError", encoding="utf-8")
    done = _make(tmp_path / "venv", {"PYTHONPATH": str(tmp_path)})

    assert "apt-get install python3-venv" in done.stdout
    assert done.returncode != 0
    assert not (tmp_path / "venv").exists()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("before", ["half a venv", "a venv of a Python that is gone"])
def test_venv_of_a_server(before: str, tmp_path: Path, registry: dict[str, str]) -> None:
    """A .venv gets what servers need, and no tools, where an earlier try left one that does not work."""
    venv = tmp_path / "venv"
    subprocess.run([DEBIANS_PYTHON, "-m", "venv", "--without-pip", venv], check=True)
    if before == "a venv of a Python that is gone":
        (venv / "bin" / "python3").unlink()
        (venv / "bin" / "python3").symlink_to(tmp_path / "gone")
    done = _make(venv, {**registry, "PIP_NO_COMPILE": "1"})  # which takes half of the time
    installed = {path.name for path in venv.glob("lib/python3*/site-packages/*")}

    assert done.returncode == 0, done.stdout + done.stderr
    assert subprocess.run([venv / "bin" / "autoconfig", "--version"], check=True, capture_output=True).stdout
    assert {"uvicorn", "sqlalchemy"} < installed
    assert installed & {"pytest", "mypy", "_pytest"} == set()
