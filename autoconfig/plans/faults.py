"""Turn pydantic's validation errors into faults that name the place and the remedy."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from autoconfig.errors import Fault
from autoconfig.plans.schema import CHOICES, OAuth2Table, ParamTable, ServerTable
from autoconfig.settings.values import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], data: object, place: str, faults: list[Fault]) -> Model | None:
    """Validate `data` as a `model`; if it is invalid, add each fault to `faults` and return `None`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        misspelt = {(*loc[:-1], *_near(model, loc)) for loc in map(_keys, details) if loc}
        faults += [
            _fault(model, place, detail)
            for detail in details
            if detail["type"] != "missing" or tuple(_keys(detail)) not in misspelt
        ]
        return None


def _near(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The known key that an unknown one resembles, if any."""
    known = _known_keys(model, loc)
    return [] if loc[-1] in known else difflib.get_close_matches(str(loc[-1]), known, 1)


def _fault(model: type[BaseModel], place: str, detail: ErrorDetails) -> Fault:
    kind, loc, given = detail["type"], _keys(detail), detail["input"]
    where = "".join([place, *(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc)])
    if kind == "extra_forbidden":
        near = _near(model, loc)
        remedy = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(_known_keys(model, loc))}"
        return Fault(where, "unknown key", remedy)
    if kind == "missing":
        return Fault(where, "this key is missing", "add it")
    remedy = f"it is {shown(given)}" if isinstance(given, str | int | float | bool) else "see docs/plans.md"
    return Fault(where, _lowered(detail["msg"].removeprefix("Value error, ")), remedy)


def _keys(detail: ErrorDetails) -> Sequence[str | int]:
    """The place of the fault in keys and indices of the file, without those that pydantic adds."""
    loc = detail["loc"]
    if loc[-1:] == ("[key]",) and detail["type"] == "string_pattern_mismatch":  # the key itself is at fault
        loc = loc[:-1]
    choice = CHOICES.get(str(loc[0])) if loc else None
    return loc if choice is None else loc[:choice] + loc[choice + 1 :]


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    within: dict[str, type[BaseModel]] = {"servers": ServerTable, "params": ParamTable, "oauth2": OAuth2Table}
    inner = within.get(str(loc[0])) if len(loc) > 1 else None
    return list((inner or model).model_fields)


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]
