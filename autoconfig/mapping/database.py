"""What a mapping database is, whoever opens it: its mark, the revision of its schema. Where it is says `place`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import DatabaseForeign, MappingUnavailable, SchemaTooNew, SchemaTooOld

if TYPE_CHECKING:
    from pathlib import Path

REVISION = "0002"
"""The schema that this release reads and writes: the newest of mapping/migrations."""

APPLICATION_ID = 0x4D41434F
"""SQLite's `application_id` of our files: M, A, C, O (mail autoconfiguration)."""

BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another one."""

UPGRADE = "run `autoconfig db upgrade`"

FOREIGN = "is not a mapping database of this program"

NO_SCHEMA = f"has no tables of this program yet; {UPGRADE}"
"""What to say of a server's database that is empty, or another program's only."""


def check_revision(revision: str | None, where: str, needs: str | None = None, *, setting: str = "database") -> None:
    """
    See that this release can use a schema; `needs` is what the schema says of that (`mapping_state`), and `setting`
    names the place.

    Raises:
        DatabaseForeign: there is no revision at all.
        SchemaTooOld: `autoconfig db upgrade` will help.
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
    See that there is a file to open.

    Raises:
        MappingUnavailable: it is missing, or is no file.
    """
    if not path.exists():
        raise MappingUnavailable(
            f"{path}: there is no such database; `autoconfig init DIR` makes one, and `autoconfig mapping replicate` "
            "a replica"
        )
    if not path.is_file():
        raise MappingUnavailable(f"{path}: is not a file")


def inode_of(path: Path) -> tuple[int, int] | None:
    """Tells whether another file was put in the place of one that is open; `None` where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
