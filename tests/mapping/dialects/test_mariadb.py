from __future__ import annotations

import gc
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.dialects import mariadb as mariadb_module
from autoconfig.mapping.store import Journal
from autoconfig.mapping.store_database import Database, open_database, upgrade
from tests.mapping.dialects.rows import CHANGE, append, count
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.servers.authority import MariaDBWithTLS
    from tests.support.servers.mariadb import MariaDB


@pytest.fixture
def users(mariadb: MariaDB, documented: Callable[[str], list[str]]) -> Iterator[dict[str, str]]:
    """The users and the database of docs/operating.md: a URL for each user."""
    with mariadb.connect() as cursor:
        for statement in documented("MariaDB"):
            cursor.execute(statement)
    names = ("autoconfig_owner", "autoconfig_writer", "autoconfig_reader")
    yield {name: f"mariadb://{name}:change%20me@127.0.0.1:{mariadb.port}/autoconfig" for name in names}
    with mariadb.connect() as cursor:
        cursor.execute("DROP DATABASE autoconfig")
        for name in names:
            cursor.execute("DROP USER %s", [name])


def test_users(users: dict[str, str]) -> None:
    """What docs/operating.md grants is enough for each user, and not more than it says."""
    owner, writer, reader = users.values()
    for url in (writer, reader):
        with pytest.raises(MappingUnavailable, match=r"CREATE command denied to user.*; grant it to this user, as"):
            upgrade(url)
    upgrade(owner)
    append(writer)

    assert count(reader) == 1
    assert upgrade(writer)[0] == upgrade(reader)[0] is not None
    with pytest.raises(MappingUnavailable, match=r"INSERT command denied to user .*; grant it to this user, as"):
        append(reader)
    with closing(Journal(writer)) as journal:
        journal.settle()
        with (
            pytest.raises(
                MappingUnavailable,
                match=r"DELETE command denied .*; only the tables' owner can replace all rows: run this as",
            ),
            journal.writing() as writing,
        ):
            writing.replace_all("0" * 32)


def test_several_hosts(mariadb: MariaDB, mariadb_url: str) -> None:
    """Of several hosts the first that answers is taken; where none does, each is named."""
    name = mariadb_url.rpartition("/")[2]
    append(f"mariadb://root@127.0.0.1:{free_port()},127.0.0.1:{mariadb.port}/{name}")

    assert count(mariadb_url) == 1
    one, two = free_port(), free_port()
    with pytest.raises(
        MappingUnavailable, match=rf"127.0.0.1 port {one}: Can't .*; 127.0.0.1 port {two}: Can't .*refused"
    ):
        append(f"mariadb://root@127.0.0.1:{one},127.0.0.1:{two}/{name}")


@pytest.fixture
def read_only(mariadb: MariaDB) -> Iterator[MariaDB]:
    """A server as a replica of another one is run."""
    with mariadb.connect() as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
        yield mariadb
        cursor.execute("SET GLOBAL read_only = 0")


@pytest.mark.usefixtures("read_only")
def test_a_replica_alone(mariadb_url: str) -> None:
    """A server that is read-only can be read, and is not written to, even by who might."""
    assert count(mariadb_url) == 0
    with pytest.raises(MappingUnavailable, match="the server is read-only, it is not a primary"):
        append(mariadb_url)


def test_a_server_that_falls_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who only reads gives a server that says nothing up long before a migration would be given up."""
    monkeypatch.setattr(mariadb_module, "_READING_SILENCE", 1)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        closing(Database(f"mariadb://root@127.0.0.1:{silent.getsockname()[1]}/mail")) as database,
        pytest.raises(MappingUnavailable, match="timed out"),
        database.reading(),
    ):
        pytest.fail("it was read")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the driver leaves it to the collector
def test_no_such_socket() -> None:
    """The same for a socket."""
    with pytest.raises(MappingUnavailable, match=r"No such file or directory\); is the server running"):
        open_database("mariadb://u:secret@/mail?unix_socket=/nope")
    gc.collect()


@pytest.fixture
def without_snapshots(mariadb: MariaDB) -> Iterator[None]:
    """A server that is configured to show each statement what was committed last."""
    with mariadb.connect() as cursor:
        cursor.execute("SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED")
        yield
        cursor.execute("SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ")


@pytest.mark.usefixtures("without_snapshots")
def test_a_view_is_consistent(mariadb_url: str) -> None:
    """A reader has one view, from its beginning on, whatever the server's default isolation level."""
    with closing(Journal(mariadb_url)) as journal, journal.reading() as reading:
        append(mariadb_url)
        before = reading.count()
        append(mariadb_url)

        assert (before, reading.count()) == (0, 0)


def test_each_database_has_its_own_writer(mariadb: MariaDB, mariadb_url: str) -> None:
    """Locks belong to the server, but writers of two databases do not wait for one another."""
    other = mariadb.url(mariadb.new_database())
    upgrade(other)
    with closing(Journal(mariadb_url)) as journal, journal.writing():
        append(other)

    assert count(other) == 1


def test_what_does_not_fit(mariadb_url: str) -> None:
    """A text that is too long is an error, and never cut off, whatever mode the server is in."""
    with closing(Journal(mariadb_url)) as journal:
        with pytest.raises(MappingUnavailable, match="Data too long for column 'plan'"), journal.writing() as writing:
            writing.append([CHANGE._replace(plan="p" * 64)])
        with journal.writing() as writing:
            writing.append([CHANGE._replace(params='{"x":"' + "é" * 100_000 + '"}')])

            assert len(writing.timeline("a.example").rows[0].params) == 100_008


def test_the_primary_is_read(mariadb_tls: MariaDBWithTLS, mariadb: MariaDB, mariadb_url: str) -> None:
    """Wherever the primary stands in the URL it is read; a replica where it is away, the first one."""
    name = mariadb_url.rpartition("/")[2]
    append(mariadb_url)
    with mariadb_tls.connect() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    url = f"mariadb://root@127.0.0.1:{mariadb_tls.port}/{name}"
    upgrade(url)
    with mariadb_tls.connect() as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
        try:
            both = f"mariadb://root@127.0.0.1:{mariadb_tls.port},127.0.0.1:{mariadb.port}/{name}"
            assert count(both) == 1
            gone = f"mariadb://root@127.0.0.1:{free_port()},127.0.0.1:{mariadb_tls.port},localhost:{mariadb_tls.port}/{name}"
            assert count(gone) == 0
            for read, standby in ((both, False), (gone, True)):
                with closing(Journal(read)) as journal, journal.reading() as reading:
                    assert reading.is_standby() is standby
        finally:
            cursor.execute("SET GLOBAL read_only = 0")


def test_no_tls_there(mariadb: MariaDB) -> None:
    """Where TLS is asked for and the server has none, nothing is sent in the clear instead."""
    with pytest.raises(MappingUnavailable, match="SSL is required but the server doesn't support it"):
        open_database(mariadb.url("mysql") + "?sslmode=require")


def test_a_database_in_another_character_set(mariadb: MariaDB) -> None:
    """Our tables say for themselves that they hold every text, whatever their database would give new ones."""
    name = mariadb.new_database()
    with mariadb.connect() as cursor:
        cursor.execute(f"ALTER DATABASE {name} CHARACTER SET latin1")
    url = mariadb.url(name)
    upgrade(url, create=True)
    with closing(Journal(url)) as journal, journal.writing() as writing:
        writing.append([CHANGE._replace(note="日本 \U0001f600")])

        assert writing.timeline("a.example").rows[0].note == "日本 \U0001f600"
