"""
Delta Chat (clients.md A3, A5, C3): quick-xml by lower-cased tag names, at any depth; Autodiscover by GET.

Any well-formed body with a 2xx ends the search, even one with no server in it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import (
    AUTODISCOVER,
    AUTOMATIC,
    FROM_SOURCE,
    PLAIN,
    SSL,
    STARTTLS,
    Client,
    Found,
    Step,
    logins_unread,
    one_of_each,
)
from tests.clients.readers.tokens import END, START, TEXT, tokens
from tests.clients.readers.urls import MAIN, WELL_KNOWN, all_but_dot, autoconfig, autodiscover
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person

_SOCKET = {"ssl": SSL, "starttls": STARTTLS, "plain": PLAIN}


def _steps(person: Person) -> list[Step]:
    read, read_pox = partial(read_autoconfig, person=person), partial(read_autodiscover, person=person)
    main = autoconfig("https", MAIN, person.domain, all_but_dot(person.address))
    well_known = autoconfig("https", WELL_KNOWN, person.domain)
    domain, sub = autodiscover(person.domain), autodiscover(f"autodiscover.{person.domain}")
    return [
        Step(f"https {MAIN}", main, partial(_get, main), read),
        Step(f"https {WELL_KNOWN}", well_known, partial(_get, well_known), read),
        Step("Autodiscover on the domain, GET", domain, partial(_get, domain), read_pox, AUTODISCOVER),
        Step("Autodiscover, GET", sub, partial(_get, sub), read_pox, AUTODISCOVER),
    ]


def _get(url: str, wire: Wire) -> bytes:
    return body_of(fetch(wire, Request(url), Redirects.ABSOLUTE))


def read_autoconfig(document: bytes, person: Person) -> tuple[Found, ...]:
    """All IMAP and SMTP sections in order, of which the first that works is used."""
    servers = [
        Found(kind, person.fill(t["hostname"]), _port(t["port"]), _tls(t), None, person.fill(t["username"]))
        for kind, t in _sections(document, {"incomingserver", "outgoingserver"})
        if kind in {"imap", "smtp"} and {"hostname", "port", "username"} <= set(t)
    ]
    return one_of_each(servers)


def read_autodiscover(document: bytes, person: Person) -> tuple[Found, ...]:
    """By Type, Server, Port and SSL; without a user name it uses the address."""
    servers = [
        Found(
            texts["type"].lower(),
            texts["server"],
            _port(texts["port"]),
            PLAIN if texts.get("ssl") == "off" else AUTOMATIC,
            None,
            person.address,
        )
        for _, texts in _sections(document, {"protocol"})
        if {"type", "server", "port"} <= set(texts) and texts["type"].lower() in {"imap", "smtp"}
    ]
    return one_of_each(servers)


def _sections(document: bytes, names: set[str]) -> list[tuple[str, dict[str, str]]]:
    """Of each such element its type, and the last text in each element under it, trimmed."""
    found: list[tuple[str, dict[str, str]]] = []
    section = leaf = ""
    for token in tokens(document.decode("utf-8", "replace").encode()):
        name = token.name.lower()
        if token.kind == START and not section and name in names:
            attributes = {key.lower(): value for key, value in token.attributes.items()}
            section = name
            found.append((attributes.get("type", "").lower(), {}))
        elif token.kind == START:
            leaf = name
        elif token.kind == END and name == section:
            section = leaf = ""
        elif token.kind == END and "protocol" in names and name == leaf:
            leaf = ""
        elif token.kind == TEXT and section and leaf and (text := token.text.strip()):
            found[-1][1][leaf] = text
    return found


def _port(text: str) -> int:
    return int(text) if text.isdigit() and int(text) < 65536 else 0


def _tls(texts: dict[str, str]) -> str:
    return _SOCKET.get(texts.get("sockettype", "").lower(), AUTOMATIC)


def _sees_pox(server: Found) -> Found:
    """It cannot tell TLS from STARTTLS, and tries both."""
    return replace(server, logins=None, tls=server.tls if server.tls == PLAIN else AUTOMATIC)


CLIENT = Client(
    "Delta Chat",
    "chatmail/core `48888898e`, 2026-08-22",
    FROM_SOURCE,
    ("imap", "smtp"),
    "the login method; with Autodiscover the user name, and which kind of TLS works",
    _steps,
    logins_unread,
    _sees_pox,
)
