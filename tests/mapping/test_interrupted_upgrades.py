"""Upgrades of the schema that end too early, or run at the same time."""

from __future__ import annotations

import contextlib
import gc
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event

from autoconfig.errors import SchemaTooOld
from autoconfig.mapping.schema_version import REVISION
from autoconfig.mapping.store_database import open_database, upgrade
from tests.support.schema import is_whole, tables

if TYPE_CHECKING:
    from collections.abc import Iterator


class Interrupted(BaseException):
    """An exception that no code handles."""


@contextlib.contextmanager
def interrupted_after(count: int) -> Iterator[list[str]]:
    """Nothing more goes to the database after so many statements that change something; it tells which they were."""
    done: list[str] = []

    def executed(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "SHOW", "PRAGMA", "BEGIN", "SET")):
            return
        done.append(statement)
        if len(done) == count:
            raise Interrupted

    event.listen(Engine, "after_cursor_execute", executed)
    try:
        yield done
    finally:
        event.remove(Engine, "after_cursor_execute", executed)


STEPS = 7
"""Statements of an upgrade from nothing: two for each of three tables, and an index."""


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_interrupted_upgrade(blank: str, step: int) -> None:
    """Wherever an upgrade ends too early, it can be repeated, and the database is then whole."""
    with interrupted_after(step) as done, pytest.raises(Interrupted):
        upgrade(blank, create=True)

    assert len(done) == step
    gc.collect()  # SQLite's cursors end with their process, which goes on here
    assert upgrade(blank, create=True) in {(None, REVISION), ("0001", REVISION)}
    is_whole(blank)


def test_all_steps_were_tried(blank: str) -> None:
    """No statement of an upgrade is left out above."""
    with interrupted_after(0) as done:
        upgrade(blank, create=True)

    assert len(done) in {STEPS, STEPS + 1}  # Alembic sets its revision by INSERT and UPDATE


KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
from autoconfig.mapping.store_database import upgrade

@event.listens_for(Engine, "after_cursor_execute")
def executed(connection, cursor, statement, *rest):
    if "CREATE TABLE mapping" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

upgrade(sys.argv[1], create=True)
"""


def test_killed_upgrade(blank: str) -> None:
    """An upgrade that is killed between the table and its revision leaves no lock and nothing that stops the next."""
    killed = subprocess.run([sys.executable, "-c", KILLED, blank], check=False)

    assert killed.returncode == -9
    assert upgrade(blank, create=True) == (None, REVISION)
    is_whole(blank)


def test_an_interrupted_upgrade_is_not_used(mariadb_blank: str) -> None:
    """Half a schema is not opened, and the remedy is the same as for none."""
    with interrupted_after(2), pytest.raises(Interrupted):
        upgrade(mariadb_blank)

    assert "mapping" in tables(mariadb_blank)
    with pytest.raises(SchemaTooOld, match="run `autoconfig db upgrade`"):
        open_database(mariadb_blank)


@pytest.fixture
def mariadb_blank(request: pytest.FixtureRequest) -> str:
    """An empty database on the engine whose migrations are no transactions."""
    server = request.getfixturevalue("mariadb")
    url: str = server.url(server.new_database())
    return url


def test_two_upgrades_at_once(blank: str) -> None:
    """Of several nodes that upgrade at the same time one does it, and the others find nothing to do."""
    found: list[tuple[str | None, str]] = []
    ready = threading.Barrier(3)

    def run() -> None:
        ready.wait()
        found.append(upgrade(blank, create=True))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found, key=str) == [(REVISION, REVISION), (REVISION, REVISION), (None, REVISION)]
    is_whole(blank)
