"""The command line where another program's database is the mapping."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.database_location import Kind
from tests.cli.conftest import Server, answers, poll
from tests.mapping.foreign.databases import new_foreign

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, Serve, Start

QUERY = "SELECT package AS plan, host AS server FROM customers WHERE domain = :domain"
QUERY_ALL = "SELECT domain, package AS plan, host AS server FROM customers"
CUSTOMERS = [
    ("shared.example", "shared-standard", "cs1.xbit.jp"),
    ("own.example", "server-maintenance", None),
    ("gone.example", None, None),
]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """The other program's database, with a table of customers."""
    path = tmp_path / "billing.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE customers (domain TEXT, package TEXT, host TEXT)")
        connection.executemany("INSERT INTO customers VALUES (?, ?, ?)", CUSTOMERS)
    return path


@pytest.fixture
def on_query(on_demo: Command, database: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line, with a query in place of the demo's mapping."""
    monkeypatch.setenv("AUTOCONFIG_DATABASE", f"sqlite:///{database}")
    monkeypatch.setenv("AUTOCONFIG_QUERY", QUERY)
    return on_demo


@pytest.fixture
def all_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a query for all names."""
    monkeypatch.setenv("AUTOCONFIG_QUERY_ALL", QUERY_ALL)


def insert(tmp_path: Path, *row: object) -> None:
    """One more customer."""
    with contextlib.closing(sqlite3.connect(tmp_path / "billing.db", isolation_level=None)) as connection:
        connection.execute("INSERT INTO customers VALUES (?, ?, ?)", row)


@pytest.mark.parametrize(
    "arguments",
    [
        ("mapping", "set", "shared.example", "--plan", "legacy-os"),
        ("mapping", "end", "shared.example"),
        ("mapping", "undo", "shared.example"),
        ("mapping", "history", "shared.example"),
        ("mapping", "sync", "customers.csv"),
        ("mapping", "backup", "backup.db"),
        ("db", "upgrade"),
    ],
    ids=lambda arguments: arguments[1],
)
def test_commands_that_write(on_query: Command, arguments: tuple[str, ...]) -> None:
    """Nothing is written into another program's database; the remedy is named."""
    said = on_query(*arguments, code=1).err

    assert "setting query" in said
    assert "make the change in that database" in said


def test_show(on_query: Command) -> None:
    """The answer is explained by the query and its columns."""
    said = on_query("show", "hanako@shared.example").out

    assert "the query, columns plan, server" in said
    assert "server = cs1.xbit.jp" in said
    assert "the query, column plan" in on_query("show", "own.example").out
    assert "nothing: " in on_query("show", "gone.example", code=1).out


def test_show_as_json(on_query: Command) -> None:
    """Programs are told that there is no row of ours."""
    found = on_query("show", "shared.example", "--json").data

    assert (found["how"], found["row"], found["since"]) == ("row", None, None)
    assert (found["plan"], found["params"]) == ("shared-standard", {"server": "cs1.xbit.jp"})


def test_show_an_error(on_query: Command, tmp_path: Path) -> None:
    """Rows that contradict one another are named by their domain."""
    insert(tmp_path, "shared.example", "server-maintenance", None)

    assert "shared.example: the query's answer has 2 different rows" in on_query("show", "shared.example", code=1).err
    assert (
        "shared.example: the query's answer has 2 different rows"
        in on_query("mapping", "show", "shared.example", code=1).err
    )


def test_mapping_show(on_query: Command) -> None:
    """The row of one name, without an id of ours."""
    assert "query" in on_query("mapping", "show", "shared.example").out
    found = on_query("mapping", "show", "shared.example", "--json").data["now"]

    assert (found["id"], found["plan"], found["changed_by"]) == (None, "shared-standard", "the query")
    on_query("mapping", "show", "gone.example", code=1)
    on_query("mapping", "show", "unknown.example", code=1)


@pytest.mark.parametrize("arguments", [("mapping", "list"), ("mapping", "export")], ids=["list", "export"])
def test_lists_without_a_query_for_all(on_query: Command, arguments: tuple[str, ...]) -> None:
    """A query for one name cannot list; the remedy is named."""
    assert "query_all" in on_query(*arguments, code=1).err


@pytest.mark.usefixtures("all_names")
def test_lists(on_query: Command, tmp_path: Path) -> None:
    """With a query for all names they are listed and exported; what cannot be read is named and left out."""
    insert(tmp_path, "own.example", "legacy-os", None)
    insert(tmp_path, "not a name", "legacy-os", None)
    insert(tmp_path, "blob.example", b"\xff", None)
    insert(tmp_path, b"\xff", "legacy-os", None)
    listed, exported = on_query("mapping", "list", "--json"), on_query("mapping", "export")
    on_query("mapping", "export", tmp_path / "all.csv")

    assert [line.split('"name": "')[1].split('"')[0] for line in listed.out.splitlines()] == ["shared.example"]
    assert exported.out.splitlines()[0] == "domain,plan,valid_from,note,server"
    assert [line.rsplit(",", 3)[0] for line in exported.out.splitlines()[1:]] == ["shared.example,shared-standard"]
    assert (tmp_path / "all.csv").read_text().splitlines()[1].startswith("shared.example,shared-standard,")
    for err in (listed.err, exported.err):
        assert "left out: own.example: the query's answer has 2 different rows" in err
        assert "left out: the query's column 'domain' is not a domain name: 'not a name'" in err
        assert "left out: the query's column 'domain' is bytes that are not UTF-8" in err
        assert "left out: blob.example: the query's column 'plan' is bytes that are not UTF-8" in err


@pytest.mark.parametrize("query", ["QUERY", "QUERY_ALL"])
def test_name_is_an_alias(on_query: Command, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    """Queries may call the column `name`, as earlier CSV files do, but not have both."""
    of_all = "SELECT host AS server, domain AS name, package AS plan FROM customers"
    monkeypatch.setenv("AUTOCONFIG_QUERY", f"{of_all} WHERE domain = :domain")
    monkeypatch.setenv("AUTOCONFIG_QUERY_ALL", of_all)
    exported = on_query("mapping", "export").out.splitlines()
    shown = on_query("mapping", "show", "shared.example", "--json").data["now"]
    monkeypatch.setenv(f"AUTOCONFIG_{query}", os.environ[f"AUTOCONFIG_{query}"].replace(" AS name", " AS name, domain"))
    said = on_query("plans", "check", code=2).err

    assert exported[0] == "domain,plan,valid_from,note,server"
    assert [line.split(",")[0] for line in exported[1:]] == ["own.example", "shared.example"]
    assert shown["params"] == {"server": "cs1.xbit.jp"}
    assert (
        f"{query.lower()}: the result has the columns 'domain' and 'name', which mean the same; keep 'domain'" in said
    )


def test_check_without_a_query_for_all(on_query: Command) -> None:
    """The columns are checked, the rows cannot be."""
    said = on_query("plans", "check").out

    assert "warning: query: its rows were not checked; set query_all, a query for all names, to check them" in said
    assert "unfit rows: 0" in said


@pytest.mark.usefixtures("all_names")
def test_check(on_query: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row is checked against its plan, and every column against all plans."""
    assert "unfit rows: 0" in on_query("plans", "check").out
    insert(tmp_path, "bare.example", "shared-standard", None)
    insert(tmp_path, "strange.example", "platinum", None)
    insert(tmp_path, "twice.example", "legacy-os", None)
    insert(tmp_path, "twice.example", "server-maintenance", None)
    monkeypatch.setenv("AUTOCONFIG_QUERY", QUERY.replace("AS server", "AS srv"))
    said = on_query("plans", "check", code=1).out

    assert "warning: query: its column 'srv' is a param of no plan" in said
    assert "bare.example: plan 'shared-standard', param 'server': the plan requires it" in said
    assert "strange.example: plan 'platinum': there is no such plan" in said
    assert "twice.example: the query's answer has 2 different rows" in said
    assert "unfit rows: 3" in said
    rows = on_query("plans", "check", "--json", code=1).data["rows"]
    assert {(None, "bare.example", "server"), (None, "strange.example", None), (None, "twice.example", None)} == {
        (row["row"], row["name"], row["param"]) for row in rows
    }


@pytest.mark.parametrize("arguments", [("plans", "check"), ("show", "own.example"), ("mapping", "show", "own.example")])
def test_a_query_that_is_refused(
    on_query: Command, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2: the operator has to change the setting."""
    monkeypatch.setenv("AUTOCONFIG_QUERY", "SELECT product AS plan FROM customers WHERE domain = :domain")

    assert "refuses the query: no such column: product" in on_query(*arguments, code=2).err


def test_plans_that_are_not_there(on_query: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """`query_plans` may name only plans of plans.toml."""
    monkeypatch.setenv("AUTOCONFIG_QUERY_PLANS", "3=platinum,*=")

    assert (
        "query_plans: '3' is on the plan 'platinum', which does not exist; plans are "
        in on_query("plans", "check", code=2).err
    )


SERVE = {
    "query": ({"QUERY": "DELETE FROM customers"}, 2, "begin with SELECT or WITH"),
    "columns": ({"QUERY": "SELECT package FROM customers WHERE domain = :domain"}, 2, "no column 'plan'"),
    "table": ({"QUERY": "SELECT 1 AS plan FROM absent WHERE 1 = :domain"}, 2, "no such table: absent"),
    "all": ({"QUERY_ALL": "SELECT package AS plan FROM customers"}, 2, "no column 'domain'"),
    "plans": ({"QUERY_PLANS": "3=platinum"}, 2, "which does not exist"),
    "file": ({"DATABASE": "sqlite:////nowhere/billing.db"}, 3, "there is no such file"),
    "server": ({"DATABASE": "postgresql://a:hunter2@127.0.0.1:1/billing"}, 3, "127.0.0.1"),
}


@pytest.mark.usefixtures("on_query")
@pytest.mark.parametrize(("settings", "code", "said"), SERVE.values(), ids=SERVE)
def test_what_stops_serve(
    start: Start, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], code: int, said: str
) -> None:
    """A query that cannot be put is 2, a database that cannot be reached is 3; both before anything is served."""
    for name, value in settings.items():
        monkeypatch.setenv(f"AUTOCONFIG_{name}", value)
    ended = start("serve", "--port", "0").end()

    assert code == ended.code
    assert said in ended.err
    assert "hunter2" not in ended.err


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_serve_from_a_server(
    serve: Serve, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    """A server's database is served by several processes, and what changes there too."""
    foreign = new_foreign(request, kind)
    rows = ", ".join(str(row).replace("None", "NULL") for row in CUSTOMERS)
    foreign.execute("CREATE TABLE customers (domain VARCHAR(253), package VARCHAR(63), host VARCHAR(253))")
    foreign.execute(f"INSERT INTO customers VALUES {rows}")
    monkeypatch.setenv("AUTOCONFIG_DATABASE", foreign.url)
    monkeypatch.setenv("AUTOCONFIG_QUERY", QUERY)
    monkeypatch.setenv("AUTOCONFIG_QUERY_TTL", "1")
    server = serve("--workers", "2")
    first = [server.get(host="autoconfig.shared.example").text for _ in range(10)]
    foreign.execute("UPDATE customers SET host = 'cs2.xbit.jp' WHERE package = 'shared-standard'")

    assert all("cs1.xbit.jp" in text for text in first)
    poll(lambda: all("cs2.xbit.jp" in server.get(host="autoconfig.shared.example").text for _ in range(10)))
    assert server.ready()["status"] == "ready"
    assert server.program.end(signal.SIGTERM).code == 0


@pytest.mark.usefixtures("on_query")
def test_serve(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that can be put is served; a column that is a param of no plan is warned of."""
    monkeypatch.setenv("AUTOCONFIG_QUERY", QUERY.replace("AS server", "AS srv"))
    program = start("serve", "--port", "0")
    warning = program.line("some names may get no answer")
    server = Server(program, program.line("at=").partition("at=")[2].split()[0])
    poll(lambda: answers(server))

    assert "its column 'srv' is a param of no plan" in warning
    assert server.get(host="autoconfig.own.example").status_code == 200
    assert server.get(host="autoconfig.unknown.example").status_code == 404
    assert server.get(host="autoconfig.shared.example").status_code == 503
    assert program.end(signal.SIGTERM).code == 0
