"""`autoconfig mapping replicate`: keeps this node's replica of a central database."""

from __future__ import annotations

import contextlib
import logging
import signal
import time
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from autoconfig import log
from autoconfig.cli.options import AsJSON, own_settings_of
from autoconfig.cli.output import print_json
from autoconfig.cli.progress import bars
from autoconfig.errors import AutoconfigError, ConfigurationInvalid, MappingUnavailable, SettingsInvalid
from autoconfig.serving import notify

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.mapping.copies.replication import Look, Replicator
    from autoconfig.settings import Settings

INTERVAL = 1.0
"""Seconds between two looks at the central database."""

ONCE = 120.0
"""Seconds for which `--once` waits for a central database that is behind."""

LONGEST = 15.0
"""Seconds between two attempts, after many that failed."""


def replicate(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="End when the replica has everything.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Compare all rows first, not only once a day.")] = False,
    as_json: AsJSON = False,
) -> None:
    """
    Keep a local replica of a central database. It goes on until it is stopped.

    The replica is `database`, a SQLite file; the central database is `replicate_from`.
    It may be killed at any time: it goes on where it ended.
    """
    from autoconfig.mapping.copies.replication import Replicator
    from autoconfig.mapping.place import Place

    settings = own_settings_of(context)
    source, path = _source(settings), Place.parse(settings.database).path
    log.configure(settings.log_format)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # how it makes the file is nobody's concern
    signal.signal(signal.SIGTERM, _terminated)
    with bars() as told, contextlib.closing(Replicator(source, path, _watched(told))) as replicator:
        look = _Watch(replicator, verify=verify).run(once=once)
    if as_json:
        print_json({"last_id": look.last_id, "made_afresh": look.afresh, "verified": look.verified})
    else:
        equal = ", found equal" if look.verified else ""
        typer.echo(f"{path}: has all rows of {Place.parse(source).shown}, up to {look.last_id}{equal}")


class _Watch:
    """Looks, and looks again; says what an operator wants to know, once."""

    def __init__(self, replicator: Replicator, *, verify: bool) -> None:
        self._replicator, self._verify = replicator, verify
        self._problem: str | None = None
        self._ready = False
        self._pause = INTERVAL

    def run(self, *, once: bool) -> Look:
        """
        Go on until a signal comes, or with `once` until the replica has everything.

        Raises:
            AutoconfigError: what `Replicator.look` raises, with `once` or at first; or a standby stays behind.
        """
        started = time.monotonic()
        while True:
            notify.alive()
            try:
                look = self._replicator.look(verify=self._verify)
            except AutoconfigError as error:
                if once or (isinstance(error, ConfigurationInvalid) and not self._ready):
                    raise
                self._failed(str(error))
            else:
                self._looked(look)
                if once and not look.behind:
                    return look
                if once and look.behind and time.monotonic() - started >= ONCE:
                    raise MappingUnavailable(look.behind)
            time.sleep(self._pause)

    def _looked(self, look: Look) -> None:
        if look.afresh:
            log.logger().info("the replica was made anew", reason=look.afresh, last_id=look.last_id)
        elif look.verified:
            log.logger().info("the replica equals the central database", last_id=look.last_id)
        if look.behind:
            self._failed(look.behind)
            return
        if self._problem is not None:
            log.logger().info("the central database can be used again", last_id=look.last_id)
        self._problem, self._pause = None, INTERVAL
        self._verify = self._verify and not look.verified
        if not self._ready:
            self._ready = True
            log.logger().info("the replica has everything", last_id=look.last_id)
            notify.ready(f"replica, up to row {look.last_id} at the start")

    def _failed(self, problem: str) -> None:
        if self._problem is None:
            log.logger().error("the central database cannot be followed; it is tried again", problem=problem)
        self._pause = INTERVAL if self._problem is None else min(LONGEST, self._pause * 2)
        self._problem = problem


def _source(settings: Settings) -> str:
    if settings.replicate_from is None:
        raise SettingsInvalid("replicate_from is not set: name the URL of the central database")
    return settings.replicate_from


def _watched(told: Callable[[str, int, int], None]) -> Callable[[str, int, int], None]:
    """Progress for the terminal, and for systemd: a long copy is not stuck."""

    def both(what: str, done: int, of: int) -> None:
        notify.alive()
        told(what, done, of)

    return both


def _terminated(_signal: int, _frame: object) -> NoReturn:
    notify.stopping()
    raise SystemExit(0)
