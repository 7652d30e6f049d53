"""
Reads plans.toml. Every fault of a file is reported at once; a file with a fault gives no plans at all.

First the shape (`schema`), then `extends`, then each plan by itself, then the host rules. A plan that inherits from a
faulty one is not judged: its faults would be its parent's.
"""

from __future__ import annotations

import re
import tomllib
import warnings
from typing import TYPE_CHECKING

from autoconfig.errors import Fault, PlansInvalid, PlanUnusable
from autoconfig.mail.account import Documentation, Text
from autoconfig.mail.address import carriable
from autoconfig.mail.params import is_param_name
from autoconfig.mail.plan import KEY, HostRule, Plan
from autoconfig.plans.advice import warnings_of
from autoconfig.plans.book import Plans
from autoconfig.plans.faults import validated
from autoconfig.plans.inheritance import flattened
from autoconfig.plans.schema import HostTable, ParamTable, PlanTable
from autoconfig.plans.servers import read_oauth2, read_servers
from autoconfig.plans.values import read_link, read_pattern, uncarriable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from autoconfig.mail.pattern import Pattern

_SAMPLE_HOST = "sample.invalid"


def read_file(path: Path) -> Plans:
    """
    Read the plans of a file.

    Raises:
        PlansInvalid: it cannot be read or has faults; all of them are listed.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise PlansInvalid(
            str(path), [Fault("file", f"cannot be read: {error.strerror}", "check path and permissions")]
        ) from error
    return read_plans(source, str(path))


def read_plans(source: bytes, file: str = "plans.toml") -> Plans:
    """
    Read plans from the bytes of a file; `file` is what faults call it.

    Raises:
        PlansInvalid: it has faults; all of them are listed.
    """
    faults: list[Fault] = []
    document = _toml(source, file)
    for key in sorted(document.keys() - {"plans", "host"}):
        faults.append(Fault(key, "unknown table", "known are [plans.KEY] and [[host]]"))
    plan_tables, host_tables = document.get("plans", {}), document.get("host", [])
    if not isinstance(plan_tables, dict):
        problem = "should be a table with a key for each plan"
        faults.append(Fault("plans", problem, "begin each plan with a line [plans.KEY], in single brackets"))
        plan_tables = {}
    elif not plan_tables:
        faults.append(Fault("plans", "there is no plan", "add a table [plans.KEY]"))
    if not isinstance(host_tables, list):
        faults.append(Fault("host", "is not a list of tables", "write [[host]]"))
        host_tables = []
    tables = {key: validated(PlanTable, table, f"plans.{key}", faults) for key, table in plan_tables.items()}
    plans: dict[str, Plan] = {}
    try:
        for key, table in flattened(tables, faults).items():
            if plan := _plan(key, table, faults):
                plans[key] = plan
    except RecursionError as error:
        raise PlansInvalid(
            file, [Fault("plans", "hundreds of plans or params build on one another", "write them out")]
        ) from error
    rules = [_rule(number, table, plans, set(tables), faults) for number, table in enumerate(host_tables, 1)]
    if faults:
        raise PlansInvalid(file, faults)
    said = [warning for plan in plans.values() for warning in warnings_of(plan)]
    return Plans(plans, [rule for rule in rules if rule], source=source, warnings=said)


def _toml(source: bytes, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(source.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise PlansInvalid(file, [Fault(f"line {line}", "is not UTF-8", "save the file as UTF-8")]) from error
    except ValueError as error:  # TOMLDecodeError, and what int() says of a number with 4301 digits
        raise PlansInvalid(file, [Fault("file", f"is not TOML: {error}", "is it saved whole?")]) from error
    except RecursionError as error:
        raise PlansInvalid(file, [Fault("file", "is nested too deeply", "a plan needs three levels")]) from error


def _plan(key: str, table: PlanTable, faults: list[Fault]) -> Plan | None:
    """The plan, or `None` after its faults were added."""
    place, before = f"plans.{key}", len(faults)
    if not KEY.fullmatch(key):
        faults.append(Fault(place, "is no key for a plan", "use lower-case letters, digits, - and _"))
    if not table.name:
        faults.append(Fault(f"{place}.name", "this key is missing", "mail programs show it to the customer"))
    params = _params(place, table, faults)
    servers, services = read_servers(place, table, params, faults)
    plan = Plan(
        key=key,
        name=_text(f"{place}.name", table.name or key, faults),
        short_name=_text(f"{place}.short_name", table.short_name, faults) if table.short_name else None,
        params=params,
        servers=servers,
        services=services,
        oauth2=read_oauth2(f"{place}.oauth2", table, faults),
        documentation=_documentation(place, table, faults),
        webmail=read_link(f"{place}.webmail", table.webmail, faults),
        notes=_notes(place, table, faults),
        redirect_url=read_pattern(f"{place}.redirect_url", table.redirect_url, params, faults),
        redirect_domain=read_pattern(f"{place}.redirect_domain", table.redirect_domain, params, faults),
    )
    if len(faults) > before:
        return None
    try:
        plan.bind({name: _SAMPLE_HOST for name, default in params.items() if default is None})
    except PlanUnusable as error:
        faults.append(
            Fault(f"{place}.params.{error.param}" if error.param else place, error.problem, "correct the pattern")
        )
        return None
    return plan


def _params(place: str, table: PlanTable, faults: list[Fault]) -> dict[str, Pattern | None]:
    params: dict[str, Pattern | None] = {}
    for name, value in table.params.items():
        where = f"{place}.params.{name}"
        if not is_param_name(name):
            faults.append(
                Fault(
                    where,
                    "is no name for a param",
                    "a-z, 0-9, _; no slot and no CSV column has such a name",
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
    if not all(map(carriable, texts.values())):
        faults.append(uncarriable(where))
    return Text(texts)


def _rule(number: int, data: object, plans: Mapping[str, Plan], keys: set[str], faults: list[Fault]) -> HostRule | None:
    place = f"host[{number}]"
    table = validated(HostTable, data, place, faults)
    if table is None:
        return None
    try:
        with warnings.catch_warnings():
            # An expression that the next Python may read otherwise. Only for here: warnings belong to all threads.
            warnings.filterwarnings("error", module=re.escape(__name__))
            match = re.compile(table.match, re.IGNORECASE | re.ASCII)
    except (re.error, ValueError, RecursionError, OverflowError, Warning) as error:
        faults.append(Fault(f"{place}.match", f"is not a regular expression: {error}", "see Python's re"))
        return None
    if table.plan not in keys:
        faults.append(
            Fault(f"{place}.plan", f"there is no plan {table.plan!r}", f"plans are {', '.join(sorted(keys))}")
        )
    plan = plans.get(table.plan)
    if plan is None:
        return None
    for name in sorted(match.groupindex.keys() - plan.params.keys()):
        faults.append(Fault(f"{place}.match", f"the plan {plan.key!r} has no param {name!r}", "rename the group"))
    required = {name for name, default in plan.params.items() if default is None}
    for name in sorted(required - match.groupindex.keys()):
        faults.append(Fault(f"{place}.match", f"the plan {plan.key!r} requires {name!r}", f"add a group (?P<{name}>…)"))
    return HostRule(match, plan.key)
