from __future__ import annotations

import contextlib
import glob
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import pytest

from tests.servers.mariadb import MariaDB
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

_Server = TypeVar("_Server", bound=ServerProcess)

CI = bool(os.environ.get("CI"))


def needs(program: str, package: str) -> str:
    """
    The path of a real program that a test runs.

    As root on Debian or Ubuntu it is installed if it is missing; elsewhere the test is skipped by name, except with
    CI set, where nothing may be skipped.
    """
    if shutil.which(program) is None:
        _install(package)
    found = shutil.which(program)
    return found or missing(f"{program} is needed: apt-get install {package}")


def needs_file(path: str, package: str) -> Path:
    """The same for a file that a package has, such as a font; of several that the pattern matches the last."""
    if not glob.glob(path):  # noqa: PTH207 (an absolute pattern)
        _install(package)
    found = sorted(glob.glob(path))  # noqa: PTH207
    return Path(found[-1]) if found else missing(f"{path} is needed: apt-get install {package}")


def missing(sentence: str) -> NoReturn:
    """Skip the test by name; with CI set, fail it."""
    if CI:
        pytest.fail(sentence)
    pytest.skip(sentence)


def _install(package: str) -> None:
    if os.geteuid() == 0 and Path("/etc/debian_version").exists():
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", package]):
            subprocess.run(command, env=environment, check=False, capture_output=True)


@pytest.fixture(scope="session")
def caddy() -> str:
    """Debian's Caddy."""
    return needs("caddy", "caddy")


@pytest.fixture(scope="session")
def openssl() -> str:
    """OpenSSL's command line."""
    return needs("openssl", "openssl")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Debian's PostgreSQL, running; a test makes a database of its own."""
    initdb = needs_file("/usr/lib/postgresql/*/bin/initdb", "postgresql")
    with _running(PostgreSQL.made(initdb.parent)) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """Debian's MariaDB, running; a test makes a database of its own."""
    install = needs("mariadb-install-db", "mariadb-server")
    with _running(MariaDB.made(needs("mariadbd", "mariadb-server"), install)) as server:
        yield server


@contextlib.contextmanager
def _running(server: _Server) -> Iterator[_Server]:
    try:
        yield server
    finally:
        server.remove()
