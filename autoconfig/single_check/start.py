"""
Start a check of one domain in the background, and tell how far it is.

All processes of all servers on a `state_dir` share one lock. The process that checks inherits it, so the kernel frees
it when that process ends, even if it is killed. Every function here may block on the disk: call it in a thread.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.files import created, replacing
from autoconfig.log import logger
from autoconfig.single_check.child import LOGGED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from autoconfig.results.domain_result import Listed
    from autoconfig.settings import Settings

PAUSE = 60
"""Seconds between two checks of the same domain."""
_LOCK, _STARTED = "single_check.lock", "single_check.json"
_REMEMBERED = 100
"""Domains whose start is remembered."""
_TRIES, _WAIT = 5, 0.02
"""To get the lock: `progress_of` holds it for a moment."""


class CheckStart(StrEnum):
    """What became of a request for a check."""

    STARTED = "started"
    BUSY = "busy"
    """Another one is under way, of this domain or of another."""
    SOON = "soon"
    """This domain's last one was started less than `PAUSE` seconds ago."""


class CheckProgress(NamedTuple):
    """How far the last check of a domain is."""

    started_at: int | None
    """Unix seconds; `None` if none was started, or it is forgotten."""
    running: bool
    busy: bool
    """Whether any check is under way."""


def start(settings: Settings, listed: Listed) -> CheckStart:
    """
    Start a check of a domain, unless one is under way or was started just now.

    Raises:
        OSError: the state folder cannot be written, or no process can be started.
    """
    folder = settings.state_dir
    lock = _locked(folder)
    if lock is None:
        return CheckStart.BUSY
    try:
        now, started = int(time.time()), _read(folder)
        if 0 <= now - started.get(listed.name, 0) < PAUSE:
            return CheckStart.SOON
        started.pop(listed.name, None)
        _write(folder, {**dict(list(started.items())[1 - _REMEMBERED :]), listed.name: now})
        _spawn(settings, listed, lock)
    finally:
        os.close(lock)  # the process that checks has it too
    return CheckStart.STARTED


def progress_of(state_dir: Path, name: str) -> CheckProgress:
    """How far the last check of a domain is; none was started if the state folder cannot be read."""
    try:
        started = _read(state_dir)
        lock = _locked(state_dir, tries=1)
    except OSError:
        return CheckProgress(None, running=False, busy=False)
    if lock is not None:
        os.close(lock)
        return CheckProgress(started.get(name), running=False, busy=False)
    last = next(reversed(started), None)
    return CheckProgress(started.get(name), running=last == name, busy=True)


def _locked(folder: Path, tries: int = _TRIES) -> int | None:
    """The descriptor of the locked file; `None` if another process holds the lock."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _LOCK
    with contextlib.suppress(FileExistsError):
        created(path)
    descriptor = os.open(path, os.O_RDWR)
    for left in reversed(range(tries)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_WAIT)
        else:
            return descriptor
    os.close(descriptor)
    return None


def _read(folder: Path) -> dict[str, int]:
    """When each domain's last check was started (Unix seconds), the newest last; empty if it cannot be read."""
    try:
        found = json.loads((folder / _STARTED).read_bytes())
        return {str(name): int(moment) for name, moment in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _write(folder: Path, started: Mapping[str, int]) -> None:
    with replacing(folder / _STARTED, lasting=False, mode=0o640) as fresh:
        fresh.write_text(json.dumps(started), encoding="utf-8")


def _spawn(settings: Settings, listed: Listed, lock: int) -> None:
    # -P: no module comes from the folder in which the server was started.
    command = [sys.executable, "-P", "-m", "autoconfig.single_check.child"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=(lock,))
    threading.Thread(target=_reap, args=(process, settings, listed), name="single check", daemon=True).start()


def _reap(process: subprocess.Popen[bytes], settings: Settings, listed: Listed) -> None:
    """Give the process its input, and wait for its end."""
    process.communicate(pickle.dumps((settings, listed)))
    if process.returncode not in {0, LOGGED}:
        logger().error("a check that the desk started was ended", domain=listed.name, exit_code=process.returncode)
