"""
Does one of the long tasks in a process that is killed (SIGKILL) when progress was told a number of times:
`python -m tests.mapping.copies.killed AT TASK ARGUMENT…`. It ends with 0 where the task ended before that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autoconfig.mapping import journal
from autoconfig.mapping.copies import backup, copying, digest, replica, replication, restoring
from autoconfig.mapping.copies.replication import Replicator
from autoconfig.mapping.engine import upgrade
from autoconfig.mapping.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

    Told = Callable[[str, int, int], None]

ROOT = Path(__file__).parent.parent.parent


def replicate(told: Told, url: str, path: str) -> None:
    """One look."""
    with contextlib.closing(Replicator(url, Path(path), told)) as replicator:
        replicator.look(verify=True)


def back_up(told: Told, url: str, file: str) -> None:
    """A backup over another one."""
    backup.backup(url, Path(file), force=True, told=told)


def restore(told: Told, url: str, file: str, before: str) -> None:
    """A restore."""
    with restoring.opened(Path(file), told) as restored, contextlib.closing(Journal(url)) as opened:
        found = restoring.compare(opened, restored, told)
        if found.lost or found.added:
            Path(before).unlink(missing_ok=True)
            restoring.restore(url, opened, restored, found, Path(before), told)


def copy(told: Told, source: str, target: str) -> None:
    """A copy into another database."""
    upgrade(target, create=True)
    with contextlib.closing(Journal(source)) as here, contextlib.closing(Journal(target)) as there:
        copying.copy(here, there, told)


TASKS: dict[str, Callable[..., None]] = {"replicate": replicate, "backup": back_up, "restore": restore, "copy": copy}


def killed(at: int, task: str, *arguments: str | Path) -> bool:
    """Whether it was killed, and did not end before."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.mapping.copies.killed", str(at), task, *map(str, arguments)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode != 0


def main(at: int, task: str, *arguments: str) -> None:
    """Do it; few rows are many."""
    for module in (journal, replica, replication, digest):
        module.BATCH = 50  # type: ignore[attr-defined]
    replication.STEP, replica.PAGES, backup.PAGES = 200, 1, 1  # type: ignore[attr-defined]
    told = 0

    def tell(_what: str, _done: int, _of: int) -> None:
        nonlocal told
        told += 1
        if told == at:
            os.kill(os.getpid(), signal.SIGKILL)

    TASKS[task](tell, *arguments)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
