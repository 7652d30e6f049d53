"""`autoconfig mapping`: look up and change single domains; `csv_commands` has the commands for whole files."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli import backup, csv_commands, migrate
from autoconfig.cli.checking import check_row
from autoconfig.cli.exits import Exit
from autoconfig.cli.options import AsJSON, From, Name, Note, own_settings_of, settings_of
from autoconfig.cli.output import print_json, print_json_lines, print_table, say
from autoconfig.cli.read_only import answered_from, looked_at, prospect, tell_faults
from autoconfig.errors import InputInvalid, Refused
from autoconfig.explain.json_values import row_json
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import EXCHANGER, SUBDOMAINS, YES, encode, is_note, readable
from autoconfig.mapping.clocks import now_for
from autoconfig.mapping.times import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.mapping.edits import Outcome
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.store import Journal
    from autoconfig.mapping.timeline import Timeline
    from autoconfig.settings import Settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look up and change which plan each domain is on.")
app.command("sync")(csv_commands.sync)
app.command("export")(csv_commands.export)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(migrate.app, name="migrate-from")


@app.callback()
def _group() -> None:
    pass


@app.command("set")
def set_(  # noqa: PLR0913, PLR0917 (a row has as many parts)
    context: typer.Context,
    name: Name,
    plan: Annotated[str, typer.Option(metavar="PLAN", help="A plan of plans.toml.")],
    param: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A param of the plan; may be repeated.")
    ] = None,
    subdomains: Annotated[
        bool, typer.Option("--subdomains", help="Also answer for all names below it that have no row of their own.")
    ] = False,
    exchanger: Annotated[
        bool,
        typer.Option("--exchanger", help="It is a mail host of other domains: answer for their addresses too."),
    ] = False,
    valid_from: From = None,
    note: Note = None,
    as_json: AsJSON = False,
) -> None:
    """
    Put a domain on a plan.

    This replaces the whole row: params and options that are not given are unset.
    """
    from autoconfig.mapping import edits
    from autoconfig.mapping.store import Change
    from autoconfig.plans import read_file

    settings = own_settings_of(context)
    flags = {flag: YES for flag, given in ((SUBDOMAINS, subdomains), (EXCHANGER, exchanger)) if given}
    domain, params = Domain.parse(name), encode(_params(param or []) | flags)
    check_row(read_file(settings.plans), domain, plan, params)
    change = Change(domain.name, _moment(valid_from, settings), plan, params, _note(note), valid_from is None)
    with opened(settings) as journal, journal.writing() as writing:
        outcome = edits.put(writing, change)
    _print_outcome(domain, outcome, settings, as_json=as_json)


@app.command()
def end(
    context: typer.Context, name: Name, valid_from: From = None, note: Note = None, as_json: AsJSON = False
) -> None:
    """Stop serving a domain."""
    from autoconfig.mapping import edits

    settings, domain = own_settings_of(context), Domain.parse(name)
    moment = _moment(valid_from, settings)
    with opened(settings) as journal, journal.writing() as writing:
        outcome = edits.end(writing, domain.name, moment, _note(note), at_once=valid_from is None)
    _print_outcome(domain, outcome, settings, as_json=as_json)


@app.command()
def undo(context: typer.Context, name: Name, as_json: AsJSON = False) -> None:
    """
    Take back the newest change of a domain.

    It appends one more row, so a second undo brings the change back.
    """
    from autoconfig.mapping import edits

    settings, domain = own_settings_of(context), Domain.parse(name)
    with opened(settings) as journal, journal.writing() as writing:
        outcome = edits.undo(writing, domain.name, int(time.time()))
    _print_outcome(domain, outcome, settings, as_json=as_json)


@app.command("show")
def show_(context: typer.Context, name: Name, as_json: AsJSON = False) -> None:
    """
    Show the current and the scheduled rows of a domain.

    Exit code 1: the domain is not served now.
    """
    settings, domain = settings_of(context), Domain.parse(name)
    now = int(time.time())
    with answered_from(settings, now) as (reading, copy_age):
        timeline = reading.timeline(domain.name)
    now = now_for(timeline, now)
    holds = timeline.at(now)
    later = prospect(timeline, now)
    if as_json:
        print_json(
            {
                "now": row_json(holds, settings.timezone) if holds else None,
                "later": [row_json(r, settings.timezone) for r in later],
                "copy_age_seconds": copy_age,
            }
        )
    else:
        rows = [("now", *_cells(holds, settings))] if holds else []
        rows += [("later", *_cells(record, settings)) for record in later]
        if rows:
            print_table(("", *_COLUMNS), rows, title=domain.display)
        else:
            say(f"{domain.display}: no row holds now, and none is scheduled")
    if holds is None or holds.plan is None:
        raise typer.Exit(Exit.NO)


@app.command()
def history(context: typer.Context, name: Name, as_json: AsJSON = False) -> None:
    """Show every row that a domain ever had. They are in the order in which they were written."""
    settings, domain = own_settings_of(context), Domain.parse(name)
    with opened(settings) as journal, journal.reading() as reading:
        records = sorted(reading.timeline(domain.name).rows, key=lambda record: record.id)
    if not records:
        raise Refused(f"{domain} never had a row")
    if as_json:
        print_json([row_json(record, settings.timezone) for record in records])
    else:
        print_table(_COLUMNS, (_cells(record, settings) for record in records), title=domain.display)


@app.command("list")
def list_(
    context: typer.Context,
    plan: Annotated[str | None, typer.Option(metavar="PLAN", help="Only domains on this plan.")] = None,
    as_json: AsJSON = False,
) -> None:
    """
    List the domains that are served now or will be.

    With --json, each line is an object.
    """
    settings, now = settings_of(context), int(time.time())
    with looked_at(settings, now) as reading:
        found = _listed(reading.timelines(), now, plan)
        if as_json:
            print_json_lines({"state": state} | row_json(record, settings.timezone) for state, record in found)
        else:
            rows = ((record.name, state, *_cells(record, settings)[1:5]) for state, record in found)
            empty = "no domain has a plan" if plan is None else f"no domain is on plan {plan!r}"
            print_table(("Domain", "", *_COLUMNS[1:5]), rows, empty=empty)
        tell_faults(reading)


def _listed(
    timelines: Iterator[tuple[str, Timeline[Record]]], clock: int, plan: str | None
) -> Iterator[tuple[str, Record]]:
    for _, timeline in timelines:
        now = now_for(timeline, clock)
        states = [("now", timeline.at(now)), *(("later", row) for row in prospect(timeline, now))]
        for state, record in states:
            if record is not None and record.plan is not None and plan in {None, record.plan}:
                yield state, record


def opened(settings: Settings) -> contextlib.closing[Journal]:
    """Open the mapping of the settings, and close it afterwards."""
    from autoconfig.mapping.store import Journal

    return contextlib.closing(Journal(settings.database))


_COLUMNS = ("Row", "Plan", "Params", "From", "Note", "Written", "By")


def _cells(record: Record, settings: Settings) -> tuple[str, ...]:
    params = ", ".join(f"{name} = {value}" for name, value in readable(record.params).items())
    zone = settings.timezone
    return (
        str(record.id or "query"),
        record.plan or "(not served)",
        params,
        format_time(record.valid_from, zone),
        record.note or "",
        format_time(record.recorded_at, zone),
        record.changed_by,
    )


def _print_outcome(domain: Domain, outcome: Outcome, settings: Settings, *, as_json: bool) -> None:
    """Print what changed, field by field, and what is scheduled after it."""
    before, after, later = outcome
    if as_json:
        names = ("before", "after", "later")
        print_json({n: row_json(r, settings.timezone) if r else None for n, r in zip(names, outcome, strict=True)})
        return
    if after is None:
        say(f"{domain.display}: nothing to change")
    else:
        rows = [(field, old, new) for field, old, new in _fields(before, after, settings) if old != new]
        print_table(("", "Before", "After"), rows, title=f"{domain.display}: row {after.id}")
    if later is not None:
        moment = format_time(later.valid_from, settings.timezone)
        say(f"{domain.display}: row {later.id} is scheduled from {moment}: {later.plan or 'not served'}")


def _fields(before: Record | None, after: Record, settings: Settings) -> Iterator[tuple[str, str, str]]:
    yield "plan", (before.plan or "(not served)") if before else "(none)", after.plan or "(not served)"
    old, new = readable(before.params) if before else {}, readable(after.params)
    for name in sorted(old | new):
        yield name, old.get(name, ""), new.get(name, "")
    zone = settings.timezone
    yield "from", format_time(before.valid_from, zone) if before else "", format_time(after.valid_from, zone)
    yield "note", (before.note or "") if before else "", after.note or ""


def _params(pairs: Sequence[str]) -> dict[str, str]:
    params: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InputInvalid(f"--param {pair}: write KEY=VALUE")
        if name in params:
            raise InputInvalid(f"--param {name} is given twice")
        params[name] = value
    return params


def _moment(text: str | None, settings: Settings) -> int:
    return int(time.time()) if text is None else parse_time(text, settings.timezone)


def _note(text: str | None) -> str | None:
    if text and not is_note(text):
        raise InputInvalid(f"--note {text!r}: has control characters, or is not UTF-8; nothing was written")
    return text or None
