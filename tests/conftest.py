from __future__ import annotations

import contextlib
import glob
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.support.kept import one_at_a_time
from tests.support.log_lines import log_lines
from tests.support.servers.knot import Knot
from tests.support.servers.mariadb import MariaDB
from tests.support.servers.postgresql import PostgreSQL
from tests.support.servers.process import ServerProcess
from tests.support.unchanged import _unchanged
from tests.support.zones import ZONES

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["_unchanged", "log_lines"]

_Server = TypeVar("_Server", bound=ServerProcess)

CI = bool(os.environ.get("CI"))
FAST = bool(os.environ.get("FAST"))
"""Set by `make test-fast`: tests that need an outside program are skipped."""

# No test asserts a time: not how long an example takes, nor how long it takes to draw one on a busy machine.
# A few examples each time find over the days what many find at once; EXAMPLES=1000 looks longer.
settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=int(os.environ.get("EXAMPLES", "40")),
)
settings.load_profile("any machine")

# A shell that starts the tests in the background has them ignore SIGINT, and so would every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the files that may take longest, so that none of them is left for the end."""
    patience: dict[Path, float] = {}
    for item in items:
        mark = item.get_closest_marker("timeout")
        patience[item.path] = max(patience.get(item.path, 0), mark.args[0] if mark else 0)
    items.sort(key=lambda item: patience[item.path], reverse=True)


def needs(program: str, package: str) -> str:
    """
    The path of a real program that a test runs.

    As root on Debian or Ubuntu it is installed if it is missing; elsewhere the test is skipped by name, except with
    CI set, where nothing may be skipped.
    """
    if FAST:
        pytest.skip(f"{program} is an outside program: make test")
    if shutil.which(program) is None:
        _install(package)
    found = shutil.which(program)
    return found or missing(f"{program} is needed: apt-get install {package}")


def needs_file(path: str, package: str) -> Path:
    """The same for a file that a package has, such as a font; of several that the pattern matches the last."""
    if FAST:
        pytest.skip(f"{path} belongs to an outside program: make test")
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
        with one_at_a_time("apt-get"):  # a second one does not wait for the first: it fails
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


@pytest.fixture(scope="session")
def knot() -> Iterator[Knot]:
    """Debian's Knot DNS, running, with the zones of tests/support/zones.py."""
    with _running(Knot.made(needs("knotd", "knot"), ZONES)) as server:
        yield server


@pytest.fixture(scope="session")
def _postgresql_template(postgresql: PostgreSQL) -> str:
    """A database with our tables, to be copied and not to be used."""
    from autoconfig.mapping.store_database import upgrade

    name = postgresql.new_database()
    upgrade(postgresql.url(name))
    return name


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL, _postgresql_template: str) -> Iterator[str]:
    """An empty mapping database of the test's own, on PostgreSQL."""
    name = postgresql.new_database(_postgresql_template)
    yield postgresql.url(name)
    with postgresql.connect("postgres") as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())  # each takes 7 MB


@pytest.fixture(scope="session")
def _mariadb_database(mariadb: MariaDB) -> str:
    """A database with our tables, used by one test after the other: making one takes longer than most of them."""
    from autoconfig.mapping.store_database import upgrade

    name = mariadb.new_database()
    upgrade(mariadb.url(name))
    return name


@pytest.fixture
def mariadb_url(mariadb: MariaDB, _mariadb_database: str) -> str:
    """An empty mapping database, on MariaDB."""
    with mariadb.connect(_mariadb_database) as cursor:
        cursor.execute("TRUNCATE mapping")
    return mariadb.url(_mariadb_database)


@contextlib.contextmanager
def _running(server: _Server) -> Iterator[_Server]:
    try:
        yield server
    finally:
        server.remove()
