from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.cached import CachedFinder
from autoconfig.mapping.opening import open_finder
from autoconfig.mapping.sqlite import SqliteFinder

if TYPE_CHECKING:
    from pathlib import Path

DRIVERS = {"psycopg", "pymysql", "aiomysql", "sqlalchemy"}
LOADED = """
import sys
from pathlib import Path
from autoconfig.mapping.opening import open_finder
open_finder(sys.argv[1], Path(sys.argv[2]))
print(*sys.modules)
"""


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("sqlite:///{path}", set(), id="sqlite"),
        pytest.param("postgresql://me@db.example/x", {"psycopg"}, id="postgresql"),
        pytest.param("mariadb://me@db.example/x", {"aiomysql", "pymysql"}, id="mariadb"),
    ],
)
def test_driver(path: Path, tmp_path: Path, url: str, expected: set[str]) -> None:
    """The driver of the engine is loaded, and no other; nothing is connected yet."""
    command = [sys.executable, "-c", LOADED, url.format(path=path), str(tmp_path / "state")]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    assert expected == DRIVERS & set(loaded)


def test_sqlite_is_read_in_place(path: Path, tmp_path: Path) -> None:
    """A file is read in place, and has to be there."""
    assert isinstance(open_finder(f"sqlite:///{path}", tmp_path), SqliteFinder)
    with pytest.raises(MappingUnavailable, match="no such database"):
        open_finder(f"sqlite:///{tmp_path / 'missing.db'}", tmp_path)


def test_a_server_is_read_through_a_cache() -> None:
    """A server is read through a bounded cache; a command keeps no position."""
    finder = open_finder("postgresql://me@one.example,two.example/x", None, known=3, unknown=2)

    assert isinstance(finder, CachedFinder)
    assert (finder._cache._known_limit, finder._cache._unknown_limit, finder._kept) == (3, 2, None)


def test_no_database_url(tmp_path: Path) -> None:
    """What is no database URL is for the operator to mend."""
    with pytest.raises(SettingsInvalid, match="database"):
        open_finder("redis://db.example/x", tmp_path)
