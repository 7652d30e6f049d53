"""
The folder of a report: a new site is written beside the old one, and shown at once when it is whole.

    .autoconfig-report      says that the folder is ours
    index.html              leads to `current`
    current                 a symbolic link to the site that is shown
    site-…                  the site
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from autoconfig.errors import Refused
from autoconfig.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKER = ".autoconfig-report"
CURRENT = "current"
_SITE = "site-"
_FOLDER_MODE = 0o755
"""A web server that shows the report is another user."""
_FILE_MODE = 0o644


def check_folder(folder: Path) -> None:
    """
    See that a report may be written into a folder: it is one already, or empty, or not there.

    Raises:
        Refused: there is something else.
    """
    if folder.is_symlink() and not folder.exists():
        raise Refused(f"{folder}: is a link that leads nowhere")
    if not folder.exists() or (folder / MARKER).is_file():
        return
    if not folder.is_dir():
        raise Refused(f"{folder}: is not a folder")
    if any(folder.iterdir()):
        raise Refused(f"{folder}: has other files in it than a report; name an empty folder, or a new one")


@contextlib.contextmanager
def new_site(folder: Path) -> Iterator[Path]:
    """
    Yield a folder to write a site into, which is shown at the end of the block; after an error the old one stays.

    Raises:
        Refused: see `check_folder`.
        OSError: it cannot be written.
    """
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("written by autoconfig check --all --report\n", encoding="ascii")
    site = Path(tempfile.mkdtemp(prefix=_SITE, dir=folder))
    try:
        site.chmod(_FOLDER_MODE)
        yield site
        link = folder / f".{site.name}"
        link.symlink_to(site.name)
        link.replace(folder / CURRENT)
    except BaseException:
        shutil.rmtree(site, ignore_errors=True)
        raise
    for other in folder.glob(f"{_SITE}*"):  # also what killed processes left behind
        if other.name != site.name:
            shutil.rmtree(other, ignore_errors=True)


def write_page(path: Path, text: str) -> None:
    """Write a file of a new site."""
    path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_entry(folder: Path, text: str) -> None:
    """Replace the page that leads to the site."""
    with replacing(folder / "index.html", lasting=False) as fresh:
        fresh.write_text(text, encoding="utf-8")
        os.chmod(fresh, _FILE_MODE)  # noqa: PTH101
