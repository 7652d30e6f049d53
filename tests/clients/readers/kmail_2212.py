"""
KMail 22.12, Debian 12's: asks by http alone, after Mozilla's database.

KIO calls an error with a body an error, and the next place is asked. An error without a body is an empty document, and
the search ends there.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import FROM_SOURCE, Client, Found, Person, Refused, Step
from tests.clients.readers.kmail import read as read_as_later
from tests.clients.readers.urls import MAIN, WELL_KNOWN, autoconfig
from tests.clients.readers.wire import Redirects, Request, Wire, fetch

if TYPE_CHECKING:
    from tests.clients.readers.wire import Answer


def _steps(person: Person) -> list[Step]:
    urls = {f"http {place}": autoconfig("http", place, person.domain.lower()) for place in (MAIN, WELL_KNOWN)}
    return [Step(name, url, partial(_get, url), partial(read, person=person)) for name, url in urls.items()]


def _get(url: str, wire: Wire) -> bytes:
    return taken(fetch(wire, Request(url), Redirects.NO_DOWNGRADE))


def taken(answer: Answer) -> bytes:
    """
    What it reads as the document.

    Raises:
        Refused: it asks the next place.
    """
    if answer.status >= 400 and answer.body:
        raise Refused(f"status {answer.status}")
    return answer.body


def read(document: bytes, person: Person) -> tuple[Found, ...]:
    """As later ones, but that OAuth2 is known for IMAP alone."""
    return read_as_later(document, person, oauth2=("imap",))


CLIENT = Client(
    "KMail 22.12",
    "kmail-account-wizard `3dfc438` of Debian 12 (`ispdb.cpp`), and reports of KIO",
    FROM_SOURCE,
    ("imap", "pop3", "smtp"),
    "nothing; it asks Mozilla's database before us",
    _steps,
    one_answer=True,
)
