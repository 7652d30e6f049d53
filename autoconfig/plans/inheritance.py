"""`extends`: a plan takes from another what it does not say itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import Fault
from autoconfig.plans.schema import PlanTable, ServerTable

if TYPE_CHECKING:
    from collections.abc import Mapping


def flattened(tables: Mapping[str, PlanTable | None], faults: list[Fault]) -> dict[str, PlanTable]:
    """
    Every plan as if it had been written out, without those that inherit from a faulty one.

    Args:
        tables: the plans as written; `None` for one whose faults are known already.
        faults: an unknown parent or a circle is added here.
    """
    done: dict[str, PlanTable | None] = {key: None for key, table in tables.items() if table is None}

    def visit(key: str, path: tuple[str, ...]) -> PlanTable | None:
        table = tables[key]
        if key in done or table is None:
            return done[key]
        parent = table.extends
        if parent is None:
            done[key] = table
        elif parent not in tables:
            faults.append(
                Fault(f"plans.{key}.extends", f"there is no plan {parent!r}", f"plans are {', '.join(tables)}")
            )
            done[key] = None
        elif parent == key or parent in path:
            faults.append(Fault(f"plans.{key}.extends", "the plans extend one another in a circle", "cut it somewhere"))
            done[key] = None
        else:
            above = visit(parent, (*path, key))
            done[key] = _merged(above, table) if above else None
        return done[key]

    for key in tables:
        visit(key, ())
    return {key: table for key in tables if (table := done[key]) is not None}


def _merged(parent: PlanTable, child: PlanTable) -> PlanTable:
    said = child.model_fields_set
    values = {key: getattr(child if key in said else parent, key) for key in PlanTable.model_fields}
    values["params"] = {**parent.params, **child.params}
    values["servers"] = _merged_servers(parent.servers, child.servers)
    if child.redirect_url or child.redirect_domain:  # the domain moved away: nothing of the parent's servers is left
        values["servers"] = child.servers
    elif child.servers:
        values["redirect_url"] = values["redirect_domain"] = None
    return PlanTable.model_construct(**values)


def _merged_servers(parent: list[ServerTable], child: list[ServerTable]) -> list[ServerTable]:
    """A protocol named again replaces the inherited one, at its place; keys left out are inherited; new ones follow."""
    again = {server.protocol for server in child}
    merged: list[ServerTable] = []
    for protocol in dict.fromkeys(server.protocol for server in [*parent, *child]):
        inherited = [server for server in parent if server.protocol == protocol]
        if protocol not in again:
            merged += inherited
            continue
        above = inherited[0].model_dump(exclude_none=True) if inherited else {}
        own = [server for server in child if server.protocol == protocol]
        merged += [ServerTable.model_construct(**above | server.model_dump(exclude_none=True)) for server in own]
    return merged
