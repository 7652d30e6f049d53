from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout with what is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    building = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(building, cwd=ROOT, check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the wheel, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    asked = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", *asked, "--target", folder, wheel], check=True)
    return folder


def names(wheel: Path) -> set[str]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_contents(wheel: Path) -> None:
    """Whatever the program reads while it runs is in the wheel."""
    templates = {f"autoconfig/{path.relative_to(ROOT)}" for path in (ROOT / "templates").rglob("*") if path.is_file()}
    code = {str(path.relative_to(ROOT)) for path in (ROOT / "autoconfig").rglob("*.py")}
    migrations = {name for name in code if "/migrations/versions/" in name}

    assert len(templates) >= 6
    assert migrations
    assert {"autoconfig/py.typed", "autoconfig/mapping/migrations/script.py.mako"} <= names(wheel)
    assert templates | code <= names(wheel)


def test_nothing_else(wheel: Path) -> None:
    """No tests and no leftovers are in it: only the package and what pip wants to know."""
    outside = [name for name in names(wheel) if not re.match(r"autoconfig(-[^/]+\.dist-info)?/", name)]
    leftovers = [name for name in names(wheel) if re.search(r"__pycache__|\.pyc$|\.db|(^|/)test", name)]

    assert (outside, leftovers) == ([], [])


def test_metadata(wheel: Path) -> None:
    """The command, the licence and the dependencies are named."""
    with zipfile.ZipFile(wheel) as archive:
        read = {name.rpartition("/")[2]: archive.read(name).decode() for name in archive.namelist() if "-info/" in name}

    assert "autoconfig = autoconfig.__main__:run" in read["entry_points.txt"]
    assert "License-Expression: Apache-2.0" in read["METADATA"]
    assert "Requires-Dist: uvicorn" in read["METADATA"]
    assert "Apache License" in read["LICENSE"]


def environment(installed: Path) -> dict[str, str]:
    """In which Python finds the installed package first."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AUTOCONFIG_")}
    return ours | {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}


def test_import(installed: Path, tmp_path: Path) -> None:
    """The tests below run the installed package, not the checkout."""
    asked = [sys.executable, "-c", "import autoconfig.cli.main as found; print(found.__file__)"]
    said = subprocess.run(asked, cwd=tmp_path, env=environment(installed), check=True, capture_output=True, text=True)

    assert Path(said.stdout.strip()) == installed / "autoconfig" / "cli" / "main.py"


@pytest.fixture
def place(installed: Path, tmp_path: Path) -> Iterator[str]:
    """Where a server of the installed package serves the demo, from another folder."""
    command = [sys.executable, str(installed / "bin" / "autoconfig")]
    env = environment(installed)
    subprocess.run([*command, "init", "demo", "--demo"], cwd=tmp_path, env=env, check=True, capture_output=True)
    serving = [*command, "serve", "--port", "0", "--config", "demo/autoconfig.toml"]
    with subprocess.Popen(serving, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        yield first.partition("at=")[2].split()[0]
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()

    assert (process.returncode, "Traceback" in rest) == (0, False)


def test_serves(place: str) -> None:
    """The wheel, installed elsewhere, makes the demo and serves its documents and its page."""
    for path, text in {
        "/mail/config-v1.1.xml": "<hostname>sample.co.jp</hostname>",
        "/": "<form",
    }.items():
        with urlopen(Request(f"{place}{path}", headers={"Host": "autoconfig.sample.co.jp"}), timeout=60) as answer:
            assert text in answer.read().decode()
