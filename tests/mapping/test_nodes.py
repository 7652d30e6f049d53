"""Nodes that share a database: real server processes over real databases."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.mapping.engine import upgrade
from autoconfig.mapping.journal import Change, Journal
from tests.deploy.programs import Program, free_ports, until
from tests.mapping.test_outage import PLANS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.mariadb import MariaDB
    from tests.servers.postgresql import PostgreSQL

pytestmark = pytest.mark.timeout(300)

SECRET = "geheim-%2F-geheim"


class Node:
    """A node with a folder of its own."""

    def __init__(self, folder: Path, url: str, *arguments: str) -> None:
        folder.mkdir()
        (folder / "plans.toml").write_text(PLANS)
        (folder / "autoconfig.toml").write_text(f"database = {url!r}\n")
        (self.port,) = free_ports(1)
        self.config = folder / "autoconfig.toml"
        command = self.command("serve", "--port", str(self.port), *arguments)
        self.program = Program(command, folder / "log")

    def command(self, *arguments: str) -> list[str]:
        """A command line of ours."""
        return [sys.executable, "-m", "autoconfig", *arguments, "--config", str(self.config)]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command, to its end."""
        return subprocess.run(self.command(*arguments), check=False, capture_output=True, text=True)

    def start(self) -> None:
        """Start to serve."""
        self.program.start()
        self.program.wait_for("its start", lambda: self.ask("/internal/healthz") is not None)

    def ask(self, path: str, host: str = "localhost") -> tuple[int, str] | None:
        """An answer, `None` where nobody listens."""
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
        """The host that the document of a name tells, or the status where there is none."""
        status, text = self.ask("/mail/config-v1.1.xml", f"autoconfig.{name}") or (0, "")
        return text.partition("<hostname>")[2].partition(".mail.example<")[0] if status == 200 else str(status)

    def ready(self) -> tuple[int, Any]:
        """What readyz says."""
        found = self.ask("/internal/readyz")
        assert found is not None
        return found[0], json.loads(found[1])

    def workers(self) -> list[int]:
        """The worker processes of a server that has several."""
        assert self.program.process is not None
        parent = self.program.process.pid
        numbers = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [int(one) for one in numbers if "spawn_main" in Path(f"/proc/{one}/cmdline").read_text()]


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
    assert [node.server_of("example.com") for node in nodes] == ["404", "404"]
    for version, node in (("v1", nodes[0]), ("v2", nodes[1])):
        said = node.run("mapping", "set", "example.com", "--plan", "a", "--param", f"server={version}.mail.example")
        assert said.returncode == 0, said.stderr
        until("the change", lambda: [version] * 2 == [node.server_of("example.com") for node in nodes])  # noqa: B023
        assert "geheim" not in said.stdout + said.stderr

    assert {0} == {node.program.stop() for node in nodes}
    logs = "".join(node.program.said() for node in nodes)
    assert "serving" in logs
    assert "geheim" not in logs


def test_the_database_is_gone_and_back(
    postgresql: PostgreSQL, postgresql_url: str, tmp_path: Path, nodes: list[Node]
) -> None:
    """
    A node serves on what it knows, says 503 at once for what it does not, and stays ready; a node that knows nothing is
    not. Each sees that the database is back.
    """
    url = postgresql_url.replace("autoconfig@", f"autoconfig:{SECRET}@")
    write(postgresql_url, "known.example", 1)
    nodes += [Node(tmp_path / one, url) for one in "ab"]
    for node in nodes:
        node.start()
    assert nodes[0].server_of("known.example") == "v1"
    assert nodes[0].ready() == (200, nodes[0].ready()[1] | {"status": "ready", "mapping": "ok"})
    postgresql.stop()
    try:
        assert [nodes[0].server_of(name) for name in ("other.example", "known.example")] == ["503", "v1"]
        started = time.monotonic()
        assert {"503"} == {nodes[0].server_of(f"d{number}.example") for number in range(50)}
        assert time.monotonic() - started < 50  # a second each would be a wait for a database that is known to be gone
        until("it was noticed", lambda: nodes[1].ready()[0] == 503)
        status, said = nodes[0].ready()
        assert (status, said["status"]) == (200, "ready")
        assert said["mapping"].startswith("served from the cache as of ")
        assert "geheim" not in json.dumps([said, nodes[1].ready()[1]])
        refused = nodes[0].run("serve", "--port", "0")
        assert (refused.returncode, len(refused.stderr.splitlines())) == (3, 1)
        assert "geheim" not in refused.stderr
    finally:
        postgresql.start()
    write(postgresql_url, "known.example", 2)
    write(postgresql_url, "other.example", 1)
    until(
        "it is back",
        lambda: (
            [tuple(map(node.server_of, ("known.example", "other.example"))) for node in nodes] == [("v2", "v1")] * 2
        ),
    )
    until("it is said", lambda: {"ok"} == {node.ready()[1]["mapping"] for node in nodes})
    for node in nodes:
        assert node.program.stop() == 0
        assert "geheim" not in node.program.said()
        assert node.program.said().count("the mapping database cannot be used") == 1
        assert node.program.said().count("the mapping database can be used again") == 1


def test_a_worker_that_starts_while_the_database_is_gone(
    postgresql: PostgreSQL, postgresql_url: str, tmp_path: Path, nodes: list[Node]
) -> None:
    """It waits, and takes no requests that the others could answer; when the database is back it serves too."""
    write(postgresql_url, "known.example", 1)
    nodes.append(Node(tmp_path / "a", postgresql_url, "--workers", "2"))
    (node,) = nodes
    node.start()
    until("both serve", lambda: len(node.workers()) == 2 and all(answers_alone(node, one) for one in node.workers()))
    postgresql.stop()
    try:
        killed, left = node.workers()
        os.kill(killed, signal.SIGKILL)
        until("another one", lambda: len(set(node.workers()) - {killed}) == 2)
        until("it waits", lambda: "this process waits for the mapping database" in node.program.said())
        assert {"v1"} == {node.server_of("known.example") for _ in range(50)}
        assert left in node.workers()
    finally:
        postgresql.start()
    until("both serve again", lambda: all(answers_alone(node, one) for one in node.workers()))
    assert left in node.workers()
    assert node.program.stop() == 0


def test_a_server_is_stopped_while_a_worker_waits(
    postgresql: PostgreSQL, postgresql_url: str, tmp_path: Path, nodes: list[Node]
) -> None:
    """SIGTERM ends the server, also the process that waits for the database."""
    nodes.append(Node(tmp_path / "a", postgresql_url, "--workers", "2"))
    (node,) = nodes
    node.start()
    until("both", lambda: len(node.workers()) == 2)
    postgresql.stop()
    try:
        os.kill(node.workers()[0], signal.SIGKILL)
        until("it waits", lambda: "this process waits for the mapping database" in node.program.said())
        assert node.program.stop() == 0
    finally:
        postgresql.start()


def write(url: str, name: str, version: int) -> None:
    """Put a name on a version."""
    journal = Journal(url)
    with journal.writing() as writing:
        writing.append([Change(name, 1, "a", f'{{"server":"v{version}.mail.example"}}')])
    journal.close()


def answers_alone(node: Node, one: int) -> bool:
    """Whether a worker answers, and knows the name, while the others stand still."""
    others = [other for other in node.workers() if other != one]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        return node.server_of("known.example") == "v1"
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


@pytest.mark.parametrize("engine", ["postgresql_tls", "mariadb_tls"])
def test_over_tls(
    request: pytest.FixtureRequest, engine: str, authorities: Path, tmp_path: Path, nodes: list[Node]
) -> None:
    """A node serves from a server whose certificate it verifies, and does not start where it cannot."""
    server: PostgreSQL | MariaDB = request.getfixturevalue(engine)
    url = server.url(server.new_database()).replace("127.0.0.1", "localhost")
    urls = [f"{url}?sslmode=verify-full&sslrootcert={authorities / name}.pem" for name in ("right", "other")]
    upgrade(urls[0])
    write(urls[0], "known.example", 1)
    nodes += [Node(tmp_path / name, url) for name, url in zip(("right", "other"), urls, strict=True)]
    nodes[0].start()
    assert nodes[0].server_of("known.example") == "v1"

    refused = nodes[1].run("serve", "--port", "0")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (3, 1)
    assert refused.stderr.startswith(f"autoconfig: {url}: ")
    assert "certificate verify failed" in refused.stderr
    assert "does sslrootcert name the file of the authority" in refused.stderr
