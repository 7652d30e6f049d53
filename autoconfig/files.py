"""Writes files whole: whoever reads one sees what it was or what it is now, also after a power cut."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MODE = 0o640
"""A list of customers is nobody else's business."""


def created(path: Path, mode: int = MODE) -> None:
    """
    Make an empty file. If root makes it, it belongs to whom its folder does: the server has to use it.

    Raises:
        FileExistsError: there is one.
        OSError: it cannot be made.
    """
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    try:
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def replacing(path: Path, *, lasting: bool = True) -> Iterator[Path]:
    """
    A file to be written beside, which takes the place of `path` at the end, or is removed where an error comes.

    Under a symbolic link the file that it leads to is replaced. It keeps its rights, and its owner as far as that is
    allowed; a new one is for its owner's eyes only. `lasting`: see that it outlives a power cut.

    Raises:
        OSError: it cannot be written there.
    """
    target = Path(os.path.realpath(path))  # `resolve` does not bear links in a circle
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(descriptor)
    fresh = Path(name)
    try:
        yield fresh
        _keep_rights(target, fresh)
        if lasting:
            synchronize(fresh)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    if lasting:
        with contextlib.suppress(OSError):  # it is there; not every file system can do this with a folder
            synchronize(target.parent)


def synchronize(path: Path) -> None:
    """See that a file, or the names in a folder, outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keep_rights(target: Path, fresh: Path) -> None:
    try:
        status = target.stat()
    except FileNotFoundError:
        return
    with contextlib.suppress(PermissionError):
        os.chown(fresh, status.st_uid, status.st_gid)
    fresh.chmod(stat.S_IMODE(status.st_mode))
