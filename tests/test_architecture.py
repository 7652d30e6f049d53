"""The rules of the house: which part may import which, and where each library lives."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.support.imports import Import, all_imports, imports_of, modules, part_of

MAX_LINES = 400

# A part is a folder of the package or one of its own modules. `cli` is not here: it may import everything.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "resources": set(),
    "mail": {"errors", "visible"},
    "files": set(),
    "last_backup": {"files"},
    "file_watch": set(),
    "settings": {"errors", "mail"},
    "log_counts": set(),
    "lru": set(),
    "single_flight": set(),
    "log_queue": set(),
    "visible": set(),
    "log": {"log_counts", "log_queue", "settings", "visible"},
    "plans": {"errors", "files", "file_watch", "formats", "mail", "settings"},
    "mapping": {"errors", "files", "lru", "mail", "single_flight"},
    "formats": {"errors", "mail"},
    "dns": {"errors", "file_watch", "log", "lru", "mail", "single_flight"},
    "resolver": {"errors", "mail", "plans", "mapping", "dns", "settings"},
    "check": {"errors", "mail", "dns", "formats", "settings", "single_flight"},
    "results": {"check", "errors", "files"},
    "report": {"check", "errors", "files", "mapping", "resources", "results"},
    "migrate": {"errors", "files", "mail", "plans", "mapping", "formats"},
    "single_check": {"check", "dns", "errors", "files", "formats", "log", "mail", "plans", "results", "settings"},
    "explain": {"dns", "errors", "formats", "mail", "mapping", "plans", "resolver", "results", "settings"},
    "web": {
        "errors",
        "explain",
        "resources",
        "file_watch",
        "last_backup",
        "lru",
        "mail",
        "settings",
        "log",
        "plans",
        "mapping",
        "formats",
        "dns",
        "resolver",
        "results",
        "single_check",
        "visible",
    },
    "server": {"dns", "errors", "files", "log", "mapping", "settings", "web"},
    "__init__": set(),
    "__main__": {"cli"},
}

# The same within `mapping`, the largest part: what a folder of it may import of the rest, and which folders a module.
MAPPING: dict[str, set[str]] = {
    "migrations": {"schema"},
    "dialects": {
        "database_errors",
        "database_location",
        "mariadb_connection",
        "record",
        "schema",
        "schema_version",
        "sqlite_errors",
    },
    "lookup": {
        "database_errors",
        "database_location",
        "mariadb_connection",
        "record",
        "schema",
        "sqlite_errors",
        "timeline",
    },
    "follower": {
        "batches",
        "copy_marker",
        "copy_status",
        "database_errors",
        "database_location",
        "digest",
        "progress",
        "record",
        "schema",
        "schema_version",
        "sqlite_errors",
        "sqlite_file",
        "store",
        "store_database",
    },
    "backup": {
        "copy_marker",
        "database_errors",
        "database_location",
        "digest",
        "progress",
        "record",
        "schema",
        "schema_version",
        "sqlite_errors",
        "sqlite_file",
        "store",
        "store_database",
        "times",
    },
    "store_database": {"dialects"},
    "finder_factory": {"lookup"},
}

# Where a third-party library may be imported: in parts, or in single modules of them.
HOME: dict[str, set[str]] = {
    "sqlalchemy": {"mapping", "migrate.automx2_database"},
    "alembic": {"mapping"},
    "psycopg": {"mapping"},
    "pymysql": {"mapping"},
    "lxml": {"formats", "migrate.config_v11"},
    "cryptography": {"check.certificate", "formats.signing"},
    "OpenSSL": {"check.tls_handshake"},
    "dns": {"dns"},
    "idna": {"mail"},
    "re2": {"mail.host_rule"},
    "starlette": {"web"},
    "jinja2": {"report.rendering", "web.pages"},
    "markupsafe": {"web.pages"},
    "babel": {"web.pages"},
    "segno": {"web.pages"},
    "typer": {"cli"},
    "rich": {"cli"},
    "uvicorn": {"server"},
    "uvloop": {"cli.check_all", "dns.exchange_worker"},
    "pydantic": {"plans", "settings", "web.api"},
    "pydantic_core": {"plans", "settings"},
    "structlog": {"log"},
    "prometheus_client": {"web.metrics.prometheus"},
}


def direction_faults(found: Import) -> str | None:
    """What is wrong with an import of ours."""
    part = part_of(found.module)
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


FOLDERS_OF_MAPPING = {name.split(".")[1] for name in modules() if name.startswith("mapping.") and name.count(".") > 1}


def test_parts() -> None:
    """Every folder and module of the package has its place in the table, and the table names no other."""
    assert ALLOWED.keys() | {"cli"} >= {name.partition(".")[0] for name in modules()}
    assert ALLOWED.keys() | {"cli"} <= {name.partition(".")[0] for name in modules()}


def test_direction() -> None:
    """Imports go one way: each part imports only those that the table gives it."""
    assert [fault for found in all_imports() if (fault := direction_faults(found))] == []


def test_table_has_no_circle() -> None:
    """The table itself goes one way."""
    left = {part: needed - {"cli"} for part, needed in ALLOWED.items()}
    while free := {part for part, needed in left.items() if not needed & left.keys()}:
        left = {part: needed for part, needed in left.items() if part not in free}

    assert left == {}


def test_mapping_direction() -> None:
    """Within `mapping` too, imports go as its table says, and each of its folders is in it."""
    assert MAPPING.keys() >= FOLDERS_OF_MAPPING
    assert [fault for found in all_imports() if (fault := mapping_faults(found))] == []


def test_mapping_has_no_circle() -> None:
    """No folder or module of `mapping` needs one that needs it, not even for types."""
    left: dict[str, set[str]] = {}
    for units in filter(None, map(units_of_mapping, all_imports())):
        left.setdefault(units[0], set()).add(units[1])
        left.setdefault(units[1], set())
    while free := {unit for unit, needed in left.items() if not needed & left.keys()}:
        left = {unit: needed for unit, needed in left.items() if unit not in free}

    assert left == {}


def test_class_names() -> None:
    """A class name stands once in the package: one word a thing."""
    places: dict[str, list[str]] = {}
    for name, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(name)

    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_tests_import_no_test() -> None:
    """No test imports another `test_` module: what several need is in `tests/support`, or in a file beside them."""
    tests = Path(__file__).parent
    found = [
        f"{path.relative_to(tests)}:{one.line} imports {one.module}.{one.name}"
        for path in sorted(tests.rglob("*.py"))
        for one in imports_of(path.stem, path.read_text(encoding="utf-8"))
        if any(part.startswith("test_") for part in [*one.module.split("."), one.name])
    ]

    assert found == []


def test_nothing_imports_web_but_who_starts_it() -> None:
    """HTTP is known to nobody but the server's processes and the command line, which start it."""
    assert {"cli", "server"} >= {found.part for found in all_imports() if part_of(found.module) == "web"} - {"web"}


def test_home() -> None:
    """Each third-party library is imported in one place only, and each has one."""
    assert [fault for found in all_imports() if (fault := home_faults(found))] == []


@pytest.mark.parametrize(
    ("importer", "source", "fault"),
    [
        ("mail.plan", "from autoconfig.plans import Plans", "autoconfig.mail.plan:1 imports autoconfig.plans"),
        ("formats.xml", "def f():\n import autoconfig.dns.mx", "autoconfig.formats.xml:2 imports autoconfig.dns.mx"),
        ("resolver", "from autoconfig import web", "autoconfig.resolver:1 imports autoconfig.web"),
        ("plans.plan_set", "if TYPE_CHECKING:\n import lxml.etree", "autoconfig.plans.plan_set:2 imports lxml.etree"),
        ("web.app", "from jinja2 import Environment", "autoconfig.web.app:1 imports jinja2"),
        ("web.apicalls", "import pydantic", "autoconfig.web.apicalls:1 imports pydantic"),
        ("dns.mx", "import requests", "autoconfig.dns.mx:1 imports requests, which has no home yet"),
        (
            "mapping.store",
            "from autoconfig.mapping.backup.copy import copy",
            "autoconfig.mapping.store:1 imports autoconfig.mapping.backup.copy",
        ),
        (
            "mapping.lookup.finder",
            "import autoconfig.mapping.copy_finder",
            "autoconfig.mapping.lookup.finder:1 imports autoconfig.mapping.copy_finder",
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


@pytest.mark.parametrize(("name", "path"), modules().items(), ids=modules())
def test_length(name: str, path: Path) -> None:
    """A module that does not fit into 400 lines is two modules."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES, name
