from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig import errors
from autoconfig.cli.exits import Exit, exit_code, sentence
from autoconfig.errors import AutoconfigError, PlanUnusable
from tests.support import commands

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from tests.cli.conftest import Command, Start

    Wait = Callable[[Callable[[], bool]], None]

LIST = ("mapping", "list")
DATABASE = {
    "list": LIST,
    "show": ("mapping", "show", "sample.co.jp"),
    "set": ("mapping", "set", "sample.co.jp", "--plan", "shared-managed"),
    "end": ("mapping", "end", "sample.co.jp"),
    "sync": ("mapping", "sync", "a.csv"),
    "export": ("mapping", "export"),
    "plans check": ("plans", "check"),
    "explain": ("show", "sample.co.jp"),
    "letter": ("letter", "taro@sample.co.jp"),
    "db upgrade": ("db", "upgrade"),
}
over_all = pytest.mark.parametrize("arguments", DATABASE.values(), ids=DATABASE)


@pytest.fixture
def database(demo: Path, tmp_path: Path) -> Path:
    """The demo's database; a file to sync lies in the working directory."""
    (tmp_path / "a.csv").write_text("name,plan\nnew.example,shared-managed\n")
    return demo / "mapping.db"


def one_line(text: str) -> str:
    """The one line that a command may say."""
    (line,) = text.splitlines()
    return line


@over_all
def test_missing_database(on_demo: Command, database: Path, arguments: tuple[str, ...]) -> None:
    """A database that is not there ends every command with 3, and with the way to one."""
    database.unlink()

    assert one_line(on_demo(*arguments, code=3).err) == (
        f"autoconfig: {database}: there is no such database; `autoconfig init DIR` makes one"
    )


@over_all
def test_folder_in_place_of_the_database(on_demo: Command, database: Path, arguments: tuple[str, ...]) -> None:
    """So does a folder with its name."""
    database.unlink()
    database.mkdir()

    assert one_line(on_demo(*arguments, code=3).err) == f"autoconfig: {database}: is not a file"


FOREIGN = {"no database": b"name,plan\n" * 500, "empty": b"", "cut off": None}


@over_all
@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_foreign_database(on_demo: Command, database: Path, arguments: tuple[str, ...], content: bytes | None) -> None:
    """A file that is no database of ours ends every command with 2, and is not changed."""
    whole = database.read_bytes()
    database.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100) if content is None else content)
    before = database.read_bytes()

    problem, _, remedy = one_line(on_demo(*arguments, code=2).err).rpartition("; ")
    assert problem.startswith(f"autoconfig: {database}: ")
    assert remedy.startswith("check the setting database")
    assert ("restore" in remedy) == (content is None)  # damaged, but ours
    assert before == database.read_bytes()


SCHEMAS = {
    "too old": ("0000", "has schema 0000, this release needs 0002; run `autoconfig db upgrade`"),
    "too new": ("9999", "has schema 9999, this release knows up to 0002; install a newer release"),
}


@pytest.mark.parametrize(("revision", "said"), SCHEMAS.values(), ids=SCHEMAS)
@pytest.mark.parametrize(
    "arguments", [arguments for name, arguments in DATABASE.items() if name != "db upgrade"], ids=" ".join
)
def test_schema(on_demo: Command, database: Path, arguments: tuple[str, ...], revision: str, said: str) -> None:
    """A schema of another release ends every command with 2 and the remedy."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
        connection.execute("UPDATE mapping_state SET needs = ?", [revision])

    assert one_line(on_demo(*arguments, code=2).err) == f"autoconfig: {database}: {said}"


@pytest.fixture
def locked(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The demo's database, with somebody writing to it for longer than we wait."""
    monkeypatch.setattr("autoconfig.mapping.schema_version.BUSY_TIMEOUT", 0.05)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield database


@pytest.mark.parametrize("name", ["set", "end", "sync"])
def test_locked_database(on_demo: Command, locked: Path, name: str) -> None:
    """A database that another command writes to ends the writing ones with 3."""
    assert one_line(on_demo(*DATABASE[name], code=3).err) == (
        f"autoconfig: {locked}: another command is writing to it; try again when it has finished"
    )


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize("name", ["list", "show", "export", "plans check", "explain", "letter"])
def test_reading_while_somebody_writes(on_demo: Command, name: str) -> None:
    """Commands that only read do not wait for a writer."""
    on_demo(*DATABASE[name])


@over_all
def test_database_on_another_engine(
    on_demo: Command, database: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """A database that we do not speak to is a fault of the settings: exit code 2, without the password."""
    del database
    monkeypatch.setenv("AUTOCONFIG_DATABASE", "oracle://autoconfig:secret@db.example/autoconfig")

    assert one_line(on_demo(*arguments, code=2).err) == (
        "autoconfig: database: is not a database URL; write sqlite:///PATH, postgresql://… or mariadb://…"
    )


@pytest.fixture
def forbidden(tmp_path: Path, demo: Path) -> Iterator[Path]:
    """A folder with the demo's files into which we may not look, even if the tests run as root."""
    was, opened = os.geteuid(), []
    inner = demo / "inner"
    inner.mkdir()
    for name in ("mapping.db", "plans.toml"):
        (demo / name).rename(inner / name)
    if was == 0:
        for path in (*tmp_path.parents, tmp_path, demo):
            mode = path.stat().st_mode
            if mode & 0o055 != 0o055:
                opened.append((path, mode))
                path.chmod(mode | 0o055)
    inner.chmod(0o000)
    if was == 0:
        os.seteuid(65534)
    yield inner
    if was == 0:
        os.seteuid(was)
    inner.chmod(0o755)
    for path, mode in opened:
        path.chmod(mode)


def test_forbidden_database(on_demo: Command, forbidden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database in a folder that we may not enter is out of reach: exit code 3, one line with its name."""
    monkeypatch.setenv("AUTOCONFIG_DATABASE", f"sqlite:///{forbidden}/mapping.db")

    assert one_line(on_demo(*LIST, code=3).err) == f"autoconfig: {forbidden}/mapping.db: Permission denied"


def test_forbidden_plans(on_demo: Command, forbidden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans that we may not read cannot be used: exit code 2."""
    monkeypatch.setenv("AUTOCONFIG_PLANS", f"{forbidden}/plans.toml")

    assert "cannot be read: Permission denied; check path and permissions" in on_demo("plans", "list", code=2).err


SETTINGS = {
    "not TOML": (b"timezone = ", "is not TOML: "),
    "not UTF-8": ("# 設定".encode("cp932"), "is not UTF-8; save it as UTF-8"),
    "unknown setting": (b"frob = 1", "frob: there is no such setting; the settings are database, "),
    "impossible value": (b'timezone = "Tokyo"', "timezone = 'Tokyo': is not a name from the IANA time zone database"),
}


@pytest.mark.parametrize(("content", "said"), SETTINGS.values(), ids=SETTINGS)
def test_bad_settings(on_demo: Command, demo: Path, content: bytes, said: str) -> None:
    """A bad configuration ends every command with 2, and with the file's name."""
    (demo / "autoconfig.toml").write_bytes(content)

    assert one_line(on_demo(*LIST, code=2).err).startswith(f"autoconfig: {demo / 'autoconfig.toml'}: {said}")


def test_several_bad_settings(on_demo: Command, demo: Path) -> None:
    """Each bad setting has its line."""
    (demo / "autoconfig.toml").write_text("frob = 1\nlog_format = 'xml'\n")

    assert len(on_demo(*LIST, code=2).err.splitlines()) == 2


def test_bug(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody foresaw ends with 70, and asks for a report with the traceback."""
    monkeypatch.setattr("autoconfig.settings.load", lambda _file: 1 // 0)
    said = command(*LIST, code=70).err.splitlines()

    assert said[0] == "Traceback (most recent call last):"
    assert said[-2:] == [
        "ZeroDivisionError: integer division or modulo by zero",
        "autoconfig: this is a bug; please report it with the lines above",
    ]


def errors_of(base: type[AutoconfigError]) -> list[type[AutoconfigError]]:
    """The leaves of the tree of errors."""
    below = [leaf for child in base.__subclasses__() for leaf in errors_of(child)]
    return below or [base]


CODES: dict[Exit, set[str]] = {
    Exit.NO: {"UnknownDomain", "PlanUnusable", "RowInvalid", "Inexpressible", "Refused"},
    Exit.UNAVAILABLE: {"MappingUnavailable", "DNSUnavailable", "Overloaded"},
}


@pytest.mark.parametrize("error", errors_of(AutoconfigError), ids=lambda error: error.__name__)
def test_codes(error: type[AutoconfigError]) -> None:
    """Every situation has its exit code: what somebody has to change first is 2."""
    named = [code for code, names in CODES.items() if error.__name__ in names]

    assert (named or [Exit.USAGE]) == [exit_code(error.__new__(error))]
    assert hasattr(errors, error.__name__)


def test_sentences() -> None:
    """A plan that cannot be used is told with what led to it; other errors speak for themselves."""
    unusable = PlanUnusable("it is gone", plan="a")

    assert sentence(unusable) == "plan 'a': it is gone"
    assert sentence(unusable.found_at("shop.example", 5)).startswith("row 5 of shop.example: plan 'a': it is gone; ")
    assert sentence(unusable.found_at("shop.example", None)).startswith("shop.example: plan 'a': it is gone; ")
    assert sentence(errors.Refused("no")) == "no"


# One row at a time, each of which takes the database some time: behind the first one, a signal finds it in the middle.
SLOW_SYNC = """
import sys
from autoconfig.cli.main import run
from autoconfig.mapping import store
from autoconfig.mapping.store_database import Database
store.BATCH = 1
append = Database.append
def first(*given):
    Database.append = append
    print("the first row", file=sys.stderr, flush=True)
    append(*given)
Database.append = first
run(sys.argv[1:])
"""
SLOW_ROW = """
CREATE TRIGGER slow AFTER INSERT ON mapping BEGIN
  SELECT count(*) FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 200000) SELECT x FROM c);
END
"""


def is_locked(database: Path) -> bool:
    """Whether somebody writes."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=0)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        connection.execute("ROLLBACK")
        return False


def test_interrupted_sync(start: Start, on_demo: Command, database: Path) -> None:
    """Ctrl-C in the middle of a `sync` ends with 130 and one line; nothing of the file was written."""
    sheet = database.with_name("large.csv")
    sheet.write_text("name,plan\n" + "".join(f"n{n}.example,shared-managed\n" for n in range(5000)))
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(SLOW_ROW)
    syncing = start("mapping", "sync", sheet, python=[sys.executable, "-c", SLOW_SYNC])
    syncing.line("the first row")
    assert is_locked(database)
    ended = syncing.end(signal.SIGINT)

    assert (ended.code, ended.out, ended.err) == (130, "", "autoconfig: interrupted\n")
    assert not is_locked(database)
    assert len(on_demo("mapping", "list", "--json").out.splitlines()) == 8
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def has_open(process: int, path: Path) -> bool:
    """Whether a process that still runs has opened a file."""
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            if link.readlink() == path:
                return True
    return False


def test_interrupted_while_reading(start: Start, demo: Path, wait_until: Wait) -> None:
    """So it does while the file is still being read."""
    pipe = demo / "pipe.csv"
    os.mkfifo(pipe)
    syncing = start("mapping", "sync", pipe)
    with pipe.open("r+b", buffering=0):  # we read too, so that it opens at once
        wait_until(lambda: has_open(syncing.process.pid, pipe))
        ended = syncing.end(signal.SIGINT)

    assert (ended.code, ended.err) == (130, "autoconfig: interrupted\n")


@pytest.fixture(scope="module")
def large(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo whose list is longer than any pipe."""
    folder = Path(shutil.copytree(made, tmp_path_factory.mktemp("large") / "demo"))
    sheet = folder / "large.csv"
    sheet.write_text("name,plan\n" + "".join(f"n{n}.example,shared-managed\n" for n in range(3000)))
    commands.run("mapping", "sync", sheet, folder=folder)
    return folder


PRINTED = {
    "list": LIST,
    "list as JSON": (*LIST, "--json"),
    "export": ("mapping", "export"),
    "a short text": ("mapping", "show", "sample.co.jp"),
    "a short JSON": ("mapping", "show", "sample.co.jp", "--json"),
}


@pytest.mark.parametrize("arguments", PRINTED.values(), ids=PRINTED)
def test_broken_pipe(start: Start, large: Path, arguments: tuple[str, ...]) -> None:
    """Who has read enough of the output (`| head -1`) leaves a command that ends with 0, without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        ended = start(*arguments, cwd=large, stdout=pipe).end()

    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("arguments", PRINTED.values(), ids=PRINTED)
def test_full_disk(start: Start, large: Path, arguments: tuple[str, ...]) -> None:
    """Output that cannot be written ends with 3 and one line."""
    with Path("/dev/full").open("wb") as full:
        ended = start(*arguments, cwd=large, stdout=full).end()

    assert (ended.code, ended.err) == (3, "autoconfig: output: No space left on device\n")


def test_port_in_use(start: Start, listening: socket.socket) -> None:
    """A port that somebody else has ends with 2 and one line, before anything is started."""
    port = listening.getsockname()[1]
    ended = start("serve", "--port", str(port)).end()

    assert (ended.code, ended.err) == (
        2,
        f"autoconfig: 127.0.0.1 port {port}: Address already in use; choose another --port\n",
    )


def test_plans_half_saved(start: Start, demo: Path) -> None:
    """`serve` does not start from a plans file that is bad, if no earlier one was kept: exit code 2."""
    text = (demo / "plans.toml").read_text(encoding="utf-8")
    (demo / "plans.toml").write_text(text[: len(text) // 2], encoding="utf-8")
    ended = start("serve", "--port", "0").end()

    assert ended.code == 2
    assert ended.err.startswith(f"autoconfig: {demo / 'plans.toml'}: 1 fault\n  file: is not TOML")
    assert len(ended.err.splitlines()) == 2
