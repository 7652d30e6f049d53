"""Where a program cannot arrive at the provider's table: what happens instead, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.clients.readers.cases import CASES
from tests.clients.readers.client import AUTOCONFIG, AUTODISCOVER, CLEARTEXT, ENCRYPTED, PLAIN, STARTTLS, Found, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.clients.readers.cases import Case
    from tests.clients.readers.client import Client, Person, Step


@dataclass(frozen=True, slots=True)
class Exempted:
    """One exception."""

    client: str
    formats: tuple[str, ...]
    cases: tuple[str, ...]
    """Domains."""
    instead: str
    """What the program does, in a sentence."""
    reason: str
    """Why, with the section of clients.md."""
    change: Callable[[Found, Person], Found]
    """From what the table says to what the program has; raises `Refused` where it ends with nothing."""

    def holds(self, client: Client, step: Step, case: Case) -> bool:
        """Whether this is about that step of that client for that domain."""
        return self.client == client.name and step.format in self.formats and case.domain in self.cases


def arrives(client: Client, step: Step, case: Case) -> tuple[Found, ...]:
    """
    What a client ends with at one of its steps, by the provider's table and the exceptions.

    Raises:
        Refused: an exception says that it ends with nothing.
    """
    servers: Sequence[Found] = client.of(case.servers, step.format)
    for exempted in EXEMPTED:
        if exempted.holds(client, step, case):
            servers = [exempted.change(server, case.person) for server in servers]
    return tuple(servers)


_BOTH = (AUTOCONFIG, AUTODISCOVER)
_ENCRYPTED = tuple(case.domain for case in CASES.values() if case.servers[0].logins == (ENCRYPTED,))
_PLAIN_ONLY = tuple(case.domain for case in CASES.values() if case.servers[0].tls == PLAIN)
_OTHER_NAME = tuple(case.domain for case in CASES.values() if case.servers[0].username != case.person.address)
_TWO_NAMES = ("two-names.example",)
_NOT_ADDRESS = (*_OTHER_NAME, *_TWO_NAMES)
_LOCAL_NAME = ("local-name.example",)


def _refuses(_server: Found, _person: Person) -> Found:
    raise Refused("socketType plain")


def _starttls(server: Found, _person: Person) -> Found:
    return replace(server, tls=STARTTLS) if server.tls == PLAIN else server


def _cleartext(server: Found, _person: Person) -> Found:
    return replace(server, logins=(CLEARTEXT,))


def _address(server: Found, person: Person) -> Found:
    return replace(server, username=person.address)


def _outgoing_name(server: Found, person: Person) -> Found:
    return replace(server, username=person.local)


def _own_name(server: Found, person: Person) -> Found:
    return replace(server, username=person.name) if server.username == person.local else server


EXEMPTED = (
    Exempted(
        "Thunderbird Android",
        (AUTOCONFIG,),
        _PLAIN_ONLY,
        "It throws the whole document away and asks the user for everything.",
        "It knows `SSL` and `STARTTLS` only, and the plan has no TLS port for receiving (0.2, A5).",
        _refuses,
    ),
    Exempted(
        "FairEmail",
        _BOTH,
        _PLAIN_ONLY,
        "It takes STARTTLS on port 143, and connects only if the server has it there.",
        "It has no unprotected mode: `plain` is an unknown word to it and port 143 means STARTTLS (A5, C3).",
        _starttls,
    ),
    Exempted(
        "FairEmail",
        (AUTODISCOVER,),
        _NOT_ADDRESS,
        "It logs in as the full address.",
        "It reads no `LoginName` (C3; seen in its source).",
        _address,
    ),
    Exempted(
        "FairEmail",
        (AUTOCONFIG,),
        _TWO_NAMES,
        "It logs in as the outgoing user name in both directions.",
        "It has one user name an account, and the last that it reads stays (A5; seen in its source).",
        _outgoing_name,
    ),
    Exempted(
        "Geary",
        (AUTOCONFIG,),
        _NOT_ADDRESS,
        "It fills in the full address; the user has to change it.",
        "It ignores `username` (A5).",
        _address,
    ),
    Exempted(
        "Delta Chat",
        (AUTODISCOVER,),
        _NOT_ADDRESS,
        "It logs in as the full address; its autoconfig steps come first and are right.",
        "It asks without an address and reads no `LoginName` (Decisions, C3).",
        _address,
    ),
    Exempted(
        "Nextcloud Mail",
        (AUTOCONFIG,),
        (*_LOCAL_NAME, *_TWO_NAMES),
        "It logs in as the user's own name; the user has to change it.",
        "It replaces `%EMAILLOCALPART%` by the personal name (A5, a bug of it).",
        _own_name,
    ),
    Exempted(
        "Outlook 2010+",
        (AUTODISCOVER,),
        _ENCRYPTED,
        "It logs in with the normal password, which the server has to accept too; on `legacy-os` without TLS.",
        "Autodiscover has no word for CRAM-MD5, and Outlook no switch (G, provider.md 5).",
        _cleartext,
    ),
    Exempted(
        "Thunderbird",
        (AUTODISCOVER,),
        _ENCRYPTED,
        "It takes the normal password; its autoconfig steps win and are right.",
        "Autodiscover has no word for CRAM-MD5; `SPA` on would mean NTLM (C3, thunderbird.md 6).",
        _cleartext,
    ),
)
