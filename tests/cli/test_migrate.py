"""`autoconfig mapping migrate-from`, from a source to what is served."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.cli import migrate
from autoconfig.mail.domain import Domain
from autoconfig.migrate.config_v11 import read_published

if TYPE_CHECKING:
    import socket

    from tests.cli.conftest import Command, Serve
    from tests.support.servers.mariadb import MariaDB
    from tests.support.servers.postgresql import PostgreSQL

RECORDED = Path(__file__).parents[1] / "migrate" / "automx2"
SAME = ["customer1", "customer2", "hosting", "placeholders", "shared", "upper"]
"""Domains of the recorded database (.example) that are served the same here."""
FROM = ("mapping", "migrate-from")
TAKE_OVER = migrate.TAKE_OVER


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server runs that would have to take new plans over first."""
    monkeypatch.setattr(migrate, "TAKE_OVER", 0.0)


def scripts() -> list[str]:
    """The statements of the recorded database."""
    texts = [(RECORDED / name).read_text(encoding="utf-8") for name in ("schema.sql", "rows.sql")]
    return [statement for text in texts for statement in text.split(";\n") if statement.strip()]


@pytest.fixture
def automx2(tmp_path: Path) -> str:
    """The URL of the recorded database."""
    path = tmp_path / "automx2.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(";\n".join(scripts()))
    return f"sqlite:///{path}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The recorded answers, published as files."""
    made = tmp_path / "published"
    made.mkdir()
    for name in SAME[:5]:
        body = (RECORDED / "served" / f"{name}.example.200").read_bytes()
        head, _, rest = body.partition(b"<domain>")  # each for its own domain only
        (made / f"{name}.example.xml").write_bytes(head + b"<displayName>" + rest.partition(b"<displayName>")[2])
    return made


def same(on_demo: Command, *names: str) -> None:
    """See that each domain is served the servers that automx2 was recorded with."""
    for name in names:
        domain = Domain(f"{name}.example")
        recorded = RECORDED / "served" / f"{'Upper' if name == 'upper' else name}.example.200"
        there, here = (
            read_published(body)
            for body in (
                recorded.read_bytes(),
                on_demo("show", domain.name, "--format", "mozilla").out.encode(),
            )
        )
        for direction in ("incoming", "outgoing"):
            wanted = [endpoint.of(domain) for endpoint in getattr(there, direction)]
            assert wanted == [endpoint.of(domain) for endpoint in getattr(here, direction)]


def test_automx2(on_demo: Command, automx2: str, demo: Path) -> None:
    """Domains are served as automx2 served them; what is not taken over is said by domain, with exit code 1."""
    before = (demo / "plans.toml").read_bytes()
    said = on_demo(*FROM, "automx2", automx2, code=1)

    same(on_demo, *SAME)
    on_demo("plans", "check")
    assert (demo / "plans.toml").read_bytes().startswith(before)
    assert said.out.splitlines()[-1] == "6 new plans, 6 rows, 0 unchanged, 7 not as they were"
    table = {line.split()[0]: line for line in said.out.splitlines() if ".example " in line and "  " in line}
    assert "automx2 answers with an error: a server is of the type 'INVALID'" in table["eggs.example"]
    assert "user names come from an LDAP server, which a plan cannot ask" in table["ldap.example"]
    assert on_demo("mapping", "history", "shared.example", "--json").data[0]["note"] == "migrated from automx2"


def test_again(on_demo: Command, automx2: str, demo: Path) -> None:
    """A second run writes nothing."""
    on_demo(*FROM, "automx2", automx2, code=1)
    before = (demo / "plans.toml").read_bytes(), on_demo("mapping", "list").out
    said = on_demo(*FROM, "automx2", automx2, code=1)

    dry = on_demo(*FROM, "automx2", automx2, "--dry-run", code=1)

    assert said.out.splitlines()[-1] == "0 new plans, 0 rows, 6 unchanged, 7 not as they were"
    assert dry.out == said.out.replace("0 new plans", "would be: 0 new plans")
    assert before == ((demo / "plans.toml").read_bytes(), on_demo("mapping", "list").out)


def test_after_it_was_killed(on_demo: Command, automx2: str, demo: Path) -> None:
    """Plans that were written without their rows are used by the next run."""
    database = demo / "mapping.db"
    saved = database.read_bytes()
    on_demo(*FROM, "automx2", automx2, code=1)
    plans = (demo / "plans.toml").read_bytes()
    for file in demo.glob("mapping.db-*"):
        file.unlink()
    database.write_bytes(saved)
    said = on_demo(*FROM, "automx2", automx2, code=1)

    assert said.out.splitlines()[-1] == "0 new plans, 6 rows, 0 unchanged, 7 not as they were"
    assert plans == (demo / "plans.toml").read_bytes()
    same(on_demo, *SAME)


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_servers(on_demo: Command, engine: str, request: pytest.FixtureRequest) -> None:
    """From PostgreSQL and MariaDB too."""
    server: PostgreSQL | MariaDB = request.getfixturevalue(engine)
    name = server.new_database()
    with server.connect(name) as connection:
        for statement in scripts():
            connection.execute(statement.replace("BOOLEAN", "INTEGER"))
    said = on_demo(*FROM, "automx2", server.url(name), code=1)

    assert said.out.splitlines()[-1].startswith("6 new plans, 6 rows, ")
    same(on_demo, *SAME)


def test_folder(on_demo: Command, folder: Path) -> None:
    """Published files give the same, with exit code 0."""
    said = on_demo(*FROM, "autoconfig-xml", folder)

    assert said.out.splitlines()[-1] == "3 new plans, 5 rows, 0 unchanged, 0 not as they were"
    same(on_demo, *SAME[:5])


def test_dry_run(on_demo: Command, folder: Path, demo: Path) -> None:
    """A dry run shows plans and rows, and writes nothing."""
    before = (demo / "plans.toml").read_bytes(), on_demo("mapping", "list").out
    said = on_demo(*FROM, "autoconfig-xml", folder, "--dry-run").out

    assert before == ((demo / "plans.toml").read_bytes(), on_demo("mapping", "list").out)
    assert said.splitlines()[-1] == "would be: 3 new plans, 5 rows, 0 unchanged, 0 not as they were"
    assert '{ protocol = "imap", host = "mail.{domain}", port = 993' in said
    assert ["shared.example", "big-hosting-inc-2"] in [line.split() for line in said.splitlines()]


def test_json(on_demo: Command, automx2: str) -> None:
    """Programs get all of it."""
    on_demo("mapping", "set", "shared.example", "--plan", "server-maintenance")
    data = on_demo(*FROM, "automx2", automx2, "--dry-run", "--replace", "--json", code=1).data

    assert (data["dry_run"], data["unchanged"], data["not_as_they_were"]) == (True, [], 6)
    assert {
        "name": "shared.example",
        "plan": "big-hosting-inc-4",
        "params": {},
        "before": "server-maintenance",
    } in data["rows"]
    assert len(data["plans"]) == 6
    assert all(plan["toml"].count(f"[plans.{plan['plan']}]") == 1 for plan in data["plans"])
    assert data["remarks"][0] == {
        "domain": "eggs.example",
        "kind": "left out",
        "problem": "automx2 answers with an error: a server is of the type 'INVALID'",
        "remedy": "correct it in automx2 and run the command again, or put the domain on a plan by hand",
        "place": "",
    }


def test_replace(on_demo: Command, automx2: str) -> None:
    """A row that says something else stays, unless it is to be replaced."""
    on_demo("mapping", "end", "xn--wgv71a119e.example")
    said = on_demo(*FROM, "automx2", automx2, code=1).out
    on_demo("mapping", "show", "xn--wgv71a119e.example", code=1)
    on_demo(*FROM, "automx2", automx2, "--replace", code=1)

    assert "was ended by row" in said
    on_demo("mapping", "show", "xn--wgv71a119e.example")


def test_accept_differences(on_demo: Command, automx2: str) -> None:
    """What is nearly the same is taken over where that is wanted, and still said."""
    said = on_demo(*FROM, "automx2", automx2, "--accept-differences", code=1).out

    assert "there in this order: pop3 pop.hosting.example 995, imap imap.hosting.example 993" in said
    assert on_demo("mapping", "show", "pop.example", "--json").data["now"]["note"] == "migrated from automx2"


def test_many(on_demo: Command, tmp_path: Path) -> None:
    """A thousand customers with servers of their own names are one plan; what is said of all of them is one line."""
    published = tmp_path / "many"
    published.mkdir()
    body = (RECORDED / "served" / "customer1.example.200").read_text(encoding="utf-8")
    for number in range(1000):
        domain = f"c{number}.example.net"
        text = body.replace("customer1.example", domain).replace("Big Hosting, Inc.", domain)
        start, _, rest = text.partition("<domain>")
        text = start + "<displayName>" + rest.partition("<displayName>")[2]
        (published / f"{domain}.xml").write_text(text, encoding="utf-8")
    said = on_demo(*FROM, "autoconfig-xml", published, "--dry-run").out

    assert said.splitlines()[-1] == "would be: 1 new plans, 1000 rows, 0 unchanged, 0 not as they were"
    assert "… and 950 more" in said
    (line,) = [line for line in said.splitlines() if "display name" in line]
    assert line.startswith("c0.example.net, c1.example.net, c10.example.net and 997 more ")
    assert "display name 'DOMAIN'; the plan has 'Mail'" in line


def test_many_different(on_demo: Command, tmp_path: Path) -> None:
    """What is left out is never cut, and JSON has all of it too."""
    for number in range(60):
        (tmp_path / f"f{number}.xml").write_text(f"<a{number}/>" * 2)
    (tmp_path / "ok.xml").write_text("<clientConfig><emailProvider/></clientConfig>")
    table = on_demo(*FROM, "autoconfig-xml", tmp_path, code=1).out
    data = on_demo(*FROM, "autoconfig-xml", tmp_path, "--json", code=1).data

    assert len(data["remarks"]) == 61
    assert table.splitlines()[-1].endswith("61 not as they were")
    assert [number for number in range(60) if f"f{number}.xml " not in table] == []


def test_served_without_a_gap(
    on_demo: Command, serve: Serve, automx2: str, monkeypatch: pytest.MonkeyPatch, demo: Path
) -> None:
    """A server that runs takes plans and rows over, and at no time is a name led to a plan that it does not know."""
    monkeypatch.setattr(migrate, "TAKE_OVER", TAKE_OVER)
    server = serve(cwd=demo)
    seen: list[int] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            seen.append(server.get(host="autoconfig.customer1.example").status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        on_demo(*FROM, "automx2", automx2, code=1)
    finally:
        ended.set()
        asking.join()
    answer = server.get(host="autoconfig.customer1.example")

    assert set(seen) <= {404, 200}
    assert answer.status_code == 200
    assert "mail.customer1.example" in answer.text


def test_out_of_reach(on_demo: Command, listening: socket.socket) -> None:
    """A server that is down is exit code 3, and the password stays unsaid."""
    nobody = listening.getsockname()[1]
    listening.close()
    said = on_demo(*FROM, "automx2", f"postgresql://u:verysecret@127.0.0.1:{nobody}/automx2", code=3)

    assert said.err.startswith(f"autoconfig: postgresql://127.0.0.1:{nobody}/automx2: ")
    assert "verysecret" not in said.err + said.out


BAD = {
    "no URL": (("automx2", "verysecret"), 2, "the URL of the database cannot be read"),
    "no file": (("automx2", "sqlite:////nowhere/x"), 3, "/nowhere/x: there is no such file"),
    "another database": (("automx2", "sqlite:///{demo}/mapping.db"), 2, "is not a database of automx2"),
    "no folder": (("autoconfig-xml", "/nowhere"), 3, "/nowhere: No such file or directory"),
    "no documents": (("autoconfig-xml", "{demo}/.."), 2, "has no config-v1.1.xml"),
}


@pytest.mark.parametrize(("arguments", "code", "sentence"), BAD.values(), ids=BAD)
def test_bad_source(on_demo: Command, demo: Path, arguments: tuple[str, str], code: int, sentence: str) -> None:
    """What is no source is refused with a sentence, and nothing is written."""
    before = (demo / "plans.toml").read_bytes()
    said = on_demo(*FROM, arguments[0], arguments[1].format(demo=demo), code=code)

    assert sentence in said.err
    assert "verysecret" not in said.err
    assert before == (demo / "plans.toml").read_bytes()
