"""The wheel and the sdist can be made again byte by byte, and a venv takes, upgrades and forgets them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest

from autoconfig import __version__

ROOT = Path(__file__).parents[1]
EPOCH = "1800000000"
"""A time in seconds, as `make release` takes it from the last commit."""


def build(folder: Path, into: Path, *targets: str) -> dict[str, Path]:
    """Build some of `wheel` and `sdist` in a folder; each by its suffix."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(into)]
    asked = [argument for target in targets for argument in ("-t", target)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
    done = subprocess.run([*command, *asked], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.suffix: path for path in into.iterdir()}


def digests(built: dict[str, Path]) -> dict[str, str]:
    """What is in artefacts, by their names."""
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in built.values()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel and the sdist of this checkout."""
    return build(ROOT, tmp_path_factory.mktemp("built"), "wheel", "sdist")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same files in another folder, made at another time and by somebody with another umask."""
    folder = tmp_path_factory.mktemp("copy")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for name in [*project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"], "pyproject.toml", ".gitignore"]:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() or os.access(path, os.X_OK) else 0o600)
        os.utime(path, (1, 1))
    return folder


def test_made_again(built: dict[str, Path], copy: Path, tmp_path: Path) -> None:
    """The same files give the same bytes, also in another folder and with another umask."""
    again = build(copy, tmp_path, "wheel", "sdist")

    assert {*built} == {".whl", ".gz"}
    assert digests(again) == digests(built)


def test_sdist_is_whole(built: dict[str, Path], tmp_path: Path) -> None:
    """The sdist has all files of the checkout, and makes the same wheel."""
    subprocess.run(["tar", "--extract", "--file", built[".gz"], "--directory", tmp_path], check=True)
    (folder,) = tmp_path.iterdir()
    made = build(folder, tmp_path / "dist", "wheel")
    tops = {"README.md", "CHANGELOG.md", "LICENSE", "Makefile", "pyproject.toml", "requirements.lock"}

    assert tops | {"autoconfig", "templates", "tests", "deploy", "docs"} <= {path.name for path in folder.iterdir()}
    assert digests(made).items() < digests(built).items()


def test_venv(built: dict[str, Path], copy: Path, tmp_path: Path) -> None:
    """In a venv the wheel is installed, upgraded with the mapping kept, and uninstalled, which leaves the mapping."""
    code = copy / "autoconfig" / "__init__.py"
    code.write_text(code.read_text(encoding="utf-8").replace(__version__, "1000.0"), encoding="utf-8")
    newer = build(copy, tmp_path / "newer", "wheel")[".whl"]
    venv, site = tmp_path / "venv", next(path for path in map(Path, sys.path) if path.name == "site-packages")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    unset = ("AUTOCONFIG_", "PYTHONDONTWRITEBYTECODE")  # without byte code each start would compile the package anew
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unset)}

    def pip(*arguments: str) -> None:
        command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", str(venv)]
        subprocess.run([*command, *arguments], check=True)

    def run(*arguments: str) -> str:
        # The libraries are those that are installed here.
        command = [str(venv / "bin" / "autoconfig"), *arguments]
        ours = {"PYTHONPATH": str(site), "AUTOCONFIG_CONFIG": str(tmp_path / "etc" / "autoconfig.toml")}
        done = subprocess.run(command, env=environment | ours, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    pip("install", "--no-index", "--no-deps", "--no-compile", str(built[".whl"]))
    run("init", str(tmp_path / "etc"))
    run("mapping", "set", "customer.example", "--plan", "standard")
    rows = run("mapping", "list", "--json")
    assert "customer.example" in rows

    pip("install", "--no-index", "--no-deps", "--no-compile", "--upgrade", str(newer))
    assert "1000.0" in run("--version")
    assert run("mapping", "list", "--json") == rows

    pip("uninstall", "--yes", "mail-autoconfig")
    assert [path for path in venv.rglob("*autoconfig*") if "__pycache__" not in path.parts] == []
    assert (tmp_path / "etc" / "mapping.db").exists()
