"""KMail's account wizard (clients.md A3, A5): a DOM by tag names as written; STARTTLS wins for SMTP."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import (
    CLEARTEXT,
    ENCRYPTED,
    FROM_SOURCE,
    OAUTH2,
    PLAIN,
    SSL,
    STARTTLS,
    Client,
    Found,
    Refused,
    Step,
    one_of_each,
)
from tests.clients.readers.tree import Node, parse
from tests.clients.readers.urls import MAIN, WELL_KNOWN, autoconfig
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.clients.readers.client import Person

_SOCKET = {"plain": PLAIN, "SSL": SSL, "STARTTLS": STARTTLS}
_RANK = [PLAIN, SSL, STARTTLS]
# `client-ip-based` is KMail's own spelling.
_LOGIN = {"password-cleartext": CLEARTEXT, "plain": CLEARTEXT, "password-encrypted": ENCRYPTED, "secure": ENCRYPTED} | {
    name: name for name in ("NTLM", "GSSAPI", "client-ip-based", "none", OAUTH2)
}


def _steps(person: Person) -> list[Step]:
    pairs = [("https", MAIN), ("http", MAIN), ("https", WELL_KNOWN)]
    urls = {f"{scheme} {place}": autoconfig(scheme, place, person.domain.lower()) for scheme, place in pairs}
    return [Step(name, url, partial(_get, url, person), partial(read, person=person)) for name, url in urls.items()]


def _get(url: str, person: Person, wire: Wire) -> bytes:
    answer = fetch(wire, Request(url), Redirects.NO_DOWNGRADE)
    if answer.status != 200:
        try:
            read(answer.body, person)  # the body is read whatever the status is, beside the next request
        except Refused:
            return body_of(answer, range(200, 201))
    return answer.body


def read(document: bytes, person: Person, oauth2: Collection[str] = ("imap", "pop3", "smtp")) -> tuple[Found, ...]:
    """What the wizard offers: IMAP, POP3, and one SMTP server; for `oauth2` it knows that method."""
    root = parse(document)
    provider = next(iter(_named(root, "emailProvider")), None)
    if provider is None:
        raise Refused("no emailProvider")
    servers = [
        server
        for node in provider.children
        if (node.name, node.attributes.get("type"))
        in {("incomingServer", "imap"), ("incomingServer", "pop3"), ("outgoingServer", "smtp")}
        and (server := _server(node, person, oauth2)) is not None
    ]
    servers.sort(key=lambda s: _RANK.index(s.tls) if s.protocol == "smtp" else 0, reverse=True)
    return tuple(sorted(one_of_each(servers), key=lambda server: server.protocol))


def _named(root: Node, name: str) -> list[Node]:
    below = [found for child in root.children for found in _named(child, name)]
    return [*root.all(name), *below]


def _server(node: Node, person: Person, oauth2: Collection[str]) -> Found | None:
    host, port, tls, login, user = "", -1, PLAIN, CLEARTEXT, ""
    for leaf in node.children:
        match leaf.name:
            case "hostname":
                host = person.fill(leaf.text)
            case "port":
                port = int(leaf.text) if leaf.text.strip().isdigit() else 0
            case "socketType":
                tls = _SOCKET.get(leaf.text, tls)
            case "username":
                user = person.fill(leaf.text)
            case "authentication" if leaf.text == OAUTH2 and node.attributes["type"] not in oauth2:
                pass
            case "authentication" if login == CLEARTEXT:
                login = _LOGIN.get(leaf.text, login)
    return None if port == -1 else Found(node.attributes["type"], host, port, tls, (login,), user)


CLIENT = Client(
    "KMail",
    "kmail-account-wizard `8163b657`, 2026-07-22",
    FROM_SOURCE,
    ("imap", "pop3", "smtp"),
    "nothing; it asks Mozilla's database before us",
    _steps,
    one_answer=True,
)
