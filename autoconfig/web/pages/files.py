"""The files of the pages: those of templates/page/, and an operator's own in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.resources import templates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path


def shipped() -> Traversable:
    """The folder templates/page/."""
    return templates() / "page"


def places(name: str, own: Path | None) -> Iterator[Traversable]:
    """Where a file is, the operator's own place first."""
    for folder in (own, shipped()):
        if folder is not None:
            found = folder.joinpath(*name.split("/"))
            if found.is_file():
                yield found


def read(name: str, own: Path | None) -> bytes:
    """
    The bytes of a file; `name` is one that we wrote, never a reader's.

    Raises:
        OSError: there is none.
    """
    for found in places(name, own):
        return found.read_bytes()
    raise FileNotFoundError(name)
