"""From what pydantic and tomllib say to faults that name the place and the remedy."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from autoconfig.errors import Fault
from autoconfig.plans.schema import OAuth2Table, ParamTable, ServerTable
from autoconfig.setting_values import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], data: object, place: str, faults: list[Fault]) -> Model | None:
    """`data` as a `model`; where it is none, `None`, and each fault is added to `faults`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        seen: set[str] = set()
        for detail in error.errors(include_url=False, include_input=True):
            fault = _fault(model, place, detail["loc"], detail["type"], detail["msg"], detail.get("input"))
            if fault.place not in seen:  # a union reports the same place once for each member
                seen.add(fault.place)
                faults.append(fault)
        return None


def _fault(
    model: type[BaseModel], place: str, loc: Sequence[str | int], kind: str, message: str, given: object
) -> Fault:
    where = ".".join([place, _path(loc)]) if loc else place
    if kind == "extra_forbidden":
        key, known = str(loc[-1]), _known_keys(model, loc)
        near = difflib.get_close_matches(key, known, 1)
        return Fault(where, "unknown key", f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}")
    if kind == "missing":
        return Fault(where, "this key is missing", "add it")
    remedy = f"it is {shown(given)}" if isinstance(given, str | int | float | bool) else "see docs/plans.md"
    return Fault(where, _lowered(message.removeprefix("Value error, ")), remedy)


def _path(loc: Iterable[str | int]) -> str:
    """`servers.0.port` → `servers[1].port`, counted as people count; the names of union members are left out."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        elif not part.endswith(("]", "Table")) and part not in {"str", "constrained-str"}:
            text += f".{part}" if text else part
    return text


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    within: dict[str, type[BaseModel]] = {"servers": ServerTable, "params": ParamTable, "oauth2": OAuth2Table}
    inner = within.get(str(loc[0])) if len(loc) > 1 else None
    return list((inner or model).model_fields)


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]
