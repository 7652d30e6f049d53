"""Reading the database of automx2: real engines, old schemas, and other databases."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import AutoconfigError, DatabaseForeign, InputInvalid, MappingUnavailable
from autoconfig.migrate.automx2_database import Customer, place, read
from tests.support.reported_steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.mariadb import MariaDB
    from tests.support.servers.postgresql import PostgreSQL

RECORDED = Path(__file__).parents[1] / "migrate" / "automx2"


def sql(name: str) -> str:
    """One of the recorded files."""
    return (RECORDED / name).read_text(encoding="utf-8")


def statements(*names: str) -> list[str]:
    """The same, one by one."""
    return [statement for name in names for statement in sql(name).split(";\n") if statement.strip()]


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket of somebody else on loopback."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as bound:
        yield bound


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite file with the recorded rows."""
    path = tmp_path / "automx2.sqlite"
    change(path, sql("schema.sql"), sql("rows.sql"))
    return path


def change(path: Path, *scripts: str) -> None:
    """Run SQL over a file."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for script in scripts:
            connection.executescript(script)


def by_name(url: str) -> dict[str, Customer]:
    """What was read, by domain."""
    return {customer.name: customer for customer in read(url)}


def test_sqlite(file: Path) -> None:
    """Domains come by id, each with its provider, servers as they were added, DAV servers and whether LDAP is asked."""
    steps = Steps()
    customers = read(f"sqlite:///{file}", steps)
    hosting = customers[2]

    assert steps == [("reading", 13, None)]
    assert [c.name for c in customers[:3]] == ["customer1.example", "customer2.example", "hosting.example"]
    assert hosting.provider is not None
    assert tuple(hosting.provider) == (1, "Big Hosting, Inc.", "BigHosting")
    assert [server.id for server in hosting.servers] == [7, 6, 5]
    assert hosting.servers[2] == (5, "imap", "imap.hosting.example", "993", "SSL", "%EMAILADDRESS%", "plain", 10)
    assert [server.id for server in hosting.dav_servers] == [1, 2]
    assert [customer.name for customer in customers if customer.ldap] == ["ldap.example"]


def test_sqlite_is_not_changed(file: Path) -> None:
    """The file is read where its owner may not write, and every byte of it stays."""
    before = file.read_bytes()
    file.chmod(stat.S_IRUSR)
    read(f"sqlite:///{file}")

    assert before == file.read_bytes()
    assert [file] == list(file.parent.iterdir())


def test_postgresql(postgresql: PostgreSQL, file: Path) -> None:
    """PostgreSQL gives the same."""
    name = postgresql.new_database()
    with postgresql.connect(name) as connection:
        for statement in statements("schema.sql", "rows.sql"):
            connection.execute(statement.replace("BOOLEAN", "INTEGER").encode())  # it takes no 1 for true
        connection.execute("ALTER TABLE davserver ALTER use_ssl TYPE BOOLEAN USING use_ssl = 1")

    assert read(f"sqlite:///{file}") == read(postgresql.url(name))


def test_mariadb(mariadb: MariaDB, file: Path) -> None:
    """MariaDB gives the same, but for the order of the servers of a domain: there it is that of their ids."""
    name = mariadb.new_database()
    with mariadb.connect(name) as cursor:
        for statement in statements("schema.sql", "rows.sql"):
            cursor.execute(statement)

    by_id = [c._replace(servers=sorted(c.servers, key=lambda s: str(s.id).zfill(3))) for c in read(f"sqlite:///{file}")]

    assert by_id == read(mariadb.url(name))


def test_no_database_of_automx2(postgresql: PostgreSQL, mariadb: MariaDB) -> None:
    """A server's database without its tables is not one of automx2; one that does not exist cannot be read."""
    for server in (postgresql, mariadb):
        with pytest.raises(DatabaseForeign, match="is not a database of automx2: it has no table provider"):
            read(server.url(server.new_database()))
        with pytest.raises(MappingUnavailable, match="nothing_like_it"):
            read(server.url("nothing_like_it"))


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mariadb+mysqldb", "postgresql+psycopg2"])
def test_nobody_answers(listening: socket.socket, scheme: str) -> None:
    """A server that is not there is out of reach, whatever driver automx2 had; the password is not repeated."""
    port = listening.getsockname()[1]
    listening.close()
    with pytest.raises(MappingUnavailable) as caught:
        read(f"{scheme}://user:verysecret@127.0.0.1:{port}/automx2")

    assert str(caught.value).startswith(place(f"{scheme}://127.0.0.1:{port}/automx2"))
    assert "verysecret" not in str(caught.value)
    assert "user" not in str(caught.value).replace("user or", "")


UNREADABLE = {
    "no URL": "automx2 verysecret",
    "no number for a port": "mysql://u:verysecret@h:verysecret/x",
    "another engine": "oracle://u:verysecret@h/x",
    "in memory": "sqlite://",
    "in memory, said": "sqlite:///:memory:",
    "an unknown option": "postgresql://u:verysecret@127.0.0.1/x?no_option=1",
    "an unknown option of MySQL's": "mysql://u:verysecret@127.0.0.1/x?no_option=1",
    "a certificate that is not there": "mysql://u:verysecret@127.0.0.1/x?ssl_ca=/nowhere",
    "a host of dots": "mysql://u:verysecret@" + "a" * 70 + "..b/x",
}


@pytest.mark.parametrize("url", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_url(url: str) -> None:
    """An invalid database URL is refused with a remedy, and without the password."""
    with pytest.raises(AutoconfigError) as caught:
        read(url)

    assert isinstance(caught.value, InputInvalid | MappingUnavailable)
    assert "verysecret" not in str(caught.value)


def test_password_in_an_error() -> None:
    """A driver that repeats what it was given does not make a password public."""
    with pytest.raises(AutoconfigError) as caught:
        read("mysql://u:verysecret@127.0.0.1/x?verysecret=1")

    assert "***" in str(caught.value)
    assert "verysecret" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    """A missing file is not created, and a folder is refused."""
    with pytest.raises(MappingUnavailable, match="there is no such file"):
        read(f"sqlite:///{tmp_path}/none")
    with pytest.raises(MappingUnavailable, match="is not a file"):
        read(f"sqlite:///{tmp_path}")

    assert list(tmp_path.iterdir()) == []


def test_no_sqlite(tmp_path: Path) -> None:
    """A file of another kind is not a database of automx2."""
    path = tmp_path / "x"
    path.write_text("<clientConfig/>" * 100)
    with pytest.raises(DatabaseForeign, match="file is not a database"):
        read(f"sqlite:///{path}")


MISSING = {
    "a table": ("DROP TABLE server_domain", "it has no table server_domain"),
    "a column": ("ALTER TABLE server DROP COLUMN socket_type", "it has no column socket_type in the table server"),
}


@pytest.mark.parametrize(("script", "sentence"), MISSING.values(), ids=MISSING)
def test_foreign(file: Path, script: str, sentence: str) -> None:
    """What is missing is named."""
    change(file, script)
    with pytest.raises(DatabaseForeign, match=sentence):
        read(f"sqlite:///{file}")


def test_older_schema(file: Path) -> None:
    """A database of automx2 may lack DAV, LDAP and priorities."""
    change(file, "DROP TABLE davserver_domain; DROP TABLE davserver; ALTER TABLE server DROP COLUMN prio")
    change(file, "CREATE TABLE d AS SELECT id, name, provider_id FROM domain; DROP TABLE domain")
    change(file, "ALTER TABLE d RENAME TO domain")
    customers = by_name(f"sqlite:///{file}")

    assert customers["hosting.example"].dav_servers == []
    assert not customers["ldap.example"].ldap
    assert {None} == {server.prio for server in customers["hosting.example"].servers}


def test_too_long(file: Path) -> None:
    """SQLite keeps texts of any length; one that no automx2 wrote is refused with its row."""
    change(file, "UPDATE server SET user_name = printf('%1001s', 'x') WHERE id = 3")
    with pytest.raises(DatabaseForeign, match="row 3 of server has a text longer than 1000 characters"):
        read(f"sqlite:///{file}")


def test_odd_values(file: Path) -> None:
    """Links to nothing are no links; bytes that are not UTF-8 and numbers as texts are read as they are."""
    change(
        file,
        "INSERT INTO server_domain VALUES (99, 1); INSERT INTO davserver_domain VALUES (99, 1)",
        "UPDATE domain SET provider_id = 99 WHERE id = 2",
        "UPDATE server SET user_name = CAST(x'ff' AS TEXT), port = 'imaps' WHERE id = 1",
    )
    customers = by_name(f"sqlite:///{file}")

    assert [server.id for server in customers["customer1.example"].servers] == [2, 1]
    assert (
        customers["customer1.example"].servers[1].port,
        customers["customer1.example"].servers[1].user_name,
    ) == ("imaps", "\udcff")
    assert customers["customer2.example"].provider is None


def test_many(file: Path) -> None:
    """Progress is reported once per thousand domains."""
    change(
        file,
        "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) "
        "INSERT INTO domain (id, name, provider_id) SELECT i, 'd' || i || '.example', 1 FROM n",
    )
    steps = Steps()
    count = len(read(f"sqlite:///{file}", steps))

    assert [done for _step, done, _total in steps] == [1000, 2000, 3000, 4000, 5000, count]
