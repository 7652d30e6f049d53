"""Read one plan of plans.toml: its texts, params and servers, one by one and then together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autoconfig.errors import Fault, PlanUnusable
from autoconfig.mail.account import Documentation, Recommend, Text
from autoconfig.mail.binding import bind
from autoconfig.mail.params import is_param_name
from autoconfig.mail.plan import Plan
from autoconfig.mail.server import Protocol, ServerTemplate
from autoconfig.mail.service import ServiceTemplate
from autoconfig.plans.schema import ParamTable, PlanTable
from autoconfig.plans.servers import read_oauth2, read_servers
from autoconfig.plans.values import read_link, read_pattern, read_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from autoconfig.mail.pattern import Pattern
    from autoconfig.plans.inheritance import Written
    from autoconfig.plans.servers import Entry

_SAMPLE_HOST = "sample.invalid"


def read_plan(key: str, written: Written, faults: list[Fault]) -> Plan | None:
    """Read the plan under a key. Add all its faults to `faults`; return `None` if it cannot be built."""
    place, table = f"plans.{key}", written.table
    before = len(faults)
    if not table.name:
        faults.append(Fault(f"{place}.name", "this key is missing", "mail programs show it to the customer"))
    params = _params(place, table, faults)
    entries = read_servers(place, written, params, faults)
    plan = Plan(
        key=key,
        name=_text(f"{place}.name", table.name or key, faults),
        short_name=_text(f"{place}.short_name", table.short_name, faults) if table.short_name else None,
        params=params,
        servers=tuple(entry for _, entry in entries if isinstance(entry, ServerTemplate)),
        services=tuple(entry for _, entry in entries if isinstance(entry, ServiceTemplate)),
        oauth2=read_oauth2(f"{place}.oauth2", table, faults),
        documentation=_documentation(place, table, faults),
        webmail=read_link(f"{place}.webmail", table.webmail, faults),
        notes=_notes(place, table, faults),
        redirect_url=read_pattern(f"{place}.redirect_url", table.redirect_url, params, faults),
        redirect_domain=read_pattern(f"{place}.redirect_domain", table.redirect_domain, params, faults),
        customer_name=_text(f"{place}.customer_name", table.customer_name, faults) if table.customer_name else None,
        recommend=table.recommend,
    )
    _check_recommended(place, plan, faults)
    if len(faults) > before:
        return None
    given = {name: _SAMPLE_HOST for name, default in params.items() if default is None}
    try:
        bind(plan, given)
    except PlanUnusable:
        faults += _bound_faults(place, plan, entries, given)
    return plan


def _check_recommended(place: str, plan: Plan, faults: list[Fault]) -> None:
    wanted = {Recommend.POP3: {Protocol.POP3}, Recommend.BOTH: {Protocol.IMAP, Protocol.POP3}}
    missing = wanted.get(plan.recommend, set()) - {server.protocol for server in plan.servers}
    for protocol in sorted(missing):
        problem = f"{plan.recommend.value!r} needs a server of {protocol.value}, and the plan has none"
        faults.append(Fault(f"{place}.recommend", problem, "add the server, or leave the key out"))


def _bound_faults(
    place: str, plan: Plan, entries: Iterable[tuple[str, Entry]], given: Mapping[str, str]
) -> Iterable[Fault]:
    """Faults of a plan's patterns with params put in: each pattern is tried by itself, one fault for each place."""
    nothing = replace(plan, servers=(), services=(), notes=(), redirect_url=None, redirect_domain=None)
    parts = [(place, nothing)]
    for where, entry in entries:
        if isinstance(entry, ServerTemplate):
            parts.append((f"{where}.host", replace(nothing, servers=(entry,))))
        else:
            parts.append((f"{where}.url", replace(nothing, services=(entry,))))
    for number, note in enumerate(plan.notes, 1):
        parts.append((f"{place}.notes[{number}]", replace(nothing, notes=(note,))))
    parts.append((f"{place}.redirect_url", replace(nothing, redirect_url=plan.redirect_url)))
    parts.append((f"{place}.redirect_domain", replace(nothing, redirect_domain=plan.redirect_domain)))
    found: dict[str, Fault] = {}
    for where, part in parts:
        try:
            bind(part, given)
        except PlanUnusable as error:
            at = f"{place}.params.{error.param}" if error.param else where
            found.setdefault(at, Fault(at, error.problem, "correct the pattern"))
            if part is nothing:  # a fault of the params, which every part shares
                break
    return found.values()


def _params(place: str, table: PlanTable, faults: list[Fault]) -> dict[str, Pattern | None]:
    params: dict[str, Pattern | None] = {}
    for name, value in table.params.items():
        where = f"{place}.params.{name}"
        if not is_param_name(name):
            faults.append(
                Fault(
                    where,
                    "is not a valid param name",
                    "use a-z, 0-9 and _, and not the name of a slot or of a column that rows have anyway",
                )
            )
        params[name] = None
        if not isinstance(value, ParamTable):
            params[name] = read_pattern(where, value, table.params, faults)
    return params


def _documentation(place: str, table: PlanTable, faults: list[Fault]) -> tuple[Documentation, ...]:
    pages = []
    for number, entry in enumerate(table.documentation or [], 1):
        where = f"{place}.documentation[{number}]"
        url = read_link(f"{where}.url", entry.get("url", ""), faults)
        texts = {language: text for language, text in entry.items() if language != "url"}
        pages.append(Documentation(url or "", _text(where, texts, faults) if texts else None))
    return tuple(pages)


def _notes(place: str, table: PlanTable, faults: list[Fault]) -> tuple[dict[str, Pattern], ...]:
    notes = []
    for number, texts in enumerate(table.notes, 1):
        read = {
            key: read_pattern(f"{place}.notes[{number}].{key}", text, table.params, faults)
            for key, text in texts.items()
        }
        notes.append({language: pattern for language, pattern in read.items() if pattern is not None})
    return tuple(notes)


def _text(where: str, value: str | Mapping[str, str], faults: list[Fault]) -> Text:
    texts = {"und": value} if isinstance(value, str) else dict(value)
    return Text({language: read_plain(where, text, faults) for language, text in texts.items()})
