"""The rules of the house about other libraries: which of their names are used that they do not promise."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tests.support.imports import PACKAGE, Import, all_imports, imports_of, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

# Classes of ours whose base is somebody else's. Each is known by how its base works inside, so each needs a reason.
SUBCLASSES: dict[str, str] = {
    "cli.main.Commands": "typer's documented way to say what a group does with errors",
    "cli.output.Ours": "rich's documented way to keep it from ending the program when a pipe is closed",
    "dns.nameservers._Bounded": "nothing else bounds what dnspython reads by TCP (tests/dns/test_dnspython_names.py)",
    "mapping.dialects.mariadb.Busy": "an error of the driver's kind, so that one `except` catches both",
    "plans.schema.Table": "pydantic's documented way to declare a table",
    "server.supervisor.SingleServer": "uvicorn has no other hook for when it listens and when it stops",
    "server.supervisor.Workers": "uvicorn would replace workers at SIGHUP (tests/server/test_uvicorn_internals.py)",
    "settings.brands.BrandParam": "pydantic's documented way to declare a table",
    "settings.brands.BrandTable": "pydantic's documented way to declare a table",
    "settings.table.Settings": "pydantic's documented way to declare a table",
    "web.pages.compiled.CompiledTemplates": "Jinja's documented way to keep byte code elsewhere than in files",
    "web.routes.AnyCase": "starlette's documented way to match a path by other rules",
}
# Modules that use a name of somebody else's which begins with an underscore.
UNDERSCORED: dict[str, str] = {"formats.xml": "lxml has no public name for the type of an element"}
# Where names are imported that a library does not document, and what everybody else may import from it.
INTERNALS: dict[str, tuple[str, set[str]]] = {"uvicorn": ("server.uvicorn_internals", {"uvicorn"})}

SOURCES = {name: path.read_text(encoding="utf-8") for name, path in modules().items()}


def foreign_names(tree: ast.Module) -> dict[str, str]:
    """The names of other libraries in a module, with where each is from; also those that come through `INTERNALS`."""
    through = {f"autoconfig.{module}": top for top, (module, _) in INTERNALS.items()}
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = alias.name
        elif isinstance(node, ast.ImportFrom):
            module = str(node.module)
            for alias in node.names:
                names[alias.asname or alias.name] = f"{through.get(module, module)}.{alias.name}"
    ours = {"autoconfig", *sys.stdlib_module_names}
    return {name: source for name, source in names.items() if source.partition(".")[0] not in ours}


def subclasses_of(importer: str, source: str) -> Iterator[str]:
    """Every class of a module whose base is of another library."""
    tree = ast.parse(source)
    foreign = foreign_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
            isinstance(name, ast.Name) and name.id in foreign for base in node.bases for name in ast.walk(base)
        ):
            yield f"{importer}.{node.name}"


def underscored_in(importer: str, source: str) -> Iterator[str]:
    """Every name of another library that begins with an underscore, imported or asked for."""
    tree = ast.parse(source)
    foreign = foreign_names(tree)
    for where in foreign.values():
        if re.search(r"(^|\.)_(?!_)", where):
            yield f"{importer} imports {where}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.match(r"_(?!_)", node.attr):
            root: ast.expr = node
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in foreign:
                yield f"{importer} has {ast.unparse(node)}"


def internals_faults(found: Import) -> str | None:
    """What is wrong with an import of a library whose names are not all documented."""
    module, documented = INTERNALS.get(found.module.partition(".")[0], ("", {found.module}))
    return None if found.module in documented or found.importer == module else str(found)


def test_subclasses() -> None:
    """Nothing is derived from another library's class but what has a reason in the table, which names no other."""
    assert sorted(SUBCLASSES) == sorted(found for name, text in SOURCES.items() for found in subclasses_of(name, text))


def test_underscored() -> None:
    """No name of another library that begins with an underscore is used, but in the modules of the table."""
    found = {name: list(underscored_in(name, text)) for name, text in SOURCES.items()}

    assert [fault for name, faults in found.items() if name not in UNDERSCORED for fault in faults] == []
    assert UNDERSCORED.keys() == {name for name, faults in found.items() if faults}


def test_internals() -> None:
    """What a library does not document is imported in one module, and its requirement has an upper bound."""
    assert [fault for found in all_imports() if (fault := internals_faults(found))] == []


@pytest.mark.parametrize("library", [*INTERNALS, "dnspython"])
def test_bounds(library: str) -> None:
    """A library with names that it does not promise is bounded from above, and the lock files keep to that."""
    root = PACKAGE.parent
    requirements = map(Requirement, tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"])
    (bounds,) = [found.specifier for found in requirements if found.name == library]

    assert any(bound.operator == "<" for bound in bounds)
    for file in ("requirements.lock", "requirements-server.lock"):
        (version,) = re.findall(rf"^{library}==(\S+)", (root / file).read_text(), re.MULTILINE)
        assert version in bounds


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from starlette.routing import Route\nclass A(Route): pass", ["a.A"]),
        ("import uvicorn\ndef f():\n class A(uvicorn.Server): pass", ["a.A"]),
        ("from pydantic import BaseModel as B\nclass A(Generic[B], X): pass", ["a.A"]),
        ("from autoconfig.server.uvicorn_internals import Multiprocess\nclass A(Multiprocess): pass", ["a.A"]),
        ("import asyncio\nfrom autoconfig.web.asgi import Start\nclass A(asyncio.Protocol, Start): pass", []),
    ],
    ids=["imported", "in a function", "under another name", "through a module of ours", "nobody else's"],
)
def test_subclasses_catch(source: str, found: list[str]) -> None:
    """The rule sees a base wherever it is from, and minds neither ours nor Python's."""
    assert found == list(subclasses_of("a", source))


@pytest.mark.parametrize(
    "source",
    [
        "from uvicorn._types import Scope",
        "from uvicorn import _types",
        "import lxml._elementpath",
        "from lxml import etree\netree._Element",
        "import dns.message\ndns.message._x",
    ],
    ids=["module", "name", "import", "attribute", "of a module"],
)
def test_underscored_catch(source: str) -> None:
    """The rule sees an underscore wherever it stands."""
    assert len(list(underscored_in("a", source))) == 1


def test_internals_catch() -> None:
    """The rule sees a module that a library does not document."""
    (found,) = imports_of("server.server", "from uvicorn.config import Config")

    assert internals_faults(found) == "autoconfig.server.server:1 imports uvicorn.config"
