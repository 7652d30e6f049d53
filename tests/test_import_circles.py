"""No two files of the package import each other, directly or by way of others."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import pytest

from tests.support.imports import Import, all_imports, imports_of, modules

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def files_of(found: Import, files: Collection[str]) -> set[str]:
    """The files of the package that an import names; a folder stands for its `__init__`."""
    top, _, module = found.module.partition(".")
    if top != "autoconfig":
        return set()
    below = f"{module}.{found.name}".strip(".")
    names = (
        (below, f"{below}.__init__") if {below, f"{below}.__init__"} & set(files) else (module, f"{module}.__init__")
    )
    return {name for name in names if name in files and name != found.importer}


def circle(imports: Iterable[Import], files: Collection[str]) -> str:
    """A circle of imports, as `a → b → a`, also one for types only."""
    needed: dict[str, set[str]] = {}
    for found in imports:
        needed.setdefault(found.importer, set()).update(files_of(found, files))
    try:
        TopologicalSorter(needed).prepare()
    except CycleError as error:
        return " → ".join(reversed(error.args[1]))
    return ""


def test_no_circle_of_files() -> None:
    """No two files import each other, not even for types or by way of others; what both need belongs in a third."""
    assert circle(all_imports(), modules()) == ""


@pytest.mark.parametrize(
    ("sources", "files"),
    [
        ({"a": "from autoconfig.b import B", "b": "import autoconfig.a"}, {"a", "b"}),
        ({"a.x": "from autoconfig.a import y", "a.y": "def f():\n from autoconfig.a.x import X"}, {"a.x", "a.y"}),
        ({"a": "if TYPE_CHECKING:\n from autoconfig import b", "b": "from autoconfig.a import A"}, {"a", "b"}),
        ({"a.__init__": "from autoconfig.a.x import X", "a.x": "import autoconfig.a"}, {"a.__init__", "a.x"}),
        ({"a": "import autoconfig.b", "b": "import autoconfig.c", "c": "import autoconfig.a"}, {"a", "b", "c"}),
        ({"a": "import autoconfig.b", "b": "", "c": "import autoconfig.a\nimport autoconfig.b"}, {""}),
    ],
    ids=["two", "a folder, in a function", "for types", "a folder and its file", "three", "none"],
)
def test_circle_catches(sources: dict[str, str], files: set[str]) -> None:
    """The rule here sees a circle whichever way its imports are written."""
    shown = circle([found for name, source in sources.items() for found in imports_of(name, source)], sources)

    assert files == set(shown.split(" → "))
