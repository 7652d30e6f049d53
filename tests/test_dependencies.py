"""docs/dependencies.md says of each library that a server needs why, and under which licence."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
TABLE = re.compile(r"^\| ([a-z0-9-]+) \| ([^|]+) \| ([^|]+) \| ([\d.]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = {row[0]: row for row in TABLE.findall((ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8"))}


def licence(library: str) -> str:
    """The licence that the installed library declares: its expression, else its text, else its classifier."""
    found = metadata(library)
    for named in found.get_all("License-Expression") or found.get_all("License") or []:
        if "\n" not in named:
            return str(named)
    (classifier,) = [line for line in found.get_all("Classifier", []) if line.startswith("License ::")]
    return str(classifier.rpartition(" :: ")[2].removesuffix(" License"))


def test_names() -> None:
    """The page has what pyproject.toml requires, and nothing else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = [*project["dependencies"], *extras["postgresql"], *extras["mariadb"]]

    assert sorted(ROWS) == sorted(Requirement(need).name for need in needed)


@pytest.mark.parametrize("library", ROWS)
def test_licence(library: str) -> None:
    """The licence is the one that the library declares."""
    assert ROWS[library][2] == licence(library)
