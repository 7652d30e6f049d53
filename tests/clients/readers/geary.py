"""Geary (clients.md A3, A5): the first server of each direction and no other, whatever the HTTP status."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import FROM_SOURCE, PLAIN, SSL, STARTTLS, Client, Found, Refused, Step, logins_unread
from tests.clients.readers.tree import Node, local, parse
from tests.clients.readers.urls import MAIN, autoconfig
from tests.clients.readers.wire import Redirects, Request, Wire, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person

_SOCKET = {"SSL": SSL, "STARTTLS": STARTTLS}


def _steps(person: Person) -> list[Step]:
    url = autoconfig("https", MAIN, person.domain)
    return [Step(f"https {MAIN}", url, partial(_get, url), partial(read, person=person))]


def _get(url: str, wire: Wire) -> bytes:
    return fetch(wire, Request(url), Redirects.FOLLOW, limit=20).body


def read(document: bytes, person: Person) -> tuple[Found, ...]:
    """What the fields of the account editor are filled with; the user name stays the address that was typed."""
    provider = _child(parse(document), "emailProvider")
    incoming, outgoing = _child(provider, "incomingServer"), _child(provider, "outgoingServer")
    if incoming is None or outgoing is None:
        raise Refused("no server")
    if incoming.attributes.get("type") != "imap" or outgoing.attributes.get("type") != "smtp":
        raise Refused("the first servers are not IMAP and SMTP")
    return _server("imap", incoming, person), _server("smtp", outgoing, person)


def _server(kind: str, node: Node, person: Person) -> Found:
    host, port, socket = (_text(node, name) for name in ("hostname", "port", "socketType"))
    if not host or not port.isdigit() or int(port) > 65535:
        raise Refused(f"{host}:{port} is no place to connect to")
    return Found(kind, host, int(port), _SOCKET.get(socket, PLAIN), None, person.address)


def _child(node: Node | None, name: str) -> Node | None:
    return next((child for child in node.children if local(child.name) == name), None) if node else None


def _text(node: Node, name: str) -> str:
    leaf = _child(node, name)
    return leaf.text if leaf else ""


CLIENT = Client(
    "Geary",
    "geary `3e8d4f1a3`, 2026-05-13",
    FROM_SOURCE,
    ("imap", "smtp"),
    "the login method; the user name is the address until the user changes it",
    _steps,
    logins_unread,
)
