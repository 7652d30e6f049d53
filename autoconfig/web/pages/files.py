"""The files of the pages and letters: those of templates/page/ and templates/letter/, or an operator's own instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.resources import templates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path


LETTER = "letter/"
"""How the names of a letter's files begin, also in an operator's folder."""


def shipped() -> Traversable:
    """The folder templates/page/."""
    return templates() / "page"


def places(name: str, own: Path | None) -> Iterator[Traversable]:
    """The places of a file, the operator's own first."""
    for folder in (own, templates() if name.startswith(LETTER) else shipped()):
        if folder is not None:
            found = folder.joinpath(*name.split("/"))
            if found.is_file():
                yield found


def read(name: str, own: Path | None) -> bytes:
    """
    The bytes of a file. `name` never comes from a request.

    Raises:
        OSError: the file is missing or cannot be read.
    """
    for found in places(name, own):
        return found.read_bytes()
    raise FileNotFoundError(name)
