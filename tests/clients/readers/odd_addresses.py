"""Addresses with which a program cannot arrive, whatever the plan: what happens instead, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.clients.readers.client import Found, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.readers.client import Person


@dataclass(frozen=True, slots=True)
class OddAddress:
    """An exception for some addresses, whichever the plan."""

    client: str
    local: str
    """The local part of an example."""
    requests: int
    """How many it sends until it ends."""
    instead: str
    reason: str
    change: Callable[[Found, Person], Found]
    """As in `Exempted`."""


def _ends(_server: Found, _person: Person) -> Found:
    raise Refused("nothing found")


def _unfilled(server: Found, person: Person) -> Found:
    return replace(server, username=server.username.replace(person.local, "%EMAILLOCALPART%"))


def _entities(server: Found, _person: Person) -> Found:
    return replace(server, username=server.username.replace("&", "&amp;"))


_AMPERSAND = "It sends the `&` as it is, so the address ends there for any server (A3)."

ODD_ADDRESSES = (
    OddAddress("Thunderbird Android", "太郎", 0, "It does not ask.", "Its address parser knows ASCII only (G).", _ends),
    OddAddress("aerc", "a..b", 0, "It does not ask.", "Go's address parser knows no dots side by side.", _ends),
    OddAddress(
        "FairEmail",
        "smith&sons",
        1,
        "A user name made of the local part keeps its placeholder.",
        _AMPERSAND,
        _unfilled,
    ),
    OddAddress(
        "Delta Chat",
        "smith&sons",
        1,
        "A user name made of the local part is misread after the `&`.",
        "Its reader does not decode entities in text (seen in its source).",
        _entities,
    ),
)
