"""`autoconfig mapping`: what one looks up and changes by hand, name by name. Whole files are in `bulk`."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Annotated

import typer

from autoconfig.cli import backup, bulk, migrate, replicate
from autoconfig.cli.checking import check_row
from autoconfig.cli.exits import Exit
from autoconfig.cli.looking import looked_at, prospect, tell_faults
from autoconfig.cli.options import AsJSON, From, Name, Note, own_settings_of, settings_of
from autoconfig.cli.output import print_json, print_json_lines, print_table
from autoconfig.errors import InputInvalid, Refused
from autoconfig.mail.address import carriable
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import decode, encode
from autoconfig.mapping.times import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.mapping.changes import Outcome
    from autoconfig.mapping.journal import Journal
    from autoconfig.mapping.schema import Record
    from autoconfig.mapping.timeline import Timeline
    from autoconfig.settings import Settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Which plan each name is on.")
app.command("sync")(bulk.sync)
app.command("export")(bulk.export)
app.command("replicate")(replicate.replicate)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.add_typer(migrate.app, name="migrate-from")


@app.callback()
def _group() -> None:
    pass


@app.command("set")
def set_(
    context: typer.Context,
    name: Name,
    plan: Annotated[str, typer.Option(metavar="PLAN", help="A plan of plans.toml.")],
    param: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A param of the plan; may be repeated.")
    ] = None,
    valid_from: From = None,
    note: Note = None,
    as_json: AsJSON = False,
) -> None:
    """Put a name on a plan. Replaces the whole row: params that are not given are unset."""
    from autoconfig.mapping import changes
    from autoconfig.mapping.journal import Change
    from autoconfig.plans import read_file

    settings = own_settings_of(context)
    domain, params = Domain.parse(name), encode(_params(param or []))
    check_row(read_file(settings.plans), domain, plan, params)
    change = Change(domain.name, _moment(valid_from, settings), plan, params, _note(note))
    with opened(settings) as journal, journal.writing() as writing:
        outcome = changes.put(writing, change)
    _print_outcome(domain, outcome, settings, as_json=as_json)


@app.command()
def end(
    context: typer.Context, name: Name, valid_from: From = None, note: Note = None, as_json: AsJSON = False
) -> None:
    """The name is not ours any more: it is unknown from then on."""
    from autoconfig.mapping import changes

    settings, domain = own_settings_of(context), Domain.parse(name)
    moment = _moment(valid_from, settings)
    with opened(settings) as journal, journal.writing() as writing:
        outcome = changes.end(writing, domain.name, moment, _note(note))
    _print_outcome(domain, outcome, settings, as_json=as_json)


@app.command()
def undo(context: typer.Context, name: Name, as_json: AsJSON = False) -> None:
    """Take the newest change of a name back, by one more row. A second undo brings it back."""
    from autoconfig.mapping import changes

    settings, domain = own_settings_of(context), Domain.parse(name)
    with opened(settings) as journal, journal.writing() as writing:
        outcome = changes.undo(writing, domain.name, int(time.time()))
    _print_outcome(domain, outcome, settings, as_json=as_json)


@app.command("show")
def show_(context: typer.Context, name: Name, as_json: AsJSON = False) -> None:
    """Show a name's row that holds now, and the scheduled ones. Exit code 1: it is not ours."""
    settings, domain = settings_of(context), Domain.parse(name)
    now = int(time.time())
    with looked_at(settings, now) as reading:
        timeline = reading.timeline(domain.name)
    holds = timeline.at(now)
    later = prospect(timeline, now)
    if as_json:
        print_json(
            {"now": described(holds, settings) if holds else None, "later": [described(r, settings) for r in later]}
        )
    else:
        rows = [("now", *_cells(holds, settings))] if holds else []
        rows += [("later", *_cells(record, settings)) for record in later]
        if rows:
            print_table(("", *_COLUMNS), rows, title=domain.display)
        else:
            typer.echo(f"{domain.display}: no row holds now, and none is scheduled")
    if holds is None or holds.plan is None:
        raise typer.Exit(Exit.NO)


@app.command()
def history(context: typer.Context, name: Name, as_json: AsJSON = False) -> None:
    """Show every row that a name ever had, as they were written."""
    settings, domain = own_settings_of(context), Domain.parse(name)
    with opened(settings) as journal, journal.reading() as reading:
        records = sorted(reading.timeline(domain.name).rows, key=lambda record: record.id)
    if not records:
        raise Refused(f"{domain} never had a row")
    if as_json:
        print_json([described(record, settings) for record in records])
    else:
        print_table(_COLUMNS, (_cells(record, settings) for record in records), title=domain.display)


@app.command("list")
def list_(
    context: typer.Context,
    plan: Annotated[str | None, typer.Option(metavar="PLAN", help="Only names on this plan.")] = None,
    as_json: AsJSON = False,
) -> None:
    """List the names that are ours now, or will be. JSON is one object a line."""
    settings, now = settings_of(context), int(time.time())
    with looked_at(settings, now) as reading:
        found = _listed(reading.timelines(), now, plan)
        if as_json:
            print_json_lines({"state": state} | described(record, settings) for state, record in found)
        else:
            rows = ((record.name, state, *_cells(record, settings)[1:5]) for state, record in found)
            print_table(("Name", "", *_COLUMNS[1:5]), rows)
        tell_faults(reading)


def _listed(
    timelines: Iterator[tuple[str, Timeline[Record]]], now: int, plan: str | None
) -> Iterator[tuple[str, Record]]:
    for _, timeline in timelines:
        states = [("now", timeline.at(now)), *(("later", row) for row in prospect(timeline, now))]
        for state, record in states:
            if record is not None and record.plan is not None and plan in {None, record.plan}:
                yield state, record


def opened(settings: Settings) -> contextlib.closing[Journal]:
    """The mapping of the settings, closed afterwards."""
    from autoconfig.mapping.journal import Journal

    return contextlib.closing(Journal(settings.database))


def described(record: Record, settings: Settings) -> dict[str, object]:
    """A row for JSON."""
    zone = settings.timezone
    return {
        "id": record.id or None,
        "name": record.name,
        "valid_from": format_time(record.valid_from, zone),
        "plan": record.plan,
        "params": decode(record.params),
        "note": record.note,
        "changed_by": record.changed_by,
        "recorded_at": format_time(record.recorded_at, zone),
    }


_COLUMNS = ("Row", "Plan", "Params", "From", "Note", "Written", "By")


def _cells(record: Record, settings: Settings) -> tuple[str, ...]:
    params = ", ".join(f"{name} = {value}" for name, value in decode(record.params).items())
    zone = settings.timezone
    return (
        str(record.id or "query"),
        record.plan or "(not ours)",
        params,
        format_time(record.valid_from, zone),
        record.note or "",
        format_time(record.recorded_at, zone),
        record.changed_by,
    )


def _print_outcome(domain: Domain, outcome: Outcome, settings: Settings, *, as_json: bool) -> None:
    """What changed, field by field, and what is scheduled after it."""
    before, after, later = outcome
    if as_json:
        names = ("before", "after", "later")
        print_json({n: described(r, settings) if r else None for n, r in zip(names, outcome, strict=True)})
        return
    if after is None:
        typer.echo(f"{domain.display}: nothing to change")
    else:
        rows = [(field, old, new) for field, old, new in _fields(before, after, settings) if old != new]
        print_table(("", "Before", "After"), rows, title=f"{domain.display}: row {after.id}")
    if later is not None:
        moment = format_time(later.valid_from, settings.timezone)
        typer.echo(f"{domain.display}: row {later.id} is scheduled from {moment}: {later.plan or 'not ours'}")


def _fields(before: Record | None, after: Record, settings: Settings) -> Iterator[tuple[str, str, str]]:
    yield "plan", (before.plan or "(not ours)") if before else "(none)", after.plan or "(not ours)"
    old, new = decode(before.params) if before else {}, decode(after.params)
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
    if text and not carriable(text.replace("\n", " ").replace("\t", " ")):
        raise InputInvalid(f"--note {text!r}: has control characters, or is not UTF-8; nothing was written")
    return text or None
