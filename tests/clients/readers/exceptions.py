"""Where a program cannot arrive at the provider's table: what happens instead, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.clients.readers.cases import CASES
from tests.clients.readers.client import (
    AUTOCONFIG,
    AUTODISCOVER,
    CLEARTEXT,
    ENCRYPTED,
    PLAIN,
    SSL,
    STARTTLS,
    Found,
    Refused,
)

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
    with_address: bool = False
    """Whether it is only about requests that have the address in the URL."""

    def holds(self, client: Client, step: Step, case: Case) -> bool:
        """Whether this is about that step of that client for that domain."""
        about = self.client == client.name and step.format in self.formats and case.domain in self.cases
        return about and ("?" in step.url or not self.with_address)


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
_MADE_UP = tuple(domain for domain in _OTHER_NAME if domain not in _LOCAL_NAME)
_STARTTLS = tuple(case.domain for case in CASES.values() if any(s.tls == STARTTLS for s in case.servers))


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


def _without_tls(server: Found, _person: Person) -> Found:
    return replace(server, tls=PLAIN) if server.tls == STARTTLS else server


def _implicit_tls(server: Found, _person: Person) -> Found:
    return replace(server, tls=SSL, port=993) if server.tls == PLAIN else server


def _no_name(server: Found, person: Person) -> Found:
    return server if server.username == person.address else replace(server, username="")


def _local_part(server: Found, person: Person) -> Found:
    return replace(server, username=person.local)


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
        "Horde",
        (AUTOCONFIG,),
        _STARTTLS,
        "It connects without TLS, which the server refuses.",
        "It has no word for STARTTLS: anything but `SSL` is without TLS.",
        _without_tls,
    ),
    Exempted(
        "GNOME Online Accounts",
        (AUTOCONFIG,),
        _PLAIN_ONLY,
        "It chooses TLS from the first byte, on that port.",
        "Its dialog has no choice without TLS.",
        _implicit_tls,
    ),
    Exempted(
        "GNOME Online Accounts",
        (AUTOCONFIG,),
        _MADE_UP,
        "It leaves the user name empty; the user has to fill it in.",
        "It reads a user name that is one placeholder, and no other.",
        _no_name,
    ),
    Exempted(
        "GNOME Online Accounts",
        (AUTOCONFIG,),
        (*_LOCAL_NAME, *_TWO_NAMES),
        "It leaves that user name empty where it sends the address; the user has to fill it in.",
        "It reads a user name that is one placeholder, and to an address the local part is given itself, for aerc.",
        _no_name,
        with_address=True,
    ),
    Exempted(
        "SnappyMail",
        _BOTH,
        _MADE_UP,
        "It logs in as the local part.",
        "It knows the address and the local part, and no other user name.",
        _local_part,
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
        "Autodiscover has no word for CRAM-MD5; `SPA` on would mean NTLM (C3).",
        _cleartext,
    ),
)
