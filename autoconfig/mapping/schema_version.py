"""How a mapping database is recognized: its mark and the revision of its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import DatabaseForeign, MappingUnavailable, SchemaTooNew, SchemaTooOld

if TYPE_CHECKING:
    from pathlib import Path

REVISION = "0002"
"""The schema that this release reads and writes: the newest in mapping/migrations."""

APPLICATION_ID = 0x4D41434F
"""SQLite's `application_id` of our files: M, A, C, O (mail autoconfiguration)."""

BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another writer."""

UPGRADE = "run `autoconfig db upgrade`"

FOREIGN = "is not a mapping database of this program"

NO_SCHEMA = f"has no tables of this program yet; {UPGRADE}"
"""The message for a server's database that has none of our tables."""


def check_revision(revision: str | None, where: str, needs: str | None = None, *, setting: str = "database") -> None:
    """
    Check that this release can use a schema. `needs` is the column of `mapping_state`; errors name `where` and
    `setting`.

    Raises:
        DatabaseForeign: there is no revision.
        SchemaTooOld: the database needs `autoconfig db upgrade`.
        SchemaTooNew: only a newer release can use it.
    """
    if revision is None:
        raise DatabaseForeign(f"{where}: {FOREIGN}; check the setting {setting}")
    if revision < REVISION:
        raise SchemaTooOld(f"{where}: has schema {revision}, this release needs {REVISION}; {UPGRADE}")
    if revision > REVISION and (needs is None or needs > REVISION):
        raise SchemaTooNew(
            f"{where}: has schema {revision}, this release knows up to {REVISION}; install a newer release"
        )


def check_file(path: Path) -> None:
    """
    Check that there is a file to open.

    Raises:
        MappingUnavailable: the file is missing, or the path is a folder.
    """
    if not path.exists():
        raise MappingUnavailable(f"{path}: there is no such database; `autoconfig init DIR` makes one")
    if not path.is_file():
        raise MappingUnavailable(f"{path}: is not a file")


def inode_of(path: Path) -> tuple[int, int] | None:
    """Device and inode of a file, to detect that it was replaced; `None` if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
