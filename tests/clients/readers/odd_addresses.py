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


def _as_it_is(server: Found, _person: Person) -> Found:
    return server


def _ends(_server: Found, _person: Person) -> Found:
    raise Refused("nothing found")


def _unfilled(server: Found, person: Person) -> Found:
    return replace(server, username=server.username.replace(person.local, "%EMAILLOCALPART%"))


def _filled_with_own_name(server: Found, person: Person) -> Found:
    return replace(server, username=server.username.replace(person.local, person.name))


def _entities(server: Found, _person: Person) -> Found:
    return replace(server, username=server.username.replace("&", "&amp;"))


def _address(server: Found, person: Person) -> Found:
    return replace(server, username=person.address)


_UTF8 = "uvicorn refuses raw UTF-8 in a request target with 400 (A3). A library that encodes it by itself is served."
_AMPERSAND = "It sends the `&` as it is, so the address ends there for any server (A3)."

ODD_ADDRESSES = (
    OddAddress("Thunderbird Android", "太郎", 0, "It does not ask.", "Its address parser knows ASCII only (G).", _ends),
    OddAddress(
        "FairEmail",
        "太郎",
        5,
        "Its four autoconfig requests fail; it arrives by Autodiscover, with the address as user name.",
        _UTF8,
        _address,
    ),
    OddAddress("Himalaya", "太郎", 3, "Its first two requests fail; it arrives without an address.", _UTF8, _as_it_is),
    OddAddress("Nextcloud Mail", "太郎", 4, "It finds nothing.", _UTF8, _ends),
    OddAddress(
        "FairEmail",
        "smith&sons",
        1,
        "A user name made of the local part keeps its placeholder.",
        _AMPERSAND,
        _unfilled,
    ),
    OddAddress(
        "Nextcloud Mail",
        "smith&sons",
        1,
        "A user name made of the local part gets the user's own name instead.",
        _AMPERSAND,
        _filled_with_own_name,
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
