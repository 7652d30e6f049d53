"""
Interpret the result of an operator's query: the column `plan` is the plan's key, all others are params.

The database belongs to another program, so nothing in it is trusted. Each value becomes text or is refused with the
name of its column. Plan and params are checked later, like those of any row (`mail.plan`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from autoconfig.errors import RowInvalid, SettingsInvalid
from autoconfig.mail import params as params_text
from autoconfig.mail.address import carriable
from autoconfig.mail.params import DOMAIN, NAME, PLAN
from autoconfig.mail.pattern import PARAM_NAME, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ANYTHING_ELSE = "*"
"""In `query_plans`: stands for all values of the plan column that are not listed."""

MAX_VALUE = 4096
"""The maximum length of a value in characters; hosts, user name patterns and URLs are far shorter."""


_HUGE = 1 << 64


class PlanAndParams(NamedTuple):
    """The contents of a row."""

    plan: str | None
    """`None`: the name is not served."""
    params: str
    """Canonical JSON (`mail.params`)."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a result, and how to read its rows."""

    names: tuple[str, ...]
    """All columns, as the database spells them."""
    params: Mapping[str, int]
    """The index of each param's column."""
    plan: int
    """The index of the plan's column."""
    domain: int | None
    """The index of the column with the domain. Only a listing of all names needs it."""
    plans: Mapping[str, str] | None
    """The plan's key for each value of the plan column; `None`: the value is the key."""

    @classmethod
    def of(cls, names: Sequence[str], plans: Mapping[str, str] | None, *, listing: bool = False) -> Columns:
        """
        Interpret the column names of a result. `domain` is needed in a `listing`, and may also be called `name`.

        Raises:
            SettingsInvalid: a column is missing, occurs twice, or cannot be a param.
        """
        places: dict[str, int] = {}
        for place, name in enumerate(map(str.lower, names)):
            if name in places:
                raise SettingsInvalid(f"the result has two columns {name!r}; rename one of them")
            places[name] = place
        if NAME in places:
            if DOMAIN in places:
                raise SettingsInvalid(
                    f"the result has the columns {DOMAIN!r} and {NAME!r}, which mean the same; keep {DOMAIN!r}"
                )
            places[DOMAIN] = places.pop(NAME)
        shown = ", ".join(names) or "none"
        for needed in (PLAN, DOMAIN) if listing else (PLAN,):
            if needed not in places:
                raise SettingsInvalid(
                    f"the result has no column {needed!r}, only {shown}; write `SELECT … AS {needed}`"
                )
        plan, domain = places.pop(PLAN), places.pop(DOMAIN, None)
        for name in places:
            if not PARAM_NAME.fullmatch(name) or name in VARIABLES:
                raise SettingsInvalid(
                    f"the column {name!r} cannot be a param; leave it out, or name it with a-z, 0-9 and _: "
                    f"`… AS name`, and none of {', '.join(sorted(VARIABLES))}"
                )
        return cls(tuple(names), places, plan, domain, plans)

    def read(self, rows: Sequence[Sequence[object]]) -> PlanAndParams | None:
        """
        The plan and params of a name from all its rows; `None` if there is no row.

        Raises:
            RowInvalid: the rows contradict each other, or a value cannot be used.
        """
        contents = {self._content(row) for row in rows}
        if len(contents) > 1:
            raise RowInvalid(f"has {len(rows)} different rows; the query has to choose one")
        return contents.pop() if contents else None

    def name_of(self, row: Sequence[object]) -> str | None:
        """The name in a row of a listing; `None` if it is unset."""
        return None if self.domain is None else _text(row[self.domain], DOMAIN)

    def _content(self, row: Sequence[object]) -> PlanAndParams:
        plan = self._plan(_text(row[self.plan], PLAN))
        if plan is None:
            return PlanAndParams(None, params_text.NONE)
        given = {name: _text(row[place], name) for name, place in self.params.items()}
        return PlanAndParams(plan, params_text.encode({name: text for name, text in given.items() if text is not None}))

    def _plan(self, text: str | None) -> str | None:
        if text is None or self.plans is None:
            return text
        key = self.plans.get(text, self.plans.get(ANYTHING_ELSE))
        if key is None:
            raise RowInvalid(f"is {text[:80]!r}, which query_plans does not list; add it, or {ANYTHING_ELSE!r}", PLAN)
        return key or None


def _text(value: object, column: str) -> str | None:
    """
    The text of a value; `None` for NULL and for white space.

    Whole numbers have no decimal point, whatever their type: MariaDB returns decimals if a CASE mixes types.
    """
    match value:
        case None:
            return None
        case str():
            text = value
        case bool():
            text = "true" if value else "false"
        case UUID():
            text = str(value)
        case int() | float() | Decimal():
            text = _whole(Decimal(value), column)
        case bytes() | bytearray() | memoryview():
            try:
                text = bytes(value).decode()
            except UnicodeDecodeError as error:
                raise RowInvalid("is bytes that are not UTF-8; convert it to text in the query", column) from error
        case _:
            raise RowInvalid(f"is a {type(value).__name__}; convert it to text in the query", column)
    text = text.strip()  # CHAR(n) is padded with spaces
    if len(text) > MAX_VALUE:
        raise RowInvalid(f"is longer than {MAX_VALUE} characters", column)
    if not carriable(text):
        raise RowInvalid("has control characters; convert it to text in the query", column)
    return text or None


def _whole(value: Decimal, column: str) -> str:
    # Check the size first: Decimal("1e999999999") is whole, and writing it out would fill the memory.
    if not value.is_finite() or not -_HUGE < value < _HUGE or value != int(value):
        raise RowInvalid("is a fractional or huge number; convert it to text in the query", column)
    return str(int(value))
