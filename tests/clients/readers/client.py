"""What a restated mail program is: the steps in which it asks, what it reads in the answers, and what it ends with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.clients.readers.wire import Wire

IMAP, POP3, SMTP = "imap", "pop3", "smtp"
SSL, STARTTLS, PLAIN = "ssl", "starttls", "plain"
AUTOMATIC = "ssl, else starttls"
"""The program tries TLS from the first byte and then STARTTLS, and never goes on without."""
CLEARTEXT, ENCRYPTED, OAUTH2 = "password-cleartext", "password-encrypted", "OAuth2"
PASSWORD = "password"
"""The program does not tell the two password methods apart."""
AUTOCONFIG, AUTODISCOVER = "autoconfig", "autodiscover"
FROM_SOURCE = "restated from its source, not run"
FROM_DOCUMENTS = "restated from documents, never run"
FROM_RUNS = "restated from runs; the program runs too, in `tests/clients/thunderbird/`"


class Refused(Exception):
    """The program takes nothing from this answer, or does not ask; says why."""


@dataclass(frozen=True, slots=True)
class Found:
    """One server as a program will use it."""

    protocol: str
    host: str
    port: int
    tls: str
    logins: tuple[str, ...] | None
    """In the program's order; `None` where it does not read them and takes what the server offers."""
    username: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who sets up an account."""

    domain: str
    """In A-labels, as programs put it into host names."""
    local: str = "taro"
    name: str = "Yamada Taro"
    mx: str = ""
    """The best mail exchanger, as the program's resolver says."""
    mx_base: str = ""
    """Its registrable domain, by the Public Suffix List."""

    @property
    def address(self) -> str:
        """As it is typed."""
        return f"{self.local}@{self.domain}"

    def fill(self, text: str) -> str:
        """Text with Mozilla's placeholders filled in."""
        filled = text.replace("%EMAILADDRESS%", self.address)
        return filled.replace("%EMAILLOCALPART%", self.local).replace("%EMAILDOMAIN%", self.domain)


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a program, and its way to read the answer."""

    name: str
    url: str
    ask: Callable[[Wire], bytes]
    """The body of an answer whose status and headers the program accepts; else `Refused`."""
    read: Callable[[bytes], tuple[Found, ...]]
    format: str = AUTOCONFIG


def _all(server: Found) -> Found:
    return server


@dataclass(frozen=True, slots=True)
class Client:
    """A mail program, restated."""

    name: str
    source: str
    """What it was restated from: the snapshot that clients.md names, or documents."""
    evidence: str
    """Whether that was source, documents, or runs of the program."""
    protocols: tuple[str, ...]
    """What it looks for in the files."""
    itself: str
    """What it decides by itself, whatever the files say."""
    steps: Callable[[Person], Sequence[Step]]
    sees: Callable[[Found], Found] = _all
    """What it can tell of a server from an autoconfig file."""
    sees_pox: Callable[[Found], Found] = _all
    """What it can tell of a server from an Autodiscover answer."""
    one_answer: bool = False
    """Whether an accepted answer that it cannot read ends the steps of that format."""

    def of(self, servers: Sequence[Found], format_: str) -> tuple[Found, ...]:
        """What it ends with if it reads all of `servers` out of a document as they are meant."""
        sees = self.sees if format_ == AUTOCONFIG else self.sees_pox
        return tuple(sees(server) for server in servers if server.protocol in self.protocols)


def discover(client: Client, person: Person, wire: Wire) -> tuple[Found, ...]:
    """
    Ask as the program does until it has an answer.

    Raises:
        Refused: it ends with nothing; says why, step for step.
    """
    refusals: list[str] = []
    given_up: set[str] = set()
    for step in client.steps(person):
        if step.format in given_up:
            continue
        try:
            body = step.ask(wire)
        except Refused as refused:
            refusals.append(f"{step.name}: {refused}")
            continue
        try:
            return step.read(body)
        except Refused as refused:
            refusals.append(f"{step.name}: {refused}")
            if client.one_answer:
                given_up.add(step.format)
    raise Refused("\n".join(refusals))


def logins_unread(server: Found) -> Found:
    """What a program sees that takes whatever login method the server offers."""
    return replace(server, logins=None)


def one_of_each(servers: Sequence[Found]) -> tuple[Found, ...]:
    """The first server of each protocol."""
    return tuple({server.protocol: server for server in reversed(servers)}[kind] for kind in _kinds(servers))


def _kinds(servers: Sequence[Found]) -> list[str]:
    return list(dict.fromkeys(server.protocol for server in servers))
