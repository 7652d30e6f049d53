"""The follower's process: look at the store once a second, and report to the supervisor."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from autoconfig import log
from autoconfig.errors import AutoconfigError, Refused
from autoconfig.mapping.copy_marker import copy_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from autoconfig.mapping.follower.follower import Follower
    from autoconfig.settings import Settings

    Say = Callable[[str], None]
    """Tells the supervisor that the process is alive, and what `systemctl status` should show."""

INTERVAL = 1.0
"""Seconds between two looks at the store, also while it is away."""

LOGGED = 10.0
"""Seconds between two log lines about the progress of a new copy."""


def run(settings: Settings, supervisor: Connection) -> None:
    """
    Follow the store of the settings until the supervisor ends this process, or ends itself.

    The process may be killed at any time: the next one continues where it ended.
    """
    for number in (signal.SIGINT, signal.SIGHUP):  # a terminal sends them to all processes; the supervisor handles them
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    log.configure(settings.log_format, queued=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # how it makes the file interests no operator
    with contextlib.suppress(BrokenPipeError):  # the supervisor has gone
        FollowerLoop(settings, supervisor.send).run()


def _end_with_supervisor() -> None:
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        os._exit(0)


class FollowerLoop:
    """Looks at the store again and again; logs each change for the operator once."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self._url, self._path, self._say = settings.database, copy_in(settings.state_dir), say
        self._problem: str | None = None
        self._behind_lock = False
        self._logged = time.monotonic()

    def run(self) -> None:
        """Follow until the process ends."""
        while True:
            with self._opened() as follower:
                while True:
                    self._look(follower)
                    time.sleep(INTERVAL)

    def _opened(self) -> contextlib.closing[Follower]:
        """The follower, as soon as no other process keeps this copy."""
        from autoconfig.mapping.follower.follower import Follower

        while True:
            try:
                follower = Follower(self._url, self._path, self._report)
            except Refused:
                self._say("another server keeps the copy")
                if not self._behind_lock:
                    log.logger().info("another server on this state_dir keeps the copy; it is watched")
                self._behind_lock = True
            except AutoconfigError as error:
                self._failed(str(error))
            else:
                return contextlib.closing(follower)
            time.sleep(INTERVAL)

    def _look(self, follower: Follower) -> None:
        try:
            look = follower.look()
        except AutoconfigError as error:
            self._failed(str(error))
            return
        if look.afresh:
            log.logger().info("a new copy of the database is complete", reason=look.afresh, last_id=look.last_id)
        elif look.verified:
            log.logger().info("the copy equals the database", last_id=look.last_id)
        if look.behind:
            self._failed(look.behind)
            return
        if self._problem is not None:
            log.logger().info("the database can be followed again", last_id=look.last_id)
        self._problem = None
        self._say(f"copy up to row {look.last_id}")

    def _failed(self, problem: str) -> None:
        if self._problem is None:
            log.logger().error(
                "the database cannot be followed; its copy, if there is one, is served on", problem=problem
            )
        self._problem = problem
        self._say(f"copy not brought up to date: {problem}")

    def _report(self, step: str, done: int, total: int | None) -> None:
        self._say(f"{step}: {done} of {total}")
        if time.monotonic() - self._logged >= LOGGED:
            self._logged = time.monotonic()
            log.logger().info("the copy is brought up to date", doing=step, done=done, of=total)
