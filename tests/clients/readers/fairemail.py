"""FairEmail (clients.md A3, A5, C2, C3): autoconfig, then Autodiscover, both by tag names as written."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import (
    AUTODISCOVER,
    FROM_SOURCE,
    SSL,
    STARTTLS,
    Client,
    Found,
    Refused,
    Step,
    logins_unread,
)
from tests.clients.readers.pox import request_body
from tests.clients.readers.pull import END, FINISHED, START, TEXT, Pull
from tests.clients.readers.urls import MAIN, WELL_KNOWN, autoconfig, autodiscover, raw
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person

_TLS = {True: STARTTLS, False: SSL}
_ACCEPTED = range(200, 201)


def _steps(person: Person) -> list[Step]:
    pairs = [("https", MAIN), ("https", WELL_KNOWN), ("http", MAIN), ("http", WELL_KNOWN)]
    urls = [(f"{s} {place}", autoconfig(s, place, person.domain, raw(person.address))) for s, place in pairs]
    steps = [Step(name, url, partial(_get, url), partial(read_autoconfig, person=person)) for name, url in urls]
    places = [
        ("Autodiscover on the domain", autodiscover(person.domain)),
        ("Autodiscover", autodiscover(f"autodiscover.{person.domain}")),
    ]
    for name, url in places:
        read = partial(read_autodiscover, person=person)
        steps.append(Step(name, url, partial(_post, url, person), read, AUTODISCOVER))
    return steps


def _get(url: str, wire: Wire) -> bytes:
    return body_of(fetch(wire, Request(url), Redirects.SAME_SCHEME, limit=5), _ACCEPTED)


def _post(url: str, person: Person, wire: Wire) -> bytes:
    # The app sets no type; this is what Android's HttpURLConnection then says.
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = Request(url, "POST", headers, request_body(person.address))
    return body_of(fetch(wire, request, Redirects.SAME_SCHEME, limit=5), _ACCEPTED)


@dataclass(slots=True)
class _Server:
    host: str = ""
    port: int = 0
    starttls: bool = False


@dataclass(slots=True)
class _Provider:
    """There is one user name for both directions."""

    imap: _Server = field(default_factory=_Server)
    smtp: _Server = field(default_factory=_Server)
    username: str = "%EMAILADDRESS%"

    def found(self, person: Person) -> tuple[Found, ...]:
        if not all(server.host and server.port for server in (self.imap, self.smtp)):
            raise Refused("no IMAP or no SMTP server")
        whole = {"%EMAILADDRESS%": person.address, "%EMAILLOCALPART%": person.local}
        user = whole.get(self.username, self.username)
        return tuple(
            Found(kind, server.host, server.port, _TLS[server.starttls], None, user)
            for kind, server in (("imap", self.imap), ("smtp", self.smtp))
        )


def read_autoconfig(document: bytes, person: Person) -> tuple[Found, ...]:
    """What the loop of `getISPDB` ends with; it looks at the first section of each direction only."""
    pull, provider = Pull(document), _Provider()
    seen: set[str] = set()
    server: _Server | None = None
    event = pull.next()
    while event.kind != FINISHED:
        if event.kind == START and event.name in {"incomingServer", "outgoingServer"} and event.name not in seen:
            seen.add(event.name)
            kind = event.attributes.get("type")
            server = {"imap": provider.imap, "smtp": provider.smtp}.get(kind or "") or _Server()
        elif event.kind == START and server is not None:
            name, event = event.name, pull.next()
            if event.kind == TEXT:
                _take(server, provider, name, event.text)
            continue
        elif event.kind == END and event.name in {"incomingServer", "outgoingServer"}:
            server = None
        event = pull.next()
    return provider.found(person)


def _take(server: _Server, provider: _Provider, name: str, text: str) -> None:
    if name == "hostname":
        server.host = text
    elif name == "port":
        server.port = _integer(text)
        server.starttls = server.port == (143 if server is provider.imap else 587)
    elif name == "socketType" and text in {"SSL", "STARTTLS"}:
        server.starttls = text == "STARTTLS"
    elif name == "username" and text:
        provider.username = text


def _integer(text: str) -> int:
    """Java's `Integer.parseInt`, which trims nothing."""
    if not text.removeprefix("-").removeprefix("+").isdigit():
        raise Refused(f"port {text!r}")
    return int(text)


def read_autodiscover(document: bytes, person: Person) -> tuple[Found, ...]:
    """What the loop of `getMSAutodiscovery` ends with: the last of each protocol; no switch is read, no user name."""
    pull, provider = Pull(document), _Provider()
    account = protocol = False
    said: set[tuple[str, str]] = set()
    texts: dict[str, str] = {}
    event = pull.next()
    while event.kind != FINISHED:
        if event.kind == START and event.name == "Account":
            account = True
        elif event.kind == START and account and event.name == "Protocol":
            protocol = True
        elif event.kind == START and account and event.name in {"AccountType", "Action"}:
            name, event = event.name, pull.next()
            said.add((name, event.text))
            continue
        elif event.kind == START and protocol and said >= {("AccountType", "email"), ("Action", "settings")}:
            name, event = event.name, pull.next()
            texts[name] = event.text
            continue
        elif event.kind == END and event.name == "Account":
            account, said = False, set()
        elif event.kind == END and event.name == "Protocol":
            _take_protocol(provider, texts)
            protocol, texts = False, {}
        event = pull.next()
    return provider.found(person)


def _take_protocol(provider: _Provider, texts: dict[str, str]) -> None:
    port = texts.get("Port", "")
    if "Server" not in texts or not port.isdigit():
        return
    if texts.get("Type") == "IMAP":
        provider.imap = _Server(texts["Server"], int(port), int(port) == 143)
    elif texts.get("Type") == "SMTP":
        provider.smtp = _Server(texts["Server"], int(port), int(port) == 587)


CLIENT = Client(
    "FairEmail",
    "FairEmail `e23dd9df80`, 2026-08-22 (1.2331)",
    FROM_SOURCE,
    ("imap", "smtp"),
    "the login method; SRV records win over both files; Autodiscover gives it TLS by the port and no user name",
    _steps,
    logins_unread,
    logins_unread,
)
