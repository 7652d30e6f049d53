"""The licences of the libraries that come with a server: `python -m deploy.release.licences` prints them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.release.libraries import libraries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deploy.release.libraries import Library


def texts_of(found: Iterable[Library]) -> str:
    """The licence files of all these libraries, each under a line with its library."""
    return "".join(
        f"\n{'=' * 80}\n{library.name} {library.version}, {library.licence}: {name}\n\n{text}"
        for library in found
        for name, text in library.texts
    )


if __name__ == "__main__":
    sys.stdout.write(texts_of(library for library in libraries(Path.cwd()) if library.scope != "excluded"))
