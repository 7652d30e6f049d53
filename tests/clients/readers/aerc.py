"""
aerc: Go's XML decoder over any answer. Only a user name that is `%EMAILADDRESS%` is filled; another placeholder stays.

It asks DNS SRV beside us, and takes that where it is there.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from tests.clients.readers.client import (
    FROM_SOURCE,
    PLAIN,
    SSL,
    STARTTLS,
    Client,
    Found,
    Refused,
    Step,
    logins_unread,
)
from tests.clients.readers.tree import Node, local, parse
from tests.clients.readers.urls import MAIN, WELL_KNOWN, autoconfig
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person

_SOCKET = {"plain": PLAIN, "ssl": SSL}


def _steps(person: Person) -> list[Step]:
    query = f"?emailaddress={quote_plus(person.address)}"
    urls = {f"https {place}": autoconfig("https", place, person.domain, query) for place in (MAIN, WELL_KNOWN)}
    return [Step(name, url, partial(_get, url, person), partial(read, person=person)) for name, url in urls.items()]


def _get(url: str, person: Person, wire: Wire) -> bytes:
    # `mail.ParseAddress` knows no dots side by side, and none at the ends.
    if re.search(r"^\.|\.\.|\.$", person.local):
        raise Refused("no address")
    answer = fetch(wire, Request(url), Redirects.FOLLOW)
    try:
        read(answer.body, person)  # whatever the status is
    except Refused:
        return body_of(answer)
    return answer.body


def read(document: bytes, person: Person) -> tuple[Found, ...]:
    """The first IMAP server; of several for sending, what stands last."""
    root = parse(document)
    if local(root.name) != "clientConfig":
        raise Refused("no clientConfig")
    providers = _all(root, "emailProvider")
    incoming = [node for provider in providers for node in _all(provider, "incomingServer")]
    outgoing = [node for provider in providers for node in _all(provider, "outgoingServer")]
    imap = next((node for node in incoming if node.attributes.get("type", "").lower() == "imap"), None)
    if imap is None:
        raise Refused("no IMAP server")
    return _server("imap", [imap], person), _server("smtp", outgoing, person)


def _server(kind: str, sections: list[Node], person: Person) -> Found:
    texts: dict[str, str] = {}
    for section in sections:  # each is decoded over the one before
        texts |= {local(leaf.name): leaf.text for leaf in section.children}
    port, username = texts.get("port", ""), texts.get("username", "")
    if not re.fullmatch(r"[+-]?[0-9]+", port):
        raise Refused(f"port {port!r}")
    tls = _SOCKET.get(texts.get("socketType", "").lower(), STARTTLS)
    username = person.address if username.lower() == "%emailaddress%" else username
    return Found(kind, texts.get("hostname", ""), int(port), tls, None, username)


def _all(node: Node, name: str) -> list[Node]:
    return [child for child in node.children if local(child.name) == name]


CLIENT = Client(
    "aerc",
    "rjarry/aerc `932d9a4` (`lib/autoconfig`), date unknown",
    FROM_SOURCE,
    ("imap", "smtp"),
    "the login method; SRV records win over the file",
    _steps,
    logins_unread,
)
