from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.postgresql import PostgreSQL

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    """The fenced blocks of the README in one language."""
    return [part.partition("```")[0] for part in README.split(f"```{language}\n")[1:]]


COMMANDS = [line for block in _blocks("sh") for line in block.splitlines()]


def _fetch(url: str, **headers: str) -> bytes:
    """The body, as soon as something answers."""
    for _ in range(300):
        with contextlib.suppress(OSError):
            request = urllib.request.Request(url, headers=headers)
            with urllib.request.urlopen(request, timeout=5) as answer:
                return bytes(answer.read())
        time.sleep(0.1)
    pytest.fail(f"{url} does not answer")


@contextlib.contextmanager
def _started(command: str, folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=environment, start_new_session=True, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a clone has, with the files' times, so that make sees nothing to install."""
    copy = tmp_path / "clone"
    folders, lock = ["autoconfig", "templates"], "requirements-server.lock"
    copy.mkdir()
    for name in [*folders, "Makefile", "README.md", "LICENSE", "pyproject.toml", lock]:
        if name in folders:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, copy / name)
    return copy


def test_make_serve_serves_the_demo_and_reuses_it(checkout: Path, tmp_path: Path) -> None:
    """`make serve` makes the demo, says what to try and serves it; a second time it serves the same demo."""
    assert "make serve" in COMMANDS
    venv = Path(sys.prefix)
    if not (venv / ".server").exists():
        pytest.skip("this Python is not the .venv that make installs: run `make test`")
    port, demo = free_port(), tmp_path / "demo"
    environment = {**os.environ, "VENV": str(venv), "DEMO": str(demo), "PORT": str(port)}
    # This Python's .venv is whole: nothing may be installed into it from the copy, whatever is newer than what.
    command = f"make --old-file={venv / '.server'} serve"
    for _ in range(2):
        with _started(command, checkout, environment) as process:
            document = _fetch(f"http://127.0.0.1:{port}/mail/config-v1.1.xml", Host="autoconfig.sample.co.jp")
            os.killpg(process.pid, signal.SIGTERM)
            assert process.stdout is not None
            printed = process.stdout.read().decode()

        assert b"<hostname>sample.co.jp</hostname>" in document
        assert f"http://127.0.0.1:{port}/mail/config-v1.1.xml" in printed
        (demo / "kept").touch()

    assert (demo / "kept").exists()


def test_the_plan_is_the_example_of_init() -> None:
    """The plan that the README shows is the one that `init` writes, but for comments and the short name."""
    shown, made = _blocks("toml")[0], (ROOT / "templates" / "init" / "plans.toml").read_text(encoding="utf-8")
    plan = tomllib.loads(made)["plans"]["standard"]
    del plan["short_name"]

    assert tomllib.loads(shown)["plans"]["standard"] == plan


def test_make_test_is_what_ci_runs() -> None:
    """The other command of the README is the one that CI calls."""
    assert "make test" in COMMANDS
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.timeout(600)  # thirty programs, one after the other, on a machine that may be busy
def test_commands_of_production_work(checkout: Path, tmp_path: Path, postgresql: PostgreSQL) -> None:
    """Every other command of the README, in its order, does what the README says, with exit code 0."""
    port = free_port()
    (checkout / "customers.csv").write_text(_blocks("csv")[0], encoding="utf-8")
    site = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    environment = {
        **os.environ,
        # What a registry would give is there already; nothing is fetched.
        "PYTHONPATH": str(site),
        # What the README says to write into autoconfig.toml.
        "AUTOCONFIG_PUBLIC_URL": "https://autoconfig.provider.example",
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    replaced = {"/opt/": f"{tmp_path}/opt/", "/etc/": f"{tmp_path}/etc/", "8080": str(port), "python3": sys.executable}
    database = postgresql.new_database()
    replaced["postgresql://autoconfig@db.provider.example/autoconfig"] = postgresql.url(database)
    (tmp_path / "opt").mkdir()
    with contextlib.ExitStack() as running:
        exports: list[str] = []
        for command in COMMANDS:
            if command.startswith("make "):
                continue
            line = command
            for old, new in replaced.items():
                line = line.replace(old, new)
            if line.startswith("export "):
                exports.append(line)
            script = "\n".join(["set -eu", *exports, line])
            if " serve " in line:
                running.enter_context(_started(script, checkout, environment))
                document = _fetch(f"http://127.0.0.1:{port}/v1.1/customer.example")
                assert b"<hostname>imap.customer.example</hostname>" in document
                continue
            done = subprocess.run(
                ["bash", "-c", script], cwd=checkout, env=environment, capture_output=True, text=True, check=False
            )

            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            if command == "autoconfig show taro@other.example":
                assert {line.rstrip() for line in done.stdout.splitlines()} > set(_blocks("text")[0].splitlines())

    with postgresql.connect(database) as connection:  # where the last commands have written
        names = connection.execute("SELECT DISTINCT name FROM mapping").fetchall()
    assert {("customer.example",), ("other.example",), ("third.example",)} < {*names}
