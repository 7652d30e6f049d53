"""
GNOME Online Accounts: the draft's old path first, and under the names of the mail exchanger nothing else.

It fills in hosts and the kind of TLS, and never a port; a user name only where it is one placeholder and nothing more.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import (
    FROM_SOURCE,
    SSL,
    STARTTLS,
    Client,
    Found,
    Refused,
    Step,
    logins_unread,
    one_of_each,
)
from tests.clients.readers.tree import Node, local, parse
from tests.clients.readers.urls import MAIL_V1, MAIN, WELL_KNOWN, autoconfig, encoded_where_needed
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person

_SOCKET = {"ssl": SSL, "starttls": STARTTLS}
_PORTS = {("imap", SSL): 993, ("imap", STARTTLS): 143, ("smtp", SSL): 465, ("smtp", STARTTLS): 587}


def _steps(person: Person) -> list[Step]:
    query = encoded_where_needed(person.address)
    urls = {
        "https mail-v1": f"https://autoconfig.{person.domain}{MAIL_V1}{query}",
        f"https {MAIN}": autoconfig("https", MAIN, person.domain, query),
        f"https {WELL_KNOWN}": autoconfig("https", WELL_KNOWN, person.domain),
        f"http {MAIN}": autoconfig("http", MAIN, person.domain),
    }
    for name in dict.fromkeys((person.mx, person.mx_base)):
        if name:
            urls[f"https mail-v1, MX {name}"] = f"https://autoconfig.{name}{MAIL_V1}{query}"
    return [Step(name, url, partial(_get, url), partial(read, person=person)) for name, url in urls.items()]


def _get(url: str, wire: Wire) -> bytes:
    return body_of(fetch(wire, Request(url), Redirects.FOLLOW, limit=20), range(200, 201))


def read(document: bytes, person: Person) -> tuple[Found, ...]:
    """What the fields of the dialog are filled with: the first server of each kind."""
    root = parse(document)
    if local(root.name) != "clientConfig":
        raise Refused("no clientConfig")
    provider = _named(root, "emailProvider")
    servers = [
        node
        for name in ("incomingServer", "outgoingServer")
        for node in (provider.children if provider else [])
        if local(node.name) == name
    ]
    kinds = [(node.attributes.get("type", "").lower(), node) for node in servers]
    return one_of_each([_server(kind, node, person) for kind, node in kinds if kind in {"imap", "smtp"}])


def _server(kind: str, node: Node, person: Person) -> Found:
    texts = {name: _text(node, name) for name in ("hostname", "socketType", "username")}
    # The dialog has no choice without TLS.
    tls = _SOCKET.get(texts["socketType"].lower(), SSL)
    names = {
        "%emailaddress%": person.address,
        "%emaillocalpart%": person.local,
        "%emaildomain%": person.domain,
    }
    username = names.get(texts["username"].lower(), "")
    return Found(kind, texts["hostname"], _PORTS[kind, tls], tls, None, username)


def _named(node: Node, name: str) -> Node | None:
    """The first element below of that name."""
    for child in node.children:
        if local(child.name) == name:
            return child
        if found := _named(child, name):
            return found
    return None


def _text(node: Node, name: str) -> str:
    leaf = _named(node, name)
    return leaf.text if leaf else ""


CLIENT = Client(
    "GNOME Online Accounts",
    "`goamailclient.c` with discovery (index id 1510146125), date unknown",
    FROM_SOURCE,
    ("imap", "smtp"),
    "the login method, and the port, by the kind of TLS",
    _steps,
    logins_unread,
)
