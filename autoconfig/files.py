"""Write files atomically: a reader sees the old content or the new one, even after a power cut."""

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
"""Files list customers, so others may not read them."""


def created(path: Path, mode: int = MODE) -> None:
    """
    Make an empty file. If root makes it, the owner of its folder owns it too, so that the server can use it.

    Raises:
        FileExistsError: the file exists.
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
def replacing(path: Path, *, lasting: bool = True, mode: int | None = None) -> Iterator[Path]:
    """
    Yield a temporary file beside `path` that replaces it at the end, or is removed after an error.

    If `path` is a symbolic link, the file it leads to is replaced. The file keeps its mode, and its owner where that
    is allowed; only its owner can read a new one. `lasting`: make sure that it survives a power cut. With `mode` it
    always gets that mode, and the owner of its folder if root writes it.

    Raises:
        OSError: it cannot be written there.
    """
    target = Path(os.path.realpath(path))  # `resolve` fails on links in a circle
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(descriptor)
    fresh = Path(name)
    try:
        yield fresh
        _keep_rights(target, fresh)
        if mode is not None:
            _share(fresh, mode)
        if lasting:
            synchronize(fresh)
        fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    if lasting:
        with contextlib.suppress(OSError):  # the file is written; not every file system can sync a folder
            synchronize(target.parent)


def synchronize(path: Path) -> None:
    """Make sure that a file, or the names in a folder, survive a power cut."""
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


def _share(fresh: Path, mode: int) -> None:
    fresh.chmod(mode)
    if os.geteuid() == 0:
        owner = fresh.parent.stat()
        os.chown(fresh, owner.st_uid, owner.st_gid)
