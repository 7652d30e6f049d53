"""`make release` in a repository of its own: what it refuses, and what it makes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from hashlib import sha256
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig import __version__
from deploy.release.artefacts import make
from deploy.release.refusals import refusals
from tests.conftest import needs
from tests.deploy.site import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERSION = "7.8.9"
SOMEBODY = {
    f"GIT_{role}_{what}": f"{role}@provider.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MAKE", "MFLAGS"))},
    **SOMEBODY,
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


def git(folder: Path, *arguments: str) -> None:
    """Run git there, under a name of its own."""
    subprocess.run([needs("git", "git"), *arguments], cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)


def change(path: Path, old: str, new: str) -> None:
    """Replace what a file surely has."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def commit(folder: Path, *tags: str) -> None:
    """Commit everything that changed, with these tags and no others."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "A commit")
    for tag in tags:
        git(folder, "tag", "--force", tag)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with what this checkout has but for the tests, ready to be released."""
    folder = tmp_path_factory.mktemp("original")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for name in [*project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"], "pyproject.toml", ".gitignore"]:
        if name == "tests":
            continue
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    change(folder / "autoconfig" / "__init__.py", f'"{__version__}"', f'"{VERSION}"')
    change(folder / "CHANGELOG.md", "\n## Unreleased\n", f"\n## Unreleased\n\n## {VERSION} - 2030-01-02\n")
    git(folder, "init", "--quiet")
    commit(folder, f"v{VERSION}")
    return folder


@pytest.fixture
def clone(original: Path, tmp_path: Path) -> Path:
    """A clone of it, which a test may spoil."""
    git(tmp_path, "clone", "--quiet", "--shared", str(original), "clone")
    return tmp_path / "clone"


def retagged(folder: Path, tag: str = f"v{VERSION}") -> None:
    """Commit what changed, and tag it."""
    commit(folder, tag)


def no_tag(folder: Path) -> None:
    """A commit after the tag."""
    commit(folder)


def other_tag(folder: Path) -> None:
    """A tag of another version."""
    commit(folder, "v7.9.0")


def versioned(version: str) -> Callable[[Path], None]:
    """A checkout with this version, and its tag and its section."""

    def spoil(folder: Path) -> None:
        change(folder / "autoconfig" / "__init__.py", VERSION, version)
        change(folder / "CHANGELOG.md", f"## {VERSION}", f"## {version}")
        retagged(folder, f"v{version}")

    return spoil


def changed(folder: Path) -> None:
    """A file that is not committed as it is."""
    change(folder / "README.md", "# autoconfig", "# changed")


def untracked(folder: Path) -> None:
    """A file that is not committed at all."""
    (folder / "autoconfig" / "left.py").touch()


def no_section(folder: Path) -> None:
    """CHANGELOG.md has other versions only."""
    change(folder / "CHANGELOG.md", f"## {VERSION}", "## 7.8.90")
    retagged(folder)


def empty_section(folder: Path) -> None:
    """The section of the version says nothing."""
    change(folder / "CHANGELOG.md", f"## {VERSION} - 2030-01-02\n", f"## {VERSION} - 2030-01-02\n\n## 7.8.8\n")
    retagged(folder)


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "no tag": (no_tag, "the tag v7.8.9 does not point to this commit; git tag v7.8.9"),
    "another tag": (other_tag, "the tag v7.8.9 does not point to this commit (v7.9.0 does)"),
    "0.0.0": (versioned("0.0.0"), "the version is '0.0.0'"),
    "a development version": (versioned("1.2.3.dev0"), "the version is '1.2.3.dev0'"),
    "a local version": (versioned("1.2.3+local"), "the version is '1.2.3+local'"),
    "a changed file": (changed, "the tree is not clean: 1 changed files, such as README.md"),
    "a new file": (untracked, "the tree is not clean: 1 changed files, such as autoconfig/left.py"),
    "no section": (no_section, "CHANGELOG.md has no section for 7.8.9"),
    "an empty section": (empty_section, "CHANGELOG.md has no section for 7.8.9"),
}


@pytest.mark.parametrize(("spoil", "says"), REFUSED.values(), ids=REFUSED)
def test_refused(clone: Path, spoil: Callable[[Path], None], says: str) -> None:
    """Each thing that is not as a release needs it is a refusal of its own, which says what to do."""
    assert refusals(clone) == []

    spoil(clone)
    (said,) = refusals(clone)

    assert says in said


@pytest.mark.parametrize("version", ["1.2.3", "0.1.0", "10.0.0rc2"])
def test_not_refused(clone: Path, version: str) -> None:
    """A release may be a candidate for one."""
    versioned(version)(clone)

    assert refusals(clone) == []


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """Instead of the .venv of make: tools that find nothing, and the Python that runs the tests."""
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    for name in ("ruff", "mypy", "codespell"):
        (folder / "bin" / name).symlink_to("/bin/true")
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\n[ "$2" = pytest ] && exit 0\nexec {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    for stamp in (".server", ".made"):
        (folder / stamp).touch()
    return folder


def released(folder: Path, venv: Path) -> subprocess.CompletedProcess[str]:
    """Run the real command, with fewer checks."""
    command = ["make", "release", f"VENV={venv}", f"PYTHON={sys.executable}", "CHECKS=check"]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def dist(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a release."""
    folder = tmp_path_factory.mktemp("dist")
    (folder / "left.whl").touch()
    make(original, folder)
    return folder


def test_command(clone: Path, venv: Path, dist: Path) -> None:
    """
    `make release` fills dist/ with everything that is committed, and with nothing else; the same commit gives the same
    bytes, the checksums are right, and the tree is clean afterwards.
    """
    assert not (dist / "left.whl").exists()
    (clone / "autoconfig" / "htmlcov").mkdir()
    (clone / "autoconfig" / "htmlcov" / "ignored.py").touch()
    done = released(clone, venv)
    assert done.returncode == 0, done.stdout + done.stderr

    assert {path.name for path in (clone / "dist").iterdir()} == {
        f"mail_autoconfig-{VERSION}-py3-none-any.whl",
        f"mail_autoconfig-{VERSION}.tar.gz",
        f"mail-autoconfig-{VERSION}.cdx.json",
        f"mail-autoconfig-{VERSION}.licences.txt",
        "requirements-server.lock",
        "SHA256SUMS",
    }
    assert (clone / "dist" / "SHA256SUMS").read_bytes() == (dist / "SHA256SUMS").read_bytes()
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=clone / "dist", check=True)
    assert refusals(clone) == []


def red_checks(venv: Path) -> None:
    """A tool finds something."""
    (venv / "bin" / "ruff").unlink()
    (venv / "bin" / "ruff").symlink_to("/bin/false")


def not_installed(venv: Path) -> None:
    """The tools are not there."""
    (venv / ".made").unlink()


@pytest.mark.parametrize(("spoil", "says"), [(red_checks, "the checks fail"), (not_installed, "make ")])
def test_command_refuses(clone: Path, venv: Path, spoil: Callable[[Path], None], says: str) -> None:
    """With red checks or without its tools it makes and installs nothing."""
    spoil(venv)
    before = {path.name for path in venv.rglob("*")}
    done = released(clone, venv)

    assert done.returncode != 0
    assert f"release: {says}" in done.stderr or f"run: {says}" in done.stderr
    assert not (clone / "dist").exists()
    assert {path.name for path in venv.rglob("*")} == before


def test_command_refuses_first(clone: Path) -> None:
    """What keeps it from being a release is said before anything else is looked at."""
    changed(clone)
    done = released(clone, clone / "no-venv")

    assert done.returncode != 0
    assert done.stderr.startswith("release: the tree is not clean")
    assert not (clone / "dist").exists()
    assert not (clone / "no-venv").exists()


def bill(dist: Path) -> dict[str, Any]:
    """The bill of materials."""
    (path,) = dist.glob("*.cdx.json")
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def test_sbom_is_cyclonedx(dist: Path) -> None:
    """The bill has what the schema of CycloneDX 1.6 requires, and its references lead somewhere."""
    found = bill(dist)
    own = found["metadata"]["component"]
    refs = [component["bom-ref"] for component in [own, *found["components"]]]

    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found["serialNumber"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["metadata"]["timestamp"])
    assert (own["type"], own["name"], own["version"]) == ("application", "mail-autoconfig", VERSION)
    assert len(refs) == len(set(refs))
    assert sorted(edge["ref"] for edge in found["dependencies"]) == sorted(refs)
    assert {ref for edge in found["dependencies"] for ref in edge["dependsOn"]} <= set(refs)
    for component in found["components"]:
        assert component["type"] == "library"
        assert component["purl"] == f"pkg:pypi/{component['name']}@{component['version']}"
        (licence,) = component["licenses"]
        assert licence.get("expression") or licence["license"]["name"] not in {"", "not declared"}


def test_sbom_is_the_lock(dist: Path) -> None:
    """Each library that the lock installs here is in the bill, with what it is for."""
    scopes = {component["name"]: component["scope"] for component in bill(dist)["components"]}
    lock = (ROOT / "requirements-server.lock").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^(\S+)==(\S+)(?: ; (?!sys_platform == 'win32').*)? \\$", lock, re.MULTILINE))

    assert set(pins) == set(scopes)
    assert all(installed_version(name) == pins[name] for name in scopes)
    assert {scopes[name] for name in ("uvicorn", "starlette", "markupsafe", "h11")} == {"required"}
    assert {scopes[name] for name in ("psycopg", "psycopg-binary", "pymysql")} == {"optional"}
    assert {scopes[name] for name in ("hatchling", "editables")} == {"excluded"}


def test_licences(dist: Path) -> None:
    """The texts of the licences of all libraries are there, beside our own."""
    (path,) = dist.glob("*.licences.txt")
    text = path.read_text(encoding="utf-8")
    sections = set(re.findall(r"^={80}\n(\S+) ", text, re.MULTILINE))

    assert text.lstrip().startswith("Apache License")
    assert {component["name"] for component in bill(dist)["components"]} - sections == set()


def test_sums(dist: Path) -> None:
    """Each file but the list itself has its checksum."""
    lines = (line.partition("  ") for line in (dist / "SHA256SUMS").read_text().splitlines())
    listed = {name: digest for digest, _, name in lines}
    paths = [path for path in dist.iterdir() if path.name != "SHA256SUMS"]

    assert listed == {path.name: sha256(path.read_bytes()).hexdigest() for path in paths}
