from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.store import Journal
from autoconfig.mapping.store_database import upgrade
from tests.conftest import needs
from tests.support.servers.authority import AUTHORITY, OTHER, MariaDBWithTLS, PostgreSQLWithTLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.mariadb import MariaDB
    from tests.support.servers.postgresql import PostgreSQL


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty mapping database, to be copied and not to be opened."""
    path = tmp_path_factory.mktemp("fresh") / "mapping.db"
    upgrade(f"sqlite:///{path}", create=True)
    return path


ENGINES = ("sqlite", "postgresql", "mariadb")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What asks for a mapping runs on every engine, unless it says on which; what asks for its file too, on SQLite."""
    chosen = any(mark.args[0] == "engine" for mark in metafunc.definition.iter_markers("parametrize"))
    if "engine" in metafunc.fixturenames and not chosen:
        metafunc.parametrize("engine", ["sqlite"] if "path" in metafunc.fixturenames else ENGINES)


@pytest.fixture
def path(fresh: Path, tmp_path: Path) -> Path:
    """An empty mapping database of the test's own."""
    return Path(shutil.copy(fresh, tmp_path / "mapping.db"))


@pytest.fixture
def url(engine: str, request: pytest.FixtureRequest) -> str:
    """An empty mapping database of the test's own, on each engine."""
    if engine == "sqlite":
        return f"sqlite:///{request.getfixturevalue('path')}"
    found: str = request.getfixturevalue(f"{engine}_url")
    return found


@pytest.fixture(scope="session")
def postgresql_tls(postgresql: PostgreSQL) -> Iterator[PostgreSQLWithTLS]:
    """A PostgreSQL with `ssl = on`."""
    server = PostgreSQLWithTLS.made(postgresql.binaries)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def mariadb_tls() -> Iterator[MariaDBWithTLS]:
    """A MariaDB with `--ssl`."""
    install = needs("mariadb-install-db", "mariadb-server")
    server = MariaDBWithTLS.made(needs("mariadbd", "mariadb-server"), install)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `right.pem`, the authority of both servers, and `other.pem`."""
    folder = tmp_path_factory.mktemp("authorities")
    for name, authority in (("right", AUTHORITY), ("other", OTHER)):
        (folder / f"{name}.pem").write_bytes(authority.certificate)
    return folder


@pytest.fixture
def blank(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table, or of a file that is yet to be made."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path / 'blank.db'}"
    server: PostgreSQL | MariaDB = request.getfixturevalue(engine)
    return server.url(server.new_database())


@pytest.fixture
def journal(url: str) -> Iterator[Journal]:
    """It, opened."""
    journal = Journal(url)
    yield journal
    journal.close()


def _not_sqlite(path: Path) -> None:
    path.write_bytes(b"name,plan\nexample.com,standard\n" * 100)


def _another_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mapping (name TEXT)")


def _mark_only(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA application_id = {0x4D41434F}")


def _cut_off(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


def _no_mapping(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE mapping")


def _no_revision(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM alembic_version")


_FOREIGN = [_not_sqlite, _another_database, _mark_only, _cut_off, _no_mapping, _no_revision]


@pytest.fixture(params=_FOREIGN, ids=lambda make: make.__name__.removeprefix("_"))
def foreign(request: pytest.FixtureRequest, tmp_path: Path, fresh: Path) -> Path:
    """A file that is not, or no longer, a mapping database."""
    path = tmp_path / "foreign.db"
    if request.param in (_cut_off, _no_mapping, _no_revision):
        shutil.copy(fresh, path)
    request.param(path)
    return path
