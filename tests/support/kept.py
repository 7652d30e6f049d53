"""What tests fetch once and keep for other runs, and for the other processes of this one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "autoconfig-tests" / "kept"


def kept(name: str, fetch: Callable[[Path], None], cache: Path = CACHE) -> Path:
    """
    The folder that `fetch` filled, now or once before: whole, or not there at all.

    Several processes that want it at a time get the same one. `fetch` is given an empty folder, of another name.
    """
    folder = cache / name
    with one_at_a_time(name, cache):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=cache, prefix=f"{name}.") as unfinished:
                made = Path(unfinished) / name
                made.mkdir()
                fetch(made)
                made.rename(folder)
    return folder


@contextlib.contextmanager
def one_at_a_time(name: str, cache: Path = CACHE) -> Iterator[None]:
    """One process after the other does this, whichever run of the tests it belongs to."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
