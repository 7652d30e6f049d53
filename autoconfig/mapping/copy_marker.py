"""The mark that tells a local copy from a mapping, and the names of the copy and of the files beside it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from autoconfig.files import created

if TYPE_CHECKING:
    from pathlib import Path

NAME = "copy.db"
"""The file name of the copy in the state folder."""

TABLE = "mapping_replica"
"""
One row about the origin of the copy. Only copies have the table, so no migration creates it. Earlier releases called a
copy a replica. The name stays, so that their copies are recognized too and never written to.
"""

IS_MARKED = f"SELECT 1 FROM sqlite_schema WHERE name = '{TABLE}'"  # noqa: S608 (our own name)
SOURCE = f"SELECT source, verified_at FROM {TABLE}"  # noqa: S608


def copy_in(state_dir: Path) -> Path:
    """The path of the copy in a state folder."""
    return state_dir / NAME


def complaint_about(path: Path) -> Path:
    """
    The file in which a reader reports that the copy at `path` is damaged. It contains the inode of that copy. The
    follower, which reads other pages and may not notice, then makes the copy again.
    """
    return path.with_name(f"{path.name}.damaged")


def complain(path: Path, inode: tuple[int, int] | None) -> None:
    """Tell the follower that the copy with this inode is damaged. If that fails, its daily comparison finds out."""
    file = complaint_about(path)
    with contextlib.suppress(OSError):
        with contextlib.suppress(FileExistsError):
            created(file)
        file.write_text(str(inode), encoding="ascii")
