"""
Does one of the long tasks in a process that is killed (SIGKILL) after a number of progress reports:
`python -m tests.mapping.follower.killed AT TASK ARGUMENT…`. It ends with 0 where the task ended before that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autoconfig.mapping import digest, progress, store
from autoconfig.mapping.backup import backup, copy, restore
from autoconfig.mapping.follower import comparison, copy_file, follower
from autoconfig.mapping.follower.follower import Follower
from autoconfig.mapping.store import Journal
from autoconfig.mapping.store_database import upgrade
from tests.support import commands

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.mapping.progress import OnProgress

ROOT = Path(__file__).parents[3]


def follow(on_progress: OnProgress, url: str, path: str) -> None:
    """One look."""
    with contextlib.closing(Follower(url, Path(path), on_progress)) as following:
        following.look()


def back_up(on_progress: OnProgress, url: str, file: str) -> None:
    """A backup over another one."""
    backup.backup(url, Path(file), force=True, on_progress=on_progress)


def restore_whole(on_progress: OnProgress, url: str, file: str, before: str) -> None:
    """A restore."""
    with restore.opened(Path(file), on_progress) as restored, contextlib.closing(Journal(url)) as opened:
        found = restore.compare(opened, restored, on_progress)
        if found.lost or found.added:
            Path(before).unlink(missing_ok=True)
            restore.restore(url, opened, restored, found, Path(before), on_progress)


def copy_whole(on_progress: OnProgress, source: str, target: str) -> None:
    """A copy into another database."""
    upgrade(target, create=True)
    with contextlib.closing(Journal(source)) as here, contextlib.closing(Journal(target)) as there:
        copy.copy(here, there, on_progress)


TASKS: dict[str, Callable[..., None]] = {
    "follow": follow,
    "backup": back_up,
    "restore": restore_whole,
    "copy": copy_whole,
}


def killed(at: int, task: str, *arguments: str | Path) -> bool:
    """Whether it was killed, and did not end before."""
    module = "tests.mapping.follower.killed"
    done = commands.run(str(at), task, *arguments, folder=ROOT, module=module, code=None)
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0


def main(at: int, task: str, *arguments: str) -> None:
    """Do it; few rows are many."""
    for module in (store, copy_file, follower, digest):
        module.BATCH = 50  # type: ignore[attr-defined]
    progress.EVERY = 50
    comparison.STEP, copy_file.PAGES, backup.PAGES = 200, 1, 1  # type: ignore[attr-defined]
    reports = 0

    def on_progress(_step: str, _done: int, _total: int | None) -> None:
        nonlocal reports
        reports += 1
        if reports == at:
            os.kill(os.getpid(), signal.SIGKILL)

    TASKS[task](on_progress, *arguments)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
