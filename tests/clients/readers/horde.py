"""
Horde's `Mail_Autoconfig`, with which IMP and others find servers: SimpleXML, asked by http first and never by https.

It has no word for STARTTLS: anything but `SSL` is without TLS. It searches twice, for receiving and for sending.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import FROM_SOURCE, PLAIN, SSL, Client, Found, Refused, Step, logins_unread
from tests.clients.readers.tree import Node, parse
from tests.clients.readers.urls import MAIN, WELL_KNOWN, autoconfig, form_encoded
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person


def _steps(person: Person) -> list[Step]:
    urls = {
        f"http {MAIN}": autoconfig("http", MAIN, person.domain, form_encoded(person.address)),
        f"http {WELL_KNOWN}": autoconfig("http", WELL_KNOWN, person.domain),
    }
    return [Step(name, url, partial(_get, url, person), partial(read, person=person)) for name, url in urls.items()]


def _get(url: str, person: Person, wire: Wire) -> bytes:
    answer = fetch(wire, Request(url), Redirects.FOLLOW, limit=5)
    if answer.status == 404:
        return body_of(answer)
    try:
        read(answer.body, person)  # whatever else the status is
    except Refused:
        return body_of(answer)
    return answer.body


def read(document: bytes, person: Person) -> tuple[Found, ...]:
    """The first server for receiving and the first for sending; it goes on to others where one does not let it in."""
    provider = parse(document).first("emailProvider")
    if provider is None:
        raise Refused("no emailProvider")
    incoming = [node for node in provider.all("incomingServer") if node.attributes.get("type") in {"imap", "pop3"}]
    outgoing = [node for node in provider.all("outgoingServer") if node.attributes.get("type") == "smtp"]
    if not incoming or not outgoing:
        raise Refused("no server of one direction")
    return _server(incoming[0], person), _server(outgoing[0], person)


def _server(node: Node, person: Person) -> Found:
    host, port, socket, user = (
        leaf.text if (leaf := node.first(name)) else "" for name in ("hostname", "port", "socketType", "username")
    )
    number = re.match(r"\s*\d+", port)
    tls = SSL if socket.lower() == "ssl" else PLAIN
    user = user.replace("%EMAILADDRESS%", person.address).replace("%EMAILLOCALPART%", person.local)
    return Found(node.attributes["type"], host, int(number[0]) if number else 0, tls, None, user)


CLIENT = Client(
    "Horde",
    "horde/Mail_Autoconfig `08859ca`, 2026 (`Driver/Thunderbird.php`)",
    FROM_SOURCE,
    ("imap", "smtp"),
    "the login method, by trying; SRV records win over the file",
    _steps,
    logins_unread,
)
