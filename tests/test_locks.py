"""Both lock files install on Debian 12 and on Debian 13; what they hold is read from what is installed here."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from importlib.metadata import Distribution

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-server.lock")
DEBIAN_12, DEBIAN_13 = "3.11.2", "3.13.5"

locks = pytest.mark.parametrize("name", LOCKS)
pythons = pytest.mark.parametrize("python", [DEBIAN_12, DEBIAN_13], ids=["Debian 12", "Debian 13"])


def _applies(requirement: Requirement, python: str) -> bool:
    """Whether pip installs a requirement with this Python, on the platform of the tests."""
    versions = {"python_version": python.rpartition(".")[0], "python_full_version": python}
    environment = {name: str(value) for name, value in default_environment().items()}
    return requirement.marker is None or requirement.marker.evaluate({**environment, **versions, "extra": ""})


def _pins(name: str, python: str) -> dict[str, str]:
    """The versions that a lock file has for this Python, by name."""
    lines = re.findall(r"^(\S+==.*?) \\$", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    pins = [requirement for line in lines if _applies(requirement := Requirement(line), python)]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}


def _installed(name: str, version: str) -> Distribution:
    """The installed library that a pin names."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        pytest.fail(f"{name}=={version} is locked and not installed: run `make .venv/.made`")
    if found.version != version:
        pytest.fail(f"{name}=={version} is locked, and {found.version} is installed: run `make .venv/.made`")
    return found


@pythons
@locks
def test_locked_versions_support_both_pythons(name: str, python: str) -> None:
    """No locked version's Requires-Python excludes the Python of Debian 12 or 13."""
    pins = _pins(name, python)
    metadata = {pin: _installed(pin, version).metadata for pin, version in pins.items()}
    needs = {pin: read.get_all("Requires-Python", [""])[0] for pin, read in metadata.items()}

    assert len(pins) > 30
    assert {pin: need for pin, need in needs.items() if python not in Requirement(f"python{need}").specifier} == {}


@pythons
@locks
def test_locks_are_complete_for_both_pythons(name: str, python: str) -> None:
    """Whatever a locked library requires under the Python of Debian 12 or 13 is locked too."""
    pins = _pins(name, python)
    required = {
        canonicalize_name(requirement.name)
        for pin, version in pins.items()
        for line in _installed(pin, version).requires or ()
        if _applies(requirement := Requirement(line), python)
    }

    assert required - set(pins) == set()
