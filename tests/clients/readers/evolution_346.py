"""
Debian 12's Evolution 3.46: reads as later ones do, and asks for a mailbox that nobody has, `EVOLUTIONUSER@` the domain.

Where nothing is found it asks on under the name of the domain's name server, which is no name of ours, instead of the
mail exchanger's.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import FROM_SOURCE, Client, Person, Step
from tests.clients.readers.evolution import digest, get, read
from tests.clients.readers.urls import MAIN, WELL_KNOWN, autoconfig, uri_escaped

if TYPE_CHECKING:
    from collections.abc import Sequence


def _steps(person: Person) -> Sequence[Step]:
    query = uri_escaped(Person(person.domain, "EVOLUTIONUSER").address) + digest(person)
    pairs = [("https", MAIN), ("http", MAIN), ("https", WELL_KNOWN), ("http", WELL_KNOWN)]
    urls = {f"{scheme} {place}": autoconfig(scheme, place, person.domain, query) for scheme, place in pairs}
    return [Step(name, url, partial(get, url), partial(read, person=person)) for name, url in urls.items()]


CLIENT = Client(
    "Evolution 3.46",
    "3.46.4 of Debian 12: the texts in its library, and `e-mail-autoconfig.c` before and after it",
    FROM_SOURCE,
    ("imap", "pop3", "smtp"),
    "OAuth2 instead of the password for hosts that it knows",
    _steps,
)
