"""Nodes that share a database: real server processes over real databases."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.mapping.store import Change, Journal
from autoconfig.mapping.store_database import upgrade
from tests.conftest import missing
from tests.deploy.programs import Program, until
from tests.mapping.follower.files import sql
from tests.mapping.plans import PLANS
from tests.support import commands
from tests.support.ports import free_port
from tests.support.servers.postgresql import PostgreSQL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.mariadb import MariaDB

pytestmark = pytest.mark.timeout(300)

ROWS = 10_000

SECRET = "geheim-%2F-geheim"


class Node:
    """A node with a folder of its own."""

    def __init__(self, folder: Path, url: str, *arguments: str) -> None:
        folder.mkdir()
        (folder / "plans.toml").write_text(PLANS)
        (folder / "autoconfig.toml").write_text(f"database = {url!r}\n")
        self.port = free_port()
        self.config = folder / "autoconfig.toml"
        command = self.command("serve", "--port", str(self.port), *arguments)
        self.program = Program(command, folder / "log")

    def command(self, *arguments: str) -> list[str]:
        """A command line of ours."""
        return [sys.executable, "-m", "autoconfig", *arguments, "--config", str(self.config)]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command, to its end."""
        return commands.run(*arguments, "--config", self.config, code=None)

    def start(self) -> None:
        """Start to serve."""
        self.program.start()
        self.program.wait_for("its start", lambda: self.ask("/internal/healthz") is not None)

    def ask(self, path: str, host: str = "localhost") -> tuple[int, str] | None:
        """An answer; `None` if nothing is listening."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def server_of(self, name: str) -> str:
        """The host in the document of a name, or the status if there is no document."""
        status, text = self.ask("/mail/config-v1.1.xml", f"autoconfig.{name}") or (0, "")
        return text.partition("<hostname>")[2].partition(".mail.example<")[0] if status == 200 else str(status)

    def ready(self) -> tuple[int, Any]:
        """What readyz says."""
        found = self.ask("/internal/readyz")
        assert found is not None
        return found[0], json.loads(found[1])

    def versions(self, number: int) -> set[str]:
        """What a few requests for one name get, each over a connection of its own: any worker may answer."""
        return {self.server_of(name_of(number)) for _ in range(8)}

    def answers(self) -> set[str]:
        """The answers to requests for names that are asked for the first time."""
        return {self.server_of(name_of(number)) for number in range(100, ROWS, 97)}

    def retry_after(self) -> str | None:
        """When a client may come back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", "/mail/config-v1.1.xml", headers={"Host": f"autoconfig.{name_of(1)}"})
            return connection.getresponse().getheader("Retry-After")


def secret(request: pytest.FixtureRequest, engine: str) -> str:
    """The URL of an empty mapping, with a password."""
    if engine == "postgresql":
        url: str = request.getfixturevalue("postgresql_url")
        return url.replace("autoconfig@", f"autoconfig:{SECRET}@")
    server: MariaDB = request.getfixturevalue("mariadb")
    url = request.getfixturevalue("mariadb_url")
    with server.connect() as cursor:
        cursor.execute("CREATE OR REPLACE USER me@'%' IDENTIFIED BY 'geheim-/-geheim'")
        cursor.execute(f"GRANT SELECT, INSERT ON {url.rpartition('/')[2]}.* TO me@'%'")
    return url.replace("root@", f"me:{SECRET}@")


@pytest.fixture
def nodes() -> Iterator[list[Node]]:
    """Nodes of the test; they end with it."""
    made: list[Node] = []
    yield made
    for node in made:
        node.program.stop()


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_a_change_on_one_node_is_served_by_another(
    request: pytest.FixtureRequest, server: str, tmp_path: Path, nodes: list[Node]
) -> None:
    """A change that a command makes on one node is served by both; no log has the password."""
    url = secret(request, server)
    nodes += [Node(tmp_path / one, url) for one in "ab"]
    for node in nodes:
        node.start()
    until("both have a copy", lambda: [node.server_of("example.com") for node in nodes] == ["404", "404"])
    for version, node in (("v1", nodes[0]), ("v2", nodes[1])):
        said = node.run("mapping", "set", "example.com", "--plan", "a", "--param", f"server={version}.mail.example")
        assert said.returncode == 0, said.stderr
        until("the change", lambda: [version] * 2 == [node.server_of("example.com") for node in nodes])  # noqa: B023
        assert "geheim" not in said.stdout + said.stderr

    assert {0} == {node.program.stop() for node in nodes}
    logs = "".join(node.program.said() for node in nodes)
    assert "serving" in logs
    assert "geheim" not in logs


@pytest.fixture(params=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[PostgreSQL | MariaDB]:
    """Each of the servers; it runs again after the test."""
    found: PostgreSQL | MariaDB = request.getfixturevalue(request.param)
    yield found
    if found.pid is None:
        found.start()


@pytest.fixture
def url(server: PostgreSQL | MariaDB, request: pytest.FixtureRequest) -> str:
    """The URL of a mapping with many rows on the server, for who writes."""
    found = secret(request, type(server).__name__.lower())
    write(found, *(name_of(number) for number in range(ROWS)))
    return found


@pytest.fixture
def reader(server: PostgreSQL | MariaDB, url: str) -> str:
    """The URL of the same, for a user who may only select."""
    database = url.rpartition("/")[2]
    if isinstance(server, PostgreSQL):
        with server.connect(database) as connection:
            connection.execute(
                "DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            )
            connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    else:
        with server.connect() as cursor:
            cursor.execute("CREATE OR REPLACE USER reader@'%' IDENTIFIED BY 'geheim-/-geheim'")
            cursor.execute(f"GRANT SELECT ON {database}.* TO reader@'%'")
    return url.replace(url.partition("://")[2].partition(":")[0], "reader", 1)


def name_of(number: int) -> str:
    """One of many names."""
    return f"d{number}.example"


def test_the_database_is_gone_and_back(
    server: PostgreSQL | MariaDB, url: str, reader: str, tmp_path: Path, nodes: list[Node]
) -> None:
    """
    Of two nodes with two workers each, both serve a change. While the database is gone both answer for every name, also
    for those that were never asked for, and also after a restart; they stay ready and say how old that is. A node
    without a copy says 503, and why; when the database is back it heals by itself.
    """
    nodes += [Node(tmp_path / one, reader, "--workers", "2") for one in "abc"]
    first, second, third = nodes
    for node in (first, second):
        node.start()
        until("a copy", lambda: node.versions(0) == {"v1"})  # noqa: B023
    write(url, name_of(0), version=2)
    until("the change", lambda: [{"v2"}] * 2 == [node.versions(0) for node in (first, second)])
    server.stop()
    third.start()
    assert third.answers() == {"503"}
    until("the reason", lambda: "connect" in third.ready()[1]["mapping"])
    status, said = third.ready()
    assert (status, said["status"]) == (503, "not ready")
    assert said["mapping"].startswith("there is no local copy of ")
    assert third.retry_after() == "10"

    first.program.stop()
    first.start()
    for node in (first, second):
        until("it is noticed", lambda: "served from the local copy" in node.ready()[1]["mapping"])  # noqa: B023
        status, said = node.ready()
        assert (status, said["status"]) == (200, "ready")
        assert [node.versions(0), node.answers()] == [{"v2"}, {"v1"}]
        assert "geheim" not in json.dumps(said)
    shown = first.run("show", name_of(ROWS - 1), "--json")
    assert (shown.returncode, json.loads(shown.stdout)["params"]) == (0, {"server": "v1.mail.example"})
    assert json.loads(shown.stdout)["copy_age_seconds"] >= 0
    assert "answered from the local copy, which is " in shown.stderr
    assert first.run("mapping", "show", name_of(0)).returncode == 0
    for writing in (("mapping", "end", name_of(0)), ("db", "verify"), ("mapping", "list")):
        assert first.run(*writing).returncode == 3

    server.start()
    until("a copy", lambda: third.ready()[0] == 200)
    write(url, name_of(1), version=3)
    until("the change", lambda: [{"v3"}] * 3 == [node.versions(1) for node in nodes])
    assert {"ok"} == {node.ready()[1]["mapping"] for node in nodes}
    verified = second.run("db", "verify", "--json")
    assert (verified.returncode, json.loads(verified.stdout)["equal"]) == (0, True)
    for node in nodes:
        assert node.program.stop() == 0
        assert "geheim" not in node.program.said()
    said = second.program.said()
    assert said.count("the database cannot be followed") == 1
    assert said.count("the database can be followed again") == 1


def test_a_copy_that_was_tampered_with(
    server: PostgreSQL | MariaDB, url: str, tmp_path: Path, nodes: list[Node]
) -> None:
    """`db verify` finds a row that differs; the server makes the copy again, and serves it."""
    assert server.pid is not None
    nodes.append(Node(tmp_path / "a", url))
    (node,) = nodes
    node.start()
    until("a copy", lambda: node.versions(0) == {"v1"})
    sql(tmp_path / "a" / "state" / "copy.db", "UPDATE mapping SET params = '{}' WHERE name = 'd7.example'")
    found = node.run("db", "verify")
    assert (found.returncode, found.stdout.splitlines()[-1]) == (1, "They are not equal")
    until("a new copy", lambda: node.run("db", "verify").returncode == 0)
    until("it is served", lambda: node.versions(7) == {"v1"})


def test_another_database(server: PostgreSQL | MariaDB, url: str, tmp_path: Path, nodes: list[Node]) -> None:
    """
    After `database` was changed nothing is served from the copy of the former one, until the new one has said that it
    has the same history, or is copied.
    """
    nodes.append(Node(tmp_path / "a", url))
    (node,) = nodes
    node.start()
    until("a copy", lambda: node.versions(0) == {"v1"})
    node.program.stop()
    changed = server.url(server.new_database())
    upgrade(changed)
    write(changed, name_of(0), version=5)
    server.stop()
    node.config.write_text(f"database = {changed!r}\n")
    node.start()
    assert node.versions(0) == {"503"}
    assert "is a copy of " in node.ready()[1]["mapping"]
    server.start()
    until("its rows", lambda: (node.versions(0), node.versions(1)) == ({"v5"}, {"404"}))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        missing("the right to mount a file system is needed: run as root, outside of a container that forbids it")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk(small_disk: Path, postgresql_url: str, nodes: list[Node]) -> None:
    """On a full disk the copy is still served, also after a restart, and the status says why it grows old."""
    write(postgresql_url, *map(name_of, range(ROWS)))
    nodes.append(Node(small_disk / "a", postgresql_url))
    (node,) = nodes
    node.start()
    until("a copy", lambda: node.versions(0) == {"v1"})
    filling = small_disk / "filling"
    with contextlib.suppress(OSError), filling.open("wb", buffering=0) as file:
        while file.write(b"x" * 1024):
            pass
    write(postgresql_url, *(f"e{number}.example" for number in range(ROWS)), version=2)
    until("it is said", lambda: "disk is full" in node.ready()[1]["mapping"])
    assert node.ready()[1]["status"] == "ready"
    assert node.answers() == {"v1"}
    node.program.stop()
    node.start()
    assert node.answers() == {"v1"}
    filling.unlink()
    until("it heals", lambda: node.server_of("e7.example") == "v2")


def write(url: str, *names: str, version: int = 1) -> None:
    """Put names on a version."""
    journal = Journal(url)
    with journal.writing() as writing:
        writing.append([Change(name, 1, "a", f'{{"server":"v{version}.mail.example"}}') for name in names])
    journal.close()


@pytest.mark.parametrize("engine", ["postgresql_tls", "mariadb_tls"])
def test_over_tls(
    request: pytest.FixtureRequest, engine: str, authorities: Path, tmp_path: Path, nodes: list[Node]
) -> None:
    """A node copies from a server whose certificate it verifies; where it cannot, it says what to look at."""
    server: PostgreSQL | MariaDB = request.getfixturevalue(engine)
    url = server.url(server.new_database()).replace("127.0.0.1", "localhost")
    urls = [f"{url}?sslmode=verify-full&sslrootcert={authorities / name}.pem" for name in ("right", "other")]
    upgrade(urls[0])
    write(urls[0], "known.example")
    nodes += [Node(tmp_path / name, url) for name, url in zip(("right", "other"), urls, strict=True)]
    for node in nodes:
        node.start()
    until("a copy", lambda: nodes[0].server_of("known.example") == "v1")
    until("why there is none", lambda: "certificate verify failed" in nodes[1].ready()[1]["mapping"])

    assert nodes[1].server_of("known.example") == "503"
    assert "does sslrootcert name the file of the authority" in nodes[1].ready()[1]["mapping"]
