"""The drivers of database servers are extras: SQLite needs none of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from autoconfig.errors import InputInvalid, SettingsInvalid
from autoconfig.mapping.database_location import DatabaseLocation
from autoconfig.migrate.automx2_database import read

BLOCKED = ("psycopg", "pymysql", "MySQLdb", "psycopg2")
SERVERS = {
    "PostgreSQL": ("postgresql://user:secret@db.example/mail", "psycopg", "mail-autoconfig[postgresql]"),
    "MariaDB": ("mariadb://user:secret@db.example/mail", "pymysql", "mail-autoconfig[mariadb]"),
}


@pytest.fixture
def no_drivers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no driver."""
    for name in BLOCKED:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("no_drivers")
@pytest.mark.parametrize(("url", "driver", "extra"), SERVERS.values(), ids=SERVERS)
def test_missing(url: str, driver: str, extra: str) -> None:
    """If the driver of a database server is missing, the error names the extra that brings it, and no password."""
    with pytest.raises(SettingsInvalid) as raised:
        DatabaseLocation.parse(url)

    said = str(raised.value)
    assert f"{driver}, the driver for" in said
    assert said.endswith(f"install {extra}")
    assert said.startswith("database = ")
    assert "secret" not in said


@pytest.mark.usefixtures("no_drivers")
@pytest.mark.parametrize(("url", "driver", "extra"), SERVERS.values(), ids=SERVERS)
def test_missing_for_automx2(url: str, driver: str, extra: str) -> None:
    """`migrate-from automx2` says the same."""
    with pytest.raises(InputInvalid) as raised:
        read(url)

    assert str(raised.value).startswith(f"{driver}, the driver for")
    assert str(raised.value).endswith(f"install {extra}")


@pytest.mark.usefixtures("no_drivers")
def test_sqlite_needs_none() -> None:
    """The place of a SQLite file is read without any driver."""
    assert DatabaseLocation.parse("sqlite:///mapping.db").database == "mapping.db"


def test_imported_only_when_needed() -> None:
    """
    Every command and the server's code are loaded without a driver, so that SQLite is served without extras, and
    without Alembic, which only an upgrade of the tables needs.
    """
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({BLOCKED!r}))\n"
        "import httptools, uvloop, autoconfig.cli.main, autoconfig.server.server, autoconfig.server.supervisor\n"
        "import autoconfig.web.app, autoconfig.mapping.lookup.finder, autoconfig.mapping.follower.follower\n"
        "import autoconfig.cli.mapping, autoconfig.cli.db; assert 'alembic' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
