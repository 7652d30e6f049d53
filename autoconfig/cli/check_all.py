"""`autoconfig check --all`: every domain of the mapping, each server asked once."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import resource
import time
from typing import TYPE_CHECKING, NamedTuple

import typer
import uvloop

from autoconfig.check.inputs import open_prober, row_source
from autoconfig.cli.check_changes import print_changes
from autoconfig.cli.checking import read_served
from autoconfig.cli.domain_question import trust_of
from autoconfig.cli.every_domain import EveryDomain
from autoconfig.cli.exits import Exit
from autoconfig.cli.output import say
from autoconfig.cli.progress import bars
from autoconfig.cli.read_only import answered_from, tell_faults
from autoconfig.errors import Refused
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.mapping.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from autoconfig.dns.exchange_pool import ExchangePool
    from autoconfig.formats.zone import Places
    from autoconfig.mapping.progress import OnProgress
    from autoconfig.plans import Plans
    from autoconfig.results.domain_result import Listed
    from autoconfig.results.run import CheckRun
    from autoconfig.settings import Settings

_QUESTIONS = 48
"""Questions to the DNS under way at a time, about all domains; where many are, a busy machine is late for answers."""
_MANY = 200
"""Domains for which it is worth while to start processes that ask the DNS."""
_OPEN_FILES = 4096


class EveryOptions(NamedTuple):
    """What the command line says about a check of every domain."""

    nameservers: Sequence[tuple[str, int]]
    ca_file: Path | None
    timeout: float
    """Seconds for each step."""
    allow_private: bool
    changed_since: str | None
    report: Path | None
    diff: bool
    as_json: bool


def check_every(settings: Settings, places: Places, options: EveryOptions) -> None:
    """
    Check every domain of the mapping, print what is new, and leave with the exit code.

    Raises:
        Refused: another process does that, or the report's folder has something else in it.
        AutoconfigError: the mapping, the plans or the file with results cannot be read.
    """
    from autoconfig.report.folder import check_folder
    from autoconfig.results.run import running

    since = None if options.changed_since is None else parse_time(options.changed_since, settings.timezone)
    if since is not None and settings.query is not None:
        raise Refused("the mapping is the answer of a query, which does not say since when: leave --changed-since out")
    if options.report is not None:
        check_folder(options.report)
    plans = read_served(settings)
    _allow_open_files()
    with running(settings.state_dir, _scope(settings, options, since)) as (run, goes_on):
        with answered_from(settings, int(time.time())) as (reading, _):
            every = EveryDomain(settings, plans, reading, any_name=bool(options.nameservers))
            total = run.plan(every.listed(since))
            tell_faults(reading)
        if goes_on:
            say(f"going on with a check that was interrupted: {total} domains are left", err=True)
        with bars() as on_progress:
            uvloop.run(_Checks(settings, plans, places, options, run).all(total, on_progress))
        servers = run.servers()
        run.finish()
    _tell(settings, options, servers)


class _Checks:
    """The checks of one run."""

    def __init__(self, settings: Settings, plans: Plans, places: Places, options: EveryOptions, run: CheckRun) -> None:
        from autoconfig.check.own_names.check import WebOptions
        from autoconfig.dns.shared_asker import SharedAnswers

        self._settings, self._plans, self._places, self._options, self._run = settings, plans, places, options, run
        trust = trust_of(options.ca_file)
        self._prober = open_prober(settings, trust, options.timeout, run)
        self._web = WebOptions(trust, options.timeout, allow_private=options.allow_private, ask_names=False)
        self._shared = SharedAnswers()

    async def all(self, total: int, on_progress: OnProgress) -> None:
        """Check what is left: `total` domains."""
        from autoconfig.check.sweep import sweep
        from autoconfig.dns.exchange_pool import ExchangePool

        questions, done = asyncio.Semaphore(_QUESTIONS), itertools.count(1)
        on_progress("domains", 0, total)
        async with contextlib.AsyncExitStack() as stack:
            pool = await stack.enter_async_context(ExchangePool()) if total >= _MANY else None

            async def check(listed: Listed) -> None:
                await self._one(listed, questions, pool)
                on_progress("domains", next(done), total)

            await sweep(self._run.work(), check)

    async def _one(self, listed: Listed, questions: asyncio.Semaphore, pool: ExchangePool | None) -> None:
        from autoconfig.check.domain_check import check_domain
        from autoconfig.dns.factory import open_asker

        domain, settings, options = Domain(listed.name), self._settings, self._options
        bound = self._plans.bind(listed.plan, listed.params, *([listed.parent] if listed.parent else []))
        own = open_asker(settings, domain, options.nameservers, questions, pool)
        checked = await check_domain(
            bound.account(domain, EmailAddress("any", domain)),
            self._places,
            row_source(settings, domain, bound.plan, listed.params, has_row=not listed.parent),
            self._shared.asker(domain.name, own),
            self._prober,
            self._web,
        )
        self._run.keep_domain(listed, checked)


def _tell(settings: Settings, options: EveryOptions, servers: int) -> None:
    from autoconfig.results.last_run import last_run

    with last_run(settings.state_dir) as last:
        if last is None:  # it has just been written
            raise Refused("the results were removed while they were written")
        if options.report is not None:
            from autoconfig.report.site import write_report

            write_report(last, options.report, settings.timezone)
        totals = last.totals()
        print_changes(last, totals, servers, whole=options.diff, as_json=options.as_json)
    if not totals.heard:
        raise typer.Exit(Exit.UNAVAILABLE)
    if totals.bad:
        raise typer.Exit(Exit.NO)


def _scope(settings: Settings, options: EveryOptions, since: int | None) -> str:
    """All that results depend on, besides the mapping and the world."""
    plans = hashlib.sha256(settings.plans.read_bytes()).hexdigest()
    given = [list(options.nameservers), str(options.ca_file), options.timeout, options.allow_private]
    return json.dumps([plans, settings.public_url, settings.dns_target, *given, since])


def _allow_open_files() -> None:
    """Each question and each connection is an open file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
