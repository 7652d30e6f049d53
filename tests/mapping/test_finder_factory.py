from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.copy_finder import CopyFinder
from autoconfig.mapping.finder_factory import open_finder
from autoconfig.mapping.follower.follower import Follower
from autoconfig.mapping.sqlite_finder import SqliteFinder

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mapping.timeline import Finder

DRIVERS = {"psycopg", "pymysql", "sqlalchemy"}
LOADED = """
import sys
from pathlib import Path
from autoconfig.mapping.finder_factory import open_finder
open_finder(sys.argv[1], Path(sys.argv[2]))
print(*sys.modules)
"""


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("sqlite:///{path}", set(), id="sqlite"),
        pytest.param("postgresql://me@db.example/x", set(), id="postgresql"),
        pytest.param("mariadb://me@db.example/x", set(), id="mariadb"),
    ],
)
def test_driver(path: Path, tmp_path: Path, url: str, expected: set[str]) -> None:
    """Processes that answer requests load no database driver, and connect to nothing."""
    command = [sys.executable, "-c", LOADED, url.format(path=path), str(tmp_path / "state")]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    assert expected == DRIVERS & set(loaded)


def started(url: str, state_dir: Path) -> Finder:
    """A finder that was started, and closed."""

    async def scenario() -> Finder:
        finder = open_finder(url, state_dir)
        try:
            await finder.start()
        finally:
            await finder.close()
        return finder

    return asyncio.run(scenario())


def test_sqlite_is_read_in_place(path: Path, tmp_path: Path) -> None:
    """A file is read in place, and has to be there."""
    assert isinstance(started(f"sqlite:///{path}", tmp_path), SqliteFinder)
    with pytest.raises(MappingUnavailable, match="no such database"):
        started(f"sqlite:///{tmp_path / 'missing.db'}", tmp_path)


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
def test_a_server_is_read_through_a_copy(tmp_path: Path, scheme: str) -> None:
    """Of a server's mapping the local copy is read, which may be yet to come."""
    finder = open_finder(f"{scheme}://me@one.example,two.example/x", tmp_path)

    assert isinstance(finder, CopyFinder)
    with pytest.raises(MappingUnavailable, match=f"there is no local copy of {scheme}://me@one.example,two.example/x"):
        finder.settled("example.com", 0)
    asyncio.run(finder.close())


def test_a_copy_is_no_mapping(path: Path, tmp_path: Path) -> None:
    """A copy that is named as the database itself would grow old unseen: it is refused, with what to write."""
    with contextlib.closing(Follower(f"sqlite:///{path}", tmp_path / "copy.db")) as follower:
        follower.look()
    with pytest.raises(SettingsInvalid, match=f"is a copy of {path}; write the URL of that as `database`"):
        started(f"sqlite:///{tmp_path / 'copy.db'}", tmp_path)


def test_no_database_url(tmp_path: Path) -> None:
    """A setting that is not a database URL is a configuration error."""
    with pytest.raises(SettingsInvalid, match="database"):
        open_finder("redis://db.example/x", tmp_path)
