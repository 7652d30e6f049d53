"""What the package's modules import, read from their source: nothing is imported for it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import autoconfig

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(autoconfig.__file__).parent


class Import(NamedTuple):
    """One import statement's module, as seen from the module that has it."""

    importer: str
    """Below `autoconfig.`, dotted."""
    module: str
    line: int
    name: str = ""
    """What `from … import` takes from the module: a name in it, or a module below it."""

    @property
    def part(self) -> str:
        """The importer's part."""
        return self.importer.partition(".")[0]

    def __str__(self) -> str:
        """Where to look."""
        return f"autoconfig.{self.importer}:{self.line} imports {self.module}"


def part_of(module: str) -> str | None:
    """The part of the package that a module belongs to; `None` for modules of others."""
    top, _, rest = module.partition(".")
    return (rest.partition(".")[0] or "__init__") if top == "autoconfig" else None


def modules() -> dict[str, Path]:
    """All modules of the package by name; migrations too, though Alembic loads them by their path."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in sorted(PACKAGE.rglob("*.py"))
        if "templates" not in path.parts
    }


def imports_of(importer: str, source: str) -> Iterator[Import]:
    """Every import, also within functions and under `if TYPE_CHECKING`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(importer, alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{importer}:{node.lineno}: a relative import hides where it goes"
            for alias in node.names:
                # `from autoconfig import resolve` imports autoconfig.resolver
                full = f"{node.module}.{alias.name}" if node.module == "autoconfig" else str(node.module)
                yield Import(importer, full, node.lineno, alias.name)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"__import__", "importlib.import_module"}:
            yield Import(importer, ast.unparse(node.args[0]), node.lineno)


@cache
def all_imports() -> list[Import]:
    """Those of the whole package: not read where tests are only collected."""
    return [found for name, path in modules().items() for found in imports_of(name, path.read_text(encoding="utf-8"))]
