"""What holds for both engines that are servers."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.store import Journal
from autoconfig.mapping.store_database import Database, open_database
from tests.mapping.dialects.rows import CHANGE, append, count
from tests.support.ports import free_port

if TYPE_CHECKING:
    from tests.support.servers.mariadb import MariaDB
    from tests.support.servers.postgresql import PostgreSQL

both = pytest.mark.parametrize("engine", ["postgresql", "mariadb"])


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param(
            "postgresql://autoconfig:secret@127.0.0.1:{port}/nope",
            'database "nope" does not exist',
            id="postgresql-no such database",
        ),
        pytest.param(
            "postgresql://nope:secret@127.0.0.1:{port}/postgres",
            'role "nope" does not exist',
            id="postgresql-no such role",
        ),
        pytest.param(
            "postgresql://u:secret@127.0.0.1:{free}/mail", "Connection refused", id="postgresql-nobody listens"
        ),
        pytest.param(
            "postgresql://u:secret@db.invalid/mail",
            "failed to resolve host 'db.invalid'",
            id="postgresql-no such host",
        ),
        pytest.param(
            "postgresql://u:secret@/mail?host=/nope", "No such file or directory", id="postgresql-no such socket"
        ),
        pytest.param(
            "postgresql://autoconfig:secret@127.0.0.1:{port}/nope?sslmode=require",
            "does not support SSL",
            id="postgresql-no TLS there",
        ),
        pytest.param("mariadb://root@127.0.0.1:{port}/nope", "Unknown database 'nope'", id="mariadb-no such database"),
        pytest.param(
            "mariadb://nope:secret@127.0.0.1:{port}/mysql",
            "Access denied for user 'nope'",
            id="mariadb-no such user",
        ),
        pytest.param("mariadb://u:secret@127.0.0.1:{free}/mail", "Connection refused", id="mariadb-nobody listens"),
        pytest.param(
            "mariadb://u:secret@db.invalid/mail",
            "Can't connect to MySQL server on 'db.invalid'",
            id="mariadb-no such host",
        ),
    ],
)
def test_unreachable(request: pytest.FixtureRequest, url: str, says: str) -> None:
    """Each problem on the way to the database is reported on one line, with the place and the remedy."""
    engine = url.partition("://")[0]
    server: PostgreSQL | MariaDB = request.getfixturevalue(engine)
    with pytest.raises(
        MappingUnavailable, match="is the server running, and are host and user in the setting database right"
    ) as caught:
        open_database(url.format(port=server.port, free=free_port()))
    said = str(caught.value)

    assert said.startswith(f"{engine}://")
    assert says in said
    assert "secret" not in said
    assert "\n" not in said


@both
@pytest.mark.parametrize("trouble", ["try again", "its own trouble"])
def test_what_the_server_says(engine: str, url: str, trouble: str) -> None:
    """An error of the server is reported in its own words, with a remedy."""
    statement, says = TROUBLES[engine, trouble]
    with (
        closing(Database(url)) as database,
        pytest.raises(MappingUnavailable, match=f"{says}$"),
        database.reading() as connection,
    ):
        connection.exec_driver_sql(statement)


TROUBLES = {
    ("postgresql", "try again"): (
        "DO $$ BEGIN RAISE 'conflict with recovery' USING ERRCODE = '40001'; END $$",
        "conflict with recovery; try again",
    ),
    ("postgresql", "its own trouble"): (
        "DO $$ BEGIN RAISE 'the disk is full' USING ERRCODE = '53100'; END $$",
        "the disk is full; the server's log may say more",
    ),
    ("mariadb", "try again"): (
        "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found'",
        "Deadlock found; try again",
    ),
    ("mariadb", "its own trouble"): (
        "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'",
        "The table is full; the server's log may say more",
    ),
}
"""What a server is made to say, and what we make of it."""


@both
def test_a_session_that_was_ended(request: pytest.FixtureRequest, engine: str, url: str) -> None:
    """Where the server ends a session in the middle, the error is named, and the next command works."""
    name = url.rpartition("/")[2]
    says = "terminating connection" if engine == "postgresql" else r"Lost connection|gone|killed"

    def interrupted(journal: Journal) -> None:
        with journal.writing() as writing:
            writing.append([CHANGE])
            if engine == "postgresql":
                end_postgresql_sessions(request.getfixturevalue(engine), name)
            else:
                end_mariadb_sessions(request.getfixturevalue(engine))
            writing.count()

    with closing(Journal(url)) as journal, pytest.raises(MappingUnavailable, match=says):
        interrupted(journal)
    append(url)

    assert count(url) == 1


def end_postgresql_sessions(server: PostgreSQL, database: str) -> None:
    """End all sessions of a database."""
    with server.connect("postgres") as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [database],
        )


def end_mariadb_sessions(server: MariaDB) -> None:
    """End all idle sessions."""
    with server.connect() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE command = 'Sleep'")
        for (identity,) in cursor.fetchall():
            cursor.execute(f"KILL {identity}")


@both
def test_a_writer_without_the_lock(url: str) -> None:
    """An id that somebody took without asking is an error with a reason, and nothing is written."""

    def careless(journal: Journal) -> None:
        with journal.writing() as writing:
            record = writing.append_one(CHANGE)
            writing.copy([record._replace(name="b.example")])

    with (
        closing(Journal(url)) as journal,
        pytest.raises(MappingUnavailable, match="another program writes to it without taking the writer lock"),
    ):
        careless(journal)

    assert count(url) == 0
