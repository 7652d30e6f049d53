"""
What the result of an operator's query means: the column `plan` is the plan's key, every other one is a param.

The database is another program's, so that nothing in it is taken for granted: each value becomes text or is refused by
the name of its column, and whether plan and params make an account is seen where every row's are (`mail.plan`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from autoconfig.errors import RowInvalid, SettingsInvalid
from autoconfig.mail import params as params_text
from autoconfig.mail.address import carriable
from autoconfig.mail.pattern import PARAM_NAME, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLAN, NAME = "plan", "domain"

ANYTHING_ELSE = "*"
"""In `query_plans`: every value of the plan column that it does not list."""

MAX_VALUE = 4096
"""Characters of the longest value; a host, a user name's pattern or a URL is far shorter."""


_HUGE = 1 << 64


class Saying(NamedTuple):
    """What a row says of its name."""

    plan: str | None
    """`None`: not ours."""
    params: str
    """Canonical JSON (`mail.params`)."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a result, and how rows are read by them."""

    names: tuple[str, ...]
    """All of them, as the database spells them."""
    params: Mapping[str, int]
    """Where each param stands."""
    plan: int
    name: int | None
    """Where the name stands, in a list of all names."""
    plans: Mapping[str, str] | None
    """The plan's key for each value of the plan column; `None`: the value is the key."""

    @classmethod
    def of(cls, names: Sequence[str], plans: Mapping[str, str] | None, *, listing: bool = False) -> Columns:
        """
        Read the names of a result's columns; in a `listing` one of them is `domain`.

        Raises:
            SettingsInvalid: one is missing, stands twice, or is no name of a param.
        """
        places: dict[str, int] = {}
        for place, name in enumerate(map(str.lower, names)):
            if name in places:
                raise SettingsInvalid(f"the result has two columns {name!r}; name one of them differently")
            places[name] = place
        shown = ", ".join(names) or "none"
        for needed in (PLAN, NAME) if listing else (PLAN,):
            if needed not in places:
                raise SettingsInvalid(
                    f"the result has no column {needed!r}, only {shown}; write `SELECT … AS {needed}`"
                )
        plan, name_place = places.pop(PLAN), places.pop(NAME) if listing else None
        for name in places:
            if not PARAM_NAME.fullmatch(name) or name in VARIABLES:
                raise SettingsInvalid(
                    f"the column {name!r} cannot be a param; leave it out, or name it with a-z, 0-9 and _: "
                    f"`… AS name`, and none of {', '.join(sorted(VARIABLES))}"
                )
        return cls(tuple(names), places, plan, name_place, plans)

    def read(self, rows: Sequence[Sequence[object]]) -> Saying | None:
        """
        What all rows of one name say together; `None` where there is none.

        Raises:
            RowInvalid: they contradict one another, or a value cannot be used.
        """
        sayings = {self._saying(row) for row in rows}
        if len(sayings) > 1:
            raise RowInvalid(f"has {len(rows)} rows, and they say different things; the query has to choose one")
        return sayings.pop() if sayings else None

    def name_of(self, row: Sequence[object]) -> str | None:
        """The name that a row of a listing is about; `None` where it says none."""
        return None if self.name is None else _text(row[self.name], NAME)

    def _saying(self, row: Sequence[object]) -> Saying:
        plan = self._plan(_text(row[self.plan], PLAN))
        if plan is None:
            return Saying(None, params_text.NONE)
        given = {name: _text(row[place], name) for name, place in self.params.items()}
        return Saying(plan, params_text.encode({name: text for name, text in given.items() if text is not None}))

    def _plan(self, text: str | None) -> str | None:
        if text is None or self.plans is None:
            return text
        key = self.plans.get(text, self.plans.get(ANYTHING_ELSE))
        if key is None:
            raise RowInvalid(f"is {text[:80]!r}, which query_plans does not list; add it, or {ANYTHING_ELSE!r}", PLAN)
        return key or None


def _text(value: object, column: str) -> str | None:
    """
    A value as the text that it stands for; `None` where it is unset: NULL, or nothing but white space.

    Whole numbers are written as such, whatever type the engine gives them; MariaDB makes decimals of what a CASE mixes.
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
    # Its size first: Decimal("1e999999999") is whole, and written out it would fill the memory.
    if not value.is_finite() or not -_HUGE < value < _HUGE or value != int(value):
        raise RowInvalid("is a number with a fraction, or a huge one; convert it to text in the query", column)
    return str(int(value))
