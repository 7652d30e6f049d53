"""
Read plans.toml. All faults of a file are reported at once; a file with a fault gives no plans.

First the shape (`schema`), then `extends`, then each plan by itself, then the host rules. One fault may hide others: a
plan of the wrong shape is not checked further, nor is one that inherits from a faulty plan, whose faults it would
repeat. So a file with faults is mended (`mending`) and read again until no new ones appear.
"""

from __future__ import annotations

import contextlib
import tomllib
from functools import partial
from typing import TYPE_CHECKING

from autoconfig.errors import ExpressionInvalid, Fault, PlansInvalid
from autoconfig.mail.host_rule import HostRule
from autoconfig.mail.plan import KEY
from autoconfig.plans.faults import validated
from autoconfig.plans.inheritance import flattened
from autoconfig.plans.lint import warnings_of
from autoconfig.plans.mending import first_key, mend
from autoconfig.plans.plan_reading import read_plan
from autoconfig.plans.plan_set import Plans
from autoconfig.plans.schema import HostTable, PlanTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from autoconfig.mail.plan import Plan


_READINGS = 20
"""How often a file with faults is read again; each reading may find faults that earlier ones hid."""


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
    Read plans from the bytes of a file; faults call it `file`.

    Raises:
        PlansInvalid: it has faults; all of them are listed.
    """
    document = _toml(source, file)
    tables = document.get("plans")
    order = {key: number for number, key in enumerate(tables if isinstance(tables, dict) else ())}
    faults: list[Fault] = []
    plans, rules = _read(document, file, faults)
    found = list(faults)
    for _ in range(_READINGS):
        if not faults:
            break
        mend(document, faults)
        seen, faults = {fault.place for fault in found}, []
        with contextlib.suppress(PlansInvalid):  # the mended file may have a chain of hundreds
            _read(document, file, faults)
        faults = [fault for fault in faults if fault.place not in seen]
        found += faults
    if found:
        raise PlansInvalid(file, sorted(found, key=partial(_rank, order)))
    said = [warning for plan in plans.values() for warning in warnings_of(plan)]
    return Plans(plans, rules, source=source, warnings=said)


def _rank(order: Mapping[str, int], fault: Fault) -> int:
    """The rank of a fault: by plan, in the order of the file, then the host rules."""
    if fault.place.startswith("host["):
        return len(order)
    key = first_key(order, fault.place.removeprefix("plans.")) if fault.place.startswith("plans.") else None
    return -1 if key is None else order[key]


def _read(document: Mapping[str, object], file: str, faults: list[Fault]) -> tuple[dict[str, Plan], list[HostRule]]:
    """Read the plans and rules without faults; add to `faults` those that no other fault hides."""
    plan_tables, host_tables = _tables(document, faults)
    tables = {key: validated(PlanTable, table, f"plans.{key}", faults) for key, table in plan_tables.items()}
    plans: dict[str, Plan] = {}
    faulty: dict[str, list[Fault]] = {}
    try:
        written = flattened(tables, faults)
        for key, one in written.items():
            own: list[Fault] = []
            if (plan := read_plan(key, one, own)) and not own:
                plans[key] = plan
            else:
                faulty[key] = own
    except RecursionError as error:
        raise PlansInvalid(
            file, [Fault("plans", "hundreds of plans or params build on one another", "write them out")]
        ) from error
    for key, own in faulty.items():
        if not faulty.keys() & set(written[key].ancestors):
            faults += own
    rules = [_rule(number, table, plans, set(tables), faults) for number, table in enumerate(host_tables, 1)]
    return plans, [rule for rule in rules if rule]


def _tables(document: Mapping[str, object], faults: list[Fault]) -> tuple[dict[str, object], list[object]]:
    """The tables of plans and of host rules, of any shape."""
    for key in sorted(document.keys() - {"plans", "host"}):
        faults.append(Fault(key, "unknown table", "known tables are [plans.KEY] and [[host]]"))
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
    for key in plan_tables:
        if not KEY.fullmatch(key):
            faults.append(Fault(f"plans.{key}", "is not a valid plan key", "use lower-case letters, digits, - and _"))
    return plan_tables, host_tables


def _toml(source: bytes, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(source.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise PlansInvalid(file, [Fault(f"line {line}", "is not UTF-8", "save the file as UTF-8")]) from error
    except ValueError as error:  # TOMLDecodeError, and int()'s error for a number with 4301 digits
        raise PlansInvalid(
            file, [Fault("file", f"is not TOML: {error}", "check that it was saved completely")]
        ) from error
    except RecursionError as error:
        raise PlansInvalid(file, [Fault("file", "is nested too deeply", "a plan needs three levels")]) from error


def _rule(number: int, data: object, plans: Mapping[str, Plan], keys: set[str], faults: list[Fault]) -> HostRule | None:
    place = f"host[{number}]"
    table = validated(HostTable, data, place, faults)
    if table is None:
        return None
    if table.plan not in keys:
        faults.append(
            Fault(f"{place}.plan", f"there is no plan {table.plan!r}", f"plans are {', '.join(sorted(keys))}")
        )
    try:
        rule = HostRule.compile(table.match, table.plan)
    except ExpressionInvalid as error:
        faults.append(Fault(f"{place}.match", str(error), error.remedy))
        return None
    plan = plans.get(table.plan)
    if plan is None:
        return None
    for name in sorted(rule.groups - plan.params.keys()):
        faults.append(Fault(f"{place}.match", f"the plan {plan.key!r} has no param {name!r}", "rename the group"))
    required = {name for name, default in plan.params.items() if default is None}
    for name in sorted(required - rule.groups):
        faults.append(Fault(f"{place}.match", f"the plan {plan.key!r} requires {name!r}", f"add a group (?P<{name}>…)"))
    return rule
