from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.engine import upgrade
from autoconfig.mapping.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty mapping database, to be copied and not to be opened."""
    path = tmp_path_factory.mktemp("fresh") / "mapping.db"
    upgrade(f"sqlite:///{path}", create=True)
    return path


@pytest.fixture
def path(fresh: Path, tmp_path: Path) -> Path:
    """An empty mapping database of the test's own."""
    return Path(shutil.copy(fresh, tmp_path / "mapping.db"))


@pytest.fixture
def url(path: Path) -> str:
    """Its URL."""
    return f"sqlite:///{path}"


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
