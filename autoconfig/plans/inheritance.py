"""`extends`: a plan inherits from another plan what it does not set itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import Fault
from autoconfig.plans.schema import PlanTable, ServerTable

if TYPE_CHECKING:
    from collections.abc import Mapping


class Written(NamedTuple):
    """A plan with what it inherits written out."""

    table: PlanTable
    servers: tuple[str, ...]
    """The place of each server in the file, which may be in another plan."""
    ancestors: tuple[str, ...] = ()
    """The keys of the plans that it extends, nearest first."""


def flattened(tables: Mapping[str, PlanTable | None], faults: list[Fault]) -> dict[str, Written]:
    """
    Write out what each plan inherits; leave out plans that inherit from a faulty one.

    Args:
        tables: the plans as written; `None` for one whose faults are already known.
        faults: an unknown parent or a circle is added here.
    """
    done: dict[str, Written | None] = {key: None for key, table in tables.items() if table is None}

    def visit(key: str, path: tuple[str, ...]) -> Written | None:
        table = tables[key]
        if key in done or table is None:
            return done[key]
        parent = table.extends
        if parent is None:
            done[key] = _alone(key, table)
        elif parent not in tables:
            faults.append(
                Fault(f"plans.{key}.extends", f"there is no plan {parent!r}", f"plans are {', '.join(tables)}")
            )
            done[key] = None
        elif parent == key or parent in path:
            faults.append(
                Fault(f"plans.{key}.extends", "the plans extend one another in a circle", "remove one `extends`")
            )
            done[key] = None
        else:
            above = visit(parent, (*path, key))
            done[key] = _merged(above, _alone(key, table), parent) if above else None
        return done[key]

    for key in tables:
        visit(key, ())
    return {key: written for key in tables if (written := done[key]) is not None}


def _alone(key: str, table: PlanTable) -> Written:
    return Written(table, tuple(f"plans.{key}.servers[{number}]" for number in range(1, len(table.servers) + 1)))


def _merged(above: Written, below: Written, key: str) -> Written:
    parent, child = above.table, below.table
    said = child.model_fields_set
    values = {key: getattr(child if key in said else parent, key) for key in PlanTable.model_fields}
    if "name" in said and "customer_name" not in said:  # the parent's would replace the child's own name
        values["customer_name"] = None
    values["params"] = {**parent.params, **child.params}
    servers = _merged_servers(_placed(above), _placed(below))
    if child.redirect_url or child.redirect_domain:  # the domain moved away: none of the parent's servers apply
        servers = _placed(below)
    elif child.servers:
        values["redirect_url"] = values["redirect_domain"] = None
    values["servers"] = [server for server, _ in servers]
    places = tuple(place for _, place in servers)
    return Written(PlanTable.model_construct(**values), places, (key, *above.ancestors))


_Placed = list[tuple[ServerTable, str]]


def _placed(written: Written) -> _Placed:
    return list(zip(written.table.servers, written.servers, strict=True))


def _merged_servers(parent: _Placed, child: _Placed) -> _Placed:
    """Replace an inherited protocol that is named again, in its place and with its other keys; append new ones."""
    again = {server.protocol for server, _ in child}
    merged: _Placed = []
    for protocol in dict.fromkeys(server.protocol for server, _ in [*parent, *child]):
        inherited = [placed for placed in parent if placed[0].protocol == protocol]
        if protocol not in again:
            merged += inherited
            continue
        above = inherited[0][0].model_dump(exclude_none=True) if inherited else {}
        merged += [
            (ServerTable.model_construct(**above | server.model_dump(exclude_none=True)), place)
            for server, place in child
            if server.protocol == protocol
        ]
    return merged
