"""The rules of the house: which part may import which, and where each library lives."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import autoconfig

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(autoconfig.__file__).parent
MAX_LINES = 400

# A part is a folder of the package or one of its own modules. `cli` is not here: it may import everything.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "resources": set(),
    "mail": {"errors"},
    "colours": set(),
    "files": set(),
    "watching": set(),
    "setting_values": {"mail", "colours"},
    "settings": {"errors", "setting_values"},
    "log": {"settings"},
    "plans": {"errors", "files", "watching", "mail", "settings", "setting_values"},
    "mapping": {"errors", "files", "mail"},
    "formats": {"errors", "mail"},
    "dns": {"errors", "watching", "mail"},
    "resolve": {"errors", "mail", "plans", "mapping", "dns"},
    "migrate": {"errors", "files", "mail", "plans", "mapping", "formats"},
    "web": {
        "errors",
        "resources",
        "watching",
        "mail",
        "settings",
        "colours",
        "log",
        "plans",
        "mapping",
        "formats",
        "dns",
        "resolve",
    },
    "serving": {"errors", "files", "log", "mapping", "settings", "web"},
    "__init__": set(),
    "__main__": {"cli"},
}

# The same within `mapping`, the largest part: what a folder of it may import of the rest, and which folders a module.
MAPPING: dict[str, set[str]] = {
    "migrations": {"schema"},
    "engines": {"database", "place", "schema", "sqlite_errors", "trouble"},
    "sources": {"database", "place", "timeline"},
    "query": {"sources", "cache", "database", "place", "schema", "sqlite_errors", "timeline", "trouble"},
    "copies": {
        "batches",
        "database",
        "engine",
        "journal",
        "mark",
        "place",
        "schema",
        "sqlite_errors",
        "trouble",
    },
    "engine": {"engines"},
    "cached": {"sources"},
    "position": {"sources"},
    "opening": {"sources", "query"},
}

# Where a third-party library may be imported: in parts, or in single modules of them.
HOME: dict[str, set[str]] = {
    "sqlalchemy": {"mapping"},
    "alembic": {"mapping"},
    "psycopg": {"mapping"},
    "pymysql": {"mapping"},
    "aiomysql": {"mapping"},
    "lxml": {"formats"},
    "cryptography": {"formats.signing"},
    "dns": {"dns"},
    "idna": {"mail"},
    "starlette": {"web"},
    "jinja2": {"web.pages"},
    "markupsafe": {"web.pages"},
    "babel": {"web.pages"},
    "segno": {"web.pages"},
    "typer": {"cli"},
    "rich": {"cli"},
    "uvicorn": {"serving"},
    "pydantic": {"plans", "settings", "setting_values", "web.api"},
    "pydantic_core": {"plans", "settings"},
    "structlog": {"log"},
    "prometheus_client": {"web.exposition"},
}


class Import(NamedTuple):
    """One import statement's module, as seen from the module that has it."""

    importer: str
    """Below `autoconfig.`, dotted."""
    module: str
    line: int

    @property
    def part(self) -> str:
        """The importer's part."""
        return self.importer.partition(".")[0]

    def __str__(self) -> str:
        """Where to look."""
        return f"autoconfig.{self.importer}:{self.line} imports {self.module}"


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
                # `from autoconfig import resolve` imports autoconfig.resolve
                full = f"{node.module}.{alias.name}" if node.module == "autoconfig" else str(node.module)
                yield Import(importer, full, node.lineno)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"__import__", "importlib.import_module"}:
            yield Import(importer, ast.unparse(node.args[0]), node.lineno)


def own(module: str) -> str | None:
    """The part of a module of ours."""
    top, _, rest = module.partition(".")
    return (rest.partition(".")[0] or "__init__") if top == "autoconfig" else None


def direction_faults(found: Import) -> str | None:
    """What is wrong with an import of ours."""
    part = own(found.module)
    if part is None or found.part in {part, "cli"}:
        return None
    if part == "__init__" or (part.startswith("__") and part.endswith("__")):  # the version
        return None
    return None if part in ALLOWED[found.part] else str(found)


def units_of_mapping(found: Import) -> tuple[str, str] | None:
    """The folder or module of `mapping` that imports, and the other one that is imported."""
    if found.part != "mapping" or not found.module.startswith("autoconfig.mapping."):
        return None
    importer, imported = found.importer.split(".")[1], found.module.split(".")[2]
    return None if importer == imported else (importer, imported)


def mapping_faults(found: Import) -> str | None:
    """What is wrong with an import within `mapping`."""
    if (units := units_of_mapping(found)) is None:
        return None
    importer, imported = units
    is_ruled = importer in FOLDERS_OF_MAPPING or imported in FOLDERS_OF_MAPPING
    return str(found) if is_ruled and imported not in MAPPING.get(importer, set()) else None


def home_faults(found: Import) -> str | None:
    """What is wrong with an import of somebody else's."""
    top = found.module.partition(".")[0]
    if top == "autoconfig" or top in sys.stdlib_module_names:
        return None
    homes = HOME.get(top)
    if homes is None:
        return f"{found}, which has no home yet"
    return None if any(f"{found.importer}.".startswith(f"{home}.") for home in homes) else str(found)


IMPORTS = [found for name, path in modules().items() for found in imports_of(name, path.read_text(encoding="utf-8"))]


FOLDERS_OF_MAPPING = {name.split(".")[1] for name in modules() if name.startswith("mapping.") and name.count(".") > 1}


def test_parts() -> None:
    """Every folder and module of the package has its place in the table, and the table names no other."""
    assert ALLOWED.keys() | {"cli"} >= {name.partition(".")[0] for name in modules()}
    assert ALLOWED.keys() | {"cli"} <= {name.partition(".")[0] for name in modules()}


def test_direction() -> None:
    """Imports go one way: each part imports only those that the table gives it."""
    assert [fault for found in IMPORTS if (fault := direction_faults(found))] == []


def test_table_has_no_circle() -> None:
    """The table itself goes one way."""
    left = {part: needed - {"cli"} for part, needed in ALLOWED.items()}
    while free := {part for part, needed in left.items() if not needed & left.keys()}:
        left = {part: needed for part, needed in left.items() if part not in free}

    assert left == {}


def test_mapping_direction() -> None:
    """Within `mapping` too, imports go as its table says, and each of its folders is in it."""
    assert MAPPING.keys() >= FOLDERS_OF_MAPPING
    assert [fault for found in IMPORTS if (fault := mapping_faults(found))] == []


def test_mapping_has_no_circle() -> None:
    """No folder or module of `mapping` needs one that needs it, not even for types."""
    left: dict[str, set[str]] = {}
    for units in filter(None, map(units_of_mapping, IMPORTS)):
        left.setdefault(units[0], set()).add(units[1])
        left.setdefault(units[1], set())
    while free := {unit for unit, needed in left.items() if not needed & left.keys()}:
        left = {unit: needed for unit, needed in left.items() if unit not in free}

    assert left == {}


def test_nothing_imports_web_but_who_starts_it() -> None:
    """HTTP is known to nobody but the server's processes and the command line, which start it."""
    assert {"cli", "serving"} >= {found.part for found in IMPORTS if own(found.module) == "web"} - {"web"}


def test_home() -> None:
    """Each third-party library is imported in one place only, and each has one."""
    assert [fault for found in IMPORTS if (fault := home_faults(found))] == []


@pytest.mark.parametrize(
    ("importer", "source", "fault"),
    [
        ("mail.plan", "from autoconfig.plans import Plans", "autoconfig.mail.plan:1 imports autoconfig.plans"),
        ("formats.xml", "def f():\n import autoconfig.dns.mx", "autoconfig.formats.xml:2 imports autoconfig.dns.mx"),
        ("resolve", "from autoconfig import web", "autoconfig.resolve:1 imports autoconfig.web"),
        ("plans.book", "if TYPE_CHECKING:\n import lxml.etree", "autoconfig.plans.book:2 imports lxml.etree"),
        ("web.app", "from jinja2 import Environment", "autoconfig.web.app:1 imports jinja2"),
        ("web.apicalls", "import pydantic", "autoconfig.web.apicalls:1 imports pydantic"),
        ("dns.mx", "import requests", "autoconfig.dns.mx:1 imports requests, which has no home yet"),
        (
            "mapping.journal",
            "from autoconfig.mapping.copies.digest import Digest",
            "autoconfig.mapping.journal:1 imports autoconfig.mapping.copies.digest",
        ),
        (
            "mapping.sources.pool",
            "import autoconfig.mapping.cached",
            "autoconfig.mapping.sources.pool:1 imports autoconfig.mapping.cached",
        ),
        ("cli.main", "__import__('requests')", "autoconfig.cli.main:1 imports 'requests', which has no home yet"),
    ],
    ids=[
        "sideways",
        "in a function",
        "from the package",
        "for types",
        "wrong module",
        "like a home",
        "new",
        "into a folder",
        "out of a folder",
        "call",
    ],
)
def test_rules_catch(importer: str, source: str, fault: str) -> None:
    """The rules here see an import wherever it stands."""
    (found,) = imports_of(importer, source)

    assert fault in {direction_faults(found), mapping_faults(found), home_faults(found)}


ENGINE_SQL = re.compile(
    r"\b(PRAGMA|sqlite_(schema|master)|pg_[a-z_]+|GET_LOCK|RELEASE_LOCK|information_schema|ON CONFLICT|ON DUPLICATE KEY"
    r"|SELECT\b.+\bFROM|INSERT INTO|DELETE FROM|CREATE TABLE|BEGIN IMMEDIATE)\b",
    re.DOTALL,
)
ENGINES = re.compile(r"sqlite|postgres|psycopg|mariadb|mysql|libpq|dialect", re.IGNORECASE)

# Whoever opens a mapping for a command, reads and writes it, does so alike on every engine.
ENGINE_FREE = ("mapping.journal", "mapping.engine", "mapping.changes", "mapping.sync", "mapping.csvfile")


def words_of(source: str) -> Iterator[str]:
    """All names and all texts of a module, except what only explains it."""
    tree = ast.parse(source)
    explaining = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explaining:
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name


def test_sql_lives_in_mapping() -> None:
    """No SQL of any engine stands outside of `mapping`, and nobody else opens a database."""
    found = [
        f"autoconfig.{name}: {word[:60]!r}"
        for name, path in modules().items()
        if not name.startswith("mapping.")
        for word in words_of(path.read_text(encoding="utf-8"))
        if ENGINE_SQL.search(word) or word in {"dialect", "sqlite3"}
    ]

    assert found == []


@pytest.mark.parametrize("name", ENGINE_FREE)
def test_engines_are_alike(name: str) -> None:
    """What commands do to a mapping names no engine: `mapping.engines` has what differs."""
    assert [word for word in words_of(modules()[name].read_text(encoding="utf-8")) if ENGINES.search(word)] == []


def test_web_knows_no_engine() -> None:
    """Requests know the `Finder` protocol and who opens one, and nothing else of the mapping."""
    known = {"autoconfig.mapping.timeline", "autoconfig.mapping.opening"}

    assert {found.module for found in IMPORTS if found.part == "web" and own(found.module) == "mapping"} <= known


@pytest.mark.parametrize(
    "source",
    [
        "x = 'PRAGMA journal_mode'",
        "run(f'SELECT {name} FROM mapping')",
        "import sqlite3",
        "connection.dialect",
        "x = 'SELECT pg_is_in_recovery()'",
    ],
    ids=["pragma", "formatted", "import", "attribute", "function"],
)
def test_words_catch(source: str) -> None:
    """The rules here see a word wherever it stands."""
    text = " ".join(words_of(source))

    assert ENGINE_SQL.search(text) or ENGINES.search(text)


@pytest.mark.parametrize(("name", "path"), modules().items(), ids=modules())
def test_length(name: str, path: Path) -> None:
    """A module that does not fit into 400 lines is two modules."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES, name
