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

from autoconfig import __version__

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
    outside = [name for name in names(wheel) if not re.match(r"(autoconfig|mail_autoconfig-[^/]+\.dist-info)/", name)]
    leftovers = [name for name in names(wheel) if re.search(r"__pycache__|\.pyc$|\.db|(^|/)test", name)]

    assert (outside, leftovers) == ([], [])


def test_metadata(wheel: Path) -> None:
    """The name, the command, the licence, the dependencies and the extras are named."""
    with zipfile.ZipFile(wheel) as archive:
        read = {name.rpartition("/")[2]: archive.read(name).decode() for name in archive.namelist() if "-info/" in name}

    assert "autoconfig = autoconfig.__main__:run" in read["entry_points.txt"]
    assert "License-Expression: Apache-2.0" in read["METADATA"]
    assert wheel.name == f"mail_autoconfig-{__version__}-py3-none-any.whl"
    for library in ("uvicorn", "uvloop", "httptools"):
        assert re.search(rf"^Requires-Dist: {library}[^;]*$", read["METADATA"], re.MULTILINE)
    for driver, extra in {"psycopg[binary]": "postgresql", "pymysql": "mariadb"}.items():
        needed = rf"^Requires-Dist: {re.escape(driver)}[^;]*; extra == '{extra}'$"
        assert re.search(needed, read["METADATA"], re.MULTILINE)
    assert "Apache License" in read["LICENSE"]


@pytest.fixture(scope="module")
def no_drivers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that hides the drivers of database servers, as where the package is installed without extras."""
    folder = tmp_path_factory.mktemp("no-drivers")
    hidden = 'import sys\nsys.modules.update(dict.fromkeys(["psycopg", "pymysql"]))\n'
    (folder / "sitecustomize.py").write_text(hidden, encoding="utf-8")
    return folder


@pytest.fixture
def environment(installed: Path, no_drivers: Path) -> dict[str, str]:
    """In which Python finds the installed package first, and no driver."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AUTOCONFIG_")}
    return ours | {"PYTHONPATH": f"{no_drivers}:{installed}", "PYTHONDONTWRITEBYTECODE": "1"}


def test_import(installed: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """The tests below run the installed package, not the checkout, and find no driver of a database server."""
    asked = [
        sys.executable,
        "-c",
        "import autoconfig.cli.main as found, sys; print(found.__file__, sys.modules['psycopg'])",
    ]
    said = subprocess.run(asked, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)

    assert said.stdout.split() == [str(installed / "autoconfig" / "cli" / "main.py"), "None"]


@pytest.fixture
def place(installed: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Where a server of the installed package serves the demo, from another folder and without extras."""
    command = [sys.executable, str(installed / "bin" / "autoconfig")]
    env = environment
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
