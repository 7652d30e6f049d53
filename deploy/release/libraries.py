"""The libraries of requirements-server.lock, as far as they are for Linux, with what their metadata says."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName

EXTRAS = ("postgresql", "mariadb")
_PIN = re.compile(r"^(\S+==.*?) \\$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Library:
    """A locked library."""

    name: str
    version: str
    scope: str
    """`required`; `optional`, for an extra; `excluded`, if it only builds the package."""
    needs: tuple[str, ...]
    """The locked libraries that it requires itself, by name."""
    licence: str
    """What it declares: an SPDX expression if it has one."""
    is_expression: bool
    texts: tuple[tuple[str, str], ...]
    """The licence files that it brings, with their names."""


def libraries(checkout: Path) -> list[Library]:
    """
    All of them, by name.

    Raises:
        importlib.metadata.PackageNotFoundError: one is not installed here.
        ValueError: another version is installed.
    """
    lock = (checkout / "requirements-server.lock").read_text(encoding="utf-8")
    pins = [pin for line in _PIN.findall(lock) if _holds(pin := Requirement(line))]
    versions = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    installed = {name: distribution(name) for name in sorted(versions)}
    for name, found in installed.items():
        if found.version != versions[name]:
            raise ValueError(f"{name}=={versions[name]} is locked, and {found.version} is installed")
    needs = {name: _needed(found, versions) for name, found in installed.items()}
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = _closure(project["dependencies"], needs)
    optional = _closure((need for extra in EXTRAS for need in project["optional-dependencies"][extra]), needs)
    scopes = {
        name: "required" if name in required else "optional" if name in optional else "excluded" for name in needs
    }
    return [
        Library(name, found.version, scopes[name], needs[name], *_licence(found), _texts(found))
        for name, found in installed.items()
    ]


def direct(checkout: Path) -> list[str]:
    """The names that pyproject.toml itself requires, for serving and for the extras."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *(need for extra in EXTRAS for need in project["optional-dependencies"][extra])]
    return sorted(canonicalize_name(Requirement(need).name) for need in needed)


def _holds(requirement: Requirement, extras: Iterable[str] = ("",)) -> bool:
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras)


def _needed(found: Distribution, versions: Mapping[NormalizedName, str]) -> tuple[str, ...]:
    # The only extra of a library that is used brings psycopg's part in C.
    extras = ("", "binary")
    read = (Requirement(line) for line in found.requires or ())
    return tuple(
        sorted({name for need in read if _holds(need, extras) and (name := canonicalize_name(need.name)) in versions})
    )


def _closure(requirements: Iterable[str], needs: Mapping[NormalizedName, tuple[str, ...]]) -> set[NormalizedName]:
    found: set[NormalizedName] = set()
    waiting = [canonicalize_name(Requirement(line).name) for line in requirements]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(canonicalize_name(need) for need in needs[name])
    return found


def _licence(found: Distribution) -> tuple[str, bool]:
    for field in ("License-Expression", "License"):
        for text in found.metadata.get_all(field) or ():
            if "\n" not in text:
                return text, field == "License-Expression"
    classifiers = [line for line in found.metadata.get_all("Classifier") or () if line.startswith("License ::")]
    return ", ".join(line.rpartition(" :: ")[2] for line in classifiers), False


def _texts(found: Distribution) -> tuple[tuple[str, str], ...]:
    names = re.compile(r"(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
    files = [file for file in found.files or () if ".dist-info" in file.parts[0] and names.match(file.name)]
    return tuple((file.name, file.read_text(encoding="utf-8")) for file in sorted(files))
