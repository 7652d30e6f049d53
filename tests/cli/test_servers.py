"""The commands over a mapping on PostgreSQL and on MariaDB: what the tests of SQLite cannot tell."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.store import Change, Journal
from autoconfig.mapping.store_database import Database

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, Start
    from tests.support.servers.mariadb import MariaDB
    from tests.support.servers.postgresql import PostgreSQL

COMMANDS = {
    "list": ("mapping", "list"),
    "show": ("mapping", "show", "sample.co.jp"),
    "history": ("mapping", "history", "sample.co.jp"),
    "set": ("mapping", "set", "sample.co.jp", "--plan", "shared-managed"),
    "end": ("mapping", "end", "sample.co.jp"),
    "undo": ("mapping", "undo", "sample.co.jp"),
    "sync": ("mapping", "sync", "a.csv"),
    "dry run": ("mapping", "sync", "a.csv", "--dry-run"),
    "export": ("mapping", "export"),
    "plans check": ("plans", "check"),
    "explain": ("show", "taro@sample.co.jp"),
    "db upgrade": ("db", "upgrade"),
}
over_all = pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)


@pytest.fixture(params=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> PostgreSQL | MariaDB:
    """Each of the servers."""
    found: PostgreSQL | MariaDB = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Sets the database; a file to sync lies in the working directory."""
    (tmp_path / "a.csv").write_text("name,plan\nnew.example,shared-managed\n")
    return monkeypatch


@pytest.fixture
def url(server: PostgreSQL | MariaDB, use: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """An empty mapping on the server, which the settings name."""
    found: str = request.getfixturevalue(f"{type(server).__name__.lower()}_url")
    use.setenv("AUTOCONFIG_DATABASE", found)
    return found


@pytest.fixture
def on_server(on_demo: Command, server: PostgreSQL | MariaDB, use: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """The command line over the demo's rows in a mapping on the server, which `db upgrade` made."""
    on_demo("mapping", "export", tmp_path / "demo.csv")
    use.setenv("AUTOCONFIG_DATABASE", server.url(server.new_database()))

    assert on_demo("db", "upgrade").out == "schema 0002: made\n"
    assert on_demo("mapping", "sync", tmp_path / "demo.csv").out == "8 added, 0 changed, 0 ended, 0 unchanged\n"
    return on_demo


@over_all
def test_each_command(on_server: Command, arguments: tuple[str, ...]) -> None:
    """Each command works on the server as it does on a file."""
    on_server(*arguments)


def test_one_name(on_server: Command) -> None:
    """A name is changed, ended and taken back, and its history says so."""
    on_server("mapping", "set", "sample.co.jp", "--plan", "xserver", "--param", "server=sv9.xserver.jp", "--note", "新")
    on_server("mapping", "end", "sample.co.jp", "--from", "2100-01-01")
    on_server("mapping", "undo", "sample.co.jp")
    rows = on_server("mapping", "history", "sample.co.jp", "--json").data

    assert [row["plan"] for row in rows] == ["server-maintenance", "xserver", None, "xserver"]
    assert (rows[1]["params"], rows[1]["note"]) == ({"server": "sv9.xserver.jp"}, "新")
    assert sorted(row["id"] for row in rows) == [row["id"] for row in rows]
    assert "sv9.xserver.jp" in on_server("show", "taro@sample.co.jp", "--format", "mozilla").out


def test_whole_files(on_server: Command, tmp_path: Path) -> None:
    """What was exported changes nothing when it is synced, and `--delete` is guarded as on a file."""
    on_server("mapping", "export", tmp_path / "b.csv")

    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "demo.csv").read_bytes()
    said = on_server("mapping", "sync", tmp_path / "b.csv", "--delete", "--max-ends", "0").out
    assert said == "0 added, 0 changed, 0 ended, 8 unchanged\n"
    on_server("mapping", "sync", "a.csv", "--delete", "--max-ends", "7", code=1)
    said = on_server("mapping", "sync", "a.csv", "--delete").out
    assert said == "1 added, 0 changed, 8 ended, 0 unchanged\n"


@over_all
def test_unreachable(on_demo: Command, use: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    """A server that does not answer ends every command with 3, in one line without the password."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    for scheme in ("postgresql", "mariadb"):
        use.setenv("AUTOCONFIG_DATABASE", f"{scheme}://autoconfig:secret@127.0.0.1:{port}/mail")
        said = on_demo(*arguments, code=3).err

        assert "connect" in said
        assert len(said.splitlines()) == 1
        assert "secret" not in said


@pytest.mark.parametrize(
    "arguments", [arguments for name, arguments in COMMANDS.items() if name != "db upgrade"], ids=" ".join
)
def test_no_tables(
    on_demo: Command, server: PostgreSQL | MariaDB, use: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """A database without our tables ends every other command with 2, and with what makes them."""
    use.setenv("AUTOCONFIG_DATABASE", server.url(server.new_database()))

    assert "autoconfig db upgrade" in on_demo(*arguments, code=2).err


@pytest.mark.parametrize("name", ["list", "set", "explain", "db upgrade"])
def test_foreign(on_demo: Command, server: PostgreSQL | MariaDB, use: pytest.MonkeyPatch, name: str) -> None:
    """A database in which another program has a table of our name ends every command with 2."""
    url = server.url(server.new_database())
    with closing(Database(url)) as database, database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE mapping (name varchar(9))")
    use.setenv("AUTOCONFIG_DATABASE", url)

    assert "check the setting database" in on_demo(*COMMANDS[name], code=2).err


@pytest.mark.parametrize("name", ["set", "end", "undo", "sync", "db upgrade"])
def test_somebody_writes(on_demo: Command, url: str, use: pytest.MonkeyPatch, name: str) -> None:
    """While another command writes, those that write end with 3; those that read do not wait."""
    with closing(Journal(url)) as journal, journal.writing():
        use.setattr("autoconfig.mapping.schema_version.BUSY_TIMEOUT", 0.05)
        said = on_demo(*COMMANDS[name], code=3).err

        assert said.endswith("another command is writing to it; try again when it has finished\n")
        assert on_demo("mapping", "list").code == 0
        assert on_demo("mapping", "sync", "a.csv", "--dry-run").code == 0


def test_a_reader_that_has_seen_enough(url: str, start: Start) -> None:
    """Who reads the first lines of a long list, and then goes, ends the command in silence."""
    with closing(Journal(url)) as journal, journal.writing() as writing:
        writing.append(Change(f"n{number}.example", 1, "shared-managed", "{}") for number in range(20_000))
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb") as reader:
        with os.fdopen(theirs, "wb") as output:
            program = start("mapping", "list", "--json", stdout=output)
        assert b"n0.example" in reader.readline()
    ended = program.end()

    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret@h", "mariadb://u:secret@h/mail?ssl=on", "mysql://u:sec/ret@h/x"]
)
def test_a_url_that_is_none(on_demo: Command, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A URL that cannot be read is a fault of the settings, which is named without the password."""
    monkeypatch.setenv("AUTOCONFIG_DATABASE", url)
    said = on_demo("mapping", "list", code=2).err

    assert said.startswith(f"autoconfig: database = {url.partition(':')[0]}://…: ")
    assert "sec" not in said
