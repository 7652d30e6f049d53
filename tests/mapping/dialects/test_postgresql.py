from __future__ import annotations

import contextlib
import signal
import time
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.backup import restore
from autoconfig.mapping.backup.backup import backup
from autoconfig.mapping.store import Journal
from autoconfig.mapping.store_database import Database, upgrade
from tests.mapping.dialects.rows import append, count
from tests.support.servers.postgresql import PostgreSQL
from tests.support.servers.process import STARTING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def roles(postgresql: PostgreSQL, documented: Callable[[str], list[str]]) -> Iterator[dict[str, str]]:
    """The roles and the database of docs/operating.md: a URL for each role."""
    statements = documented("PostgreSQL")
    inside = [statement for statement in statements if statement.startswith("ALTER DEFAULT")]
    with postgresql.connect("postgres") as connection:
        for statement in statements:
            if statement not in inside:
                connection.execute(statement.encode())
    with postgresql.connect("autoconfig") as connection:
        for statement in inside:
            connection.execute(statement.encode())
    names = ("autoconfig_owner", "autoconfig_writer", "autoconfig_reader")
    yield {name: f"postgresql://{name}:change%20me@127.0.0.1:{postgresql.port}/autoconfig" for name in names}
    with postgresql.connect("postgres") as connection:
        connection.execute("DROP DATABASE autoconfig WITH (FORCE)")
        for name in names:
            connection.execute(f"DROP ROLE {name}".encode())


def test_roles(roles: dict[str, str]) -> None:
    """What docs/operating.md grants is enough for each role, and not more than it says."""
    owner, writer, reader = roles.values()
    for url in (writer, reader):
        with pytest.raises(MappingUnavailable, match="permission denied for schema public; grant it to this role, as"):
            upgrade(url)
    upgrade(owner)
    append(writer)

    assert count(reader) == 1
    assert upgrade(writer)[0] == upgrade(reader)[0] is not None
    with pytest.raises(MappingUnavailable, match="permission denied for table mapping; grant it to this role, as"):
        append(reader)
    with closing(Journal(writer)) as journal:
        journal.settle()
        with (
            pytest.raises(
                MappingUnavailable, match="for table mapping; only the tables' owner can replace all rows: run this as"
            ),
            journal.writing() as writing,
        ):
            writing.replace_all("0" * 32)


def test_who_may_not_restore(roles: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restore by who may not is refused before anything is written, and names the role that may."""
    owner, writer, _ = roles.values()
    upgrade(owner)
    append(writer)
    backup(writer, tmp_path / "backup.db")
    append(writer)
    before = tmp_path / "before.db"
    monkeypatch.setattr(restore, "backup", backup_never)
    with restore.opened(tmp_path / "backup.db") as rows, closing(Journal(writer)) as journal:
        found = restore.compare(journal, rows)
        with pytest.raises(MappingUnavailable, match=r"permission denied .*: run this as the owner, as docs"):
            restore.restore(writer, journal, rows, found, before)

    assert not before.exists()
    assert count(owner) == 2


def backup_never(*_arguments: object, **_options: object) -> None:
    """It takes long, so it is not made for nothing."""
    pytest.fail("a backup was made")


@pytest.fixture(scope="module")
def pair(postgresql: PostgreSQL) -> Iterator[tuple[PostgreSQL, PostgreSQL]]:
    """A primary of this module's own, and a standby of it."""
    primary = PostgreSQL.made(postgresql.binaries)
    standby = primary.standby()
    yield primary, standby
    standby.remove()
    primary.remove()


def test_several_hosts(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    """Writing finds the primary wherever it stands in the URL; reading goes on with the standby where it is gone."""
    primary, standby = pair
    name = primary.new_database()
    url = f"postgresql://autoconfig@127.0.0.1:{standby.port},127.0.0.1:{primary.port}/{name}"
    upgrade(url)
    append(url)
    caught_up(standby, name)
    primary.stop(signal.SIGKILL)
    try:
        assert count(url) == 1
        with pytest.raises(MappingUnavailable, match=r"Connection refused.*is the server running") as caught:
            append(url)
        assert "session is read-only" in str(caught.value)
        assert "Is the server running" not in str(caught.value)
    finally:
        primary.start()
    append(url)

    assert count(primary.url(name)) == 2


@pytest.mark.parametrize(
    ("option", "expected"), [("", 2), ("?target_session_attrs=standby", 1)], ids=["as usual", "as the URL says"]
)
def test_the_primary_is_read(pair: tuple[PostgreSQL, PostgreSQL], option: str, expected: int) -> None:
    """Wherever the primary stands in the URL it is read, unless that says otherwise: a standby may be behind."""
    primary, standby = pair
    name = primary.new_database()
    url = f"postgresql://autoconfig@127.0.0.1:{standby.port},127.0.0.1:{primary.port}/{name}"
    upgrade(url)
    append(url)
    caught_up(standby, name)
    with standby.connect(name) as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
        try:
            append(url)
            assert expected == count(f"{url}{option}")
            with closing(Journal(f"{url}{option}")) as journal, journal.reading() as reading:
                assert reading.is_standby() is bool(option)
        finally:
            connection.execute("SELECT pg_wal_replay_resume()")


def caught_up(standby: PostgreSQL, name: str) -> None:
    """Wait until a standby has the row."""
    until = time.monotonic() + STARTING
    while time.monotonic() < until:
        with (
            contextlib.suppress(psycopg.Error),
            standby.connect(name) as connection,
        ):  # the database may yet have to come
            if connection.execute("SELECT 1 FROM mapping").fetchone():
                return
        time.sleep(0.02)
    pytest.fail("the standby does not follow")


def test_a_standby_alone(pair: tuple[PostgreSQL, PostgreSQL]) -> None:
    """A standby alone can be read, and an attempt to write reports what is missing."""
    primary, standby = pair
    name = primary.new_database()
    upgrade(primary.url(name))
    append(primary.url(name))
    caught_up(standby, name)

    assert count(standby.url(name)) == 1
    with pytest.raises(MappingUnavailable, match="session is read-only"):
        append(standby.url(name))


def test_a_pooler_may_change_sessions(postgresql_url: str) -> None:
    """Statements are not prepared in the session, which behind a pooler may be another one the next time."""
    with closing(Database(postgresql_url)) as database, database.reading() as connection:
        for _ in range(9):
            connection.exec_driver_sql("SELECT id FROM mapping WHERE name = %s", ("a",))

        assert connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar() == 0


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_an_encoding_that_holds_not_every_note(postgresql: PostgreSQL, encoding: str) -> None:
    """A database that is not in UTF-8 is refused before a table is made, and one that has tables before a copy."""
    name = f"in_{encoding.lower()}"
    with postgresql.connect("postgres") as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING {encoding} LOCALE 'C' STRATEGY file_copy".encode()
        )
    url = postgresql.url(name)
    for create in (True, False):
        with pytest.raises(SettingsInvalid, match=f"encoding {encoding}, .* createdb -E UTF8 -T template0; .* URL$"):
            upgrade(url, create=create, setting="URL")
    with postgresql.connect(name) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_an_older_database_in_another_encoding(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database with tables from an older release can still be used, but not as the target of a copy."""
    with postgresql.connect("postgres") as connection:
        connection.execute("CREATE DATABASE older TEMPLATE template0 ENCODING LATIN1 LOCALE 'C' STRATEGY file_copy")
    url = postgresql.url("older")
    with monkeypatch.context() as before:
        before.setattr("autoconfig.mapping.dialects.postgresql.PostgreSQL.unfit", lambda *_: None)
        upgrade(url)
    upgrade(url)
    append(url)

    assert count(url) == 1
    with pytest.raises(SettingsInvalid, match="encoding LATIN1"):
        upgrade(url, create=True)
