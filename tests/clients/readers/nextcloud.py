"""Nextcloud Mail: SimpleXML over what Guzzle fetches, which encodes what may not stand in a query."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

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
    one_of_each,
)
from tests.clients.readers.tree import Node, parse
from tests.clients.readers.urls import MAIN, WELL_KNOWN, autoconfig, encoded_where_needed
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person

_SOCKET = {"ssl": SSL, "starttls": STARTTLS, "tls": STARTTLS}


def _steps(person: Person) -> list[Step]:
    domains = {"": person.domain}
    if person.mx:
        domains |= {f", MX {name}": name for name in (person.mx, person.mx.partition(".")[2])}
    pairs = [("https", MAIN), ("https", WELL_KNOWN), ("http", MAIN), ("http", WELL_KNOWN)]
    urls = {
        f"{scheme} {place}{which}": autoconfig(scheme, place, domain, _guzzled(person.address))
        for which, domain in domains.items()
        for scheme, place in pairs
    }
    return [Step(name, url, partial(_get, url), partial(read, person=person)) for name, url in urls.items()]


def _guzzled(address: str) -> str:
    """As Guzzle's `Uri` has a query: a percent sign stays only before two digits."""
    return re.sub("%(?![0-9A-Fa-f]{2})", "%25", encoded_where_needed(address))


def _get(url: str, wire: Wire) -> bytes:
    return body_of(fetch(wire, Request(url), Redirects.FOLLOW, limit=5))


def read(document: bytes, person: Person) -> tuple[Found, ...]:
    """The first IMAP and the first SMTP server; one of them is enough."""
    provider = parse(document).first("emailProvider")
    if provider is None:
        raise Refused("no emailProvider")
    incoming = [node for node in provider.all("incomingServer") if node.attributes.get("type") == "imap"]
    outgoing = [node for node in provider.all("outgoingServer") if node.attributes.get("type") == "smtp"]
    servers = [_server(node, person) for node in [*incoming, *outgoing]]
    if not servers:
        raise Refused("no IMAP and no SMTP server")
    return one_of_each(servers)


def _server(node: Node, person: Person) -> Found:
    host, port, socket, user = (
        leaf.text if (leaf := node.first(name)) else "" for name in ("hostname", "port", "socketType", "username")
    )
    number = re.match(r"\s*\d+", port)
    user = user.replace("%EMAILADDRESS%", person.address).replace("%EMAILLOCALPART%", person.local)
    return Found(
        node.attributes["type"],
        host,
        int(number[0]) if number else 0,
        _SOCKET.get(socket.lower(), PLAIN),
        None,
        user.replace("%EMAILDOMAIN%", person.domain),
    )


CLIENT = Client(
    "Nextcloud Mail",
    "nextcloud/mail of 2024 and later (`IspDb.php`, in ebfming/yoomail `aca9a2d`)",
    FROM_SOURCE,
    ("imap", "smtp"),
    "the login method",
    _steps,
    logins_unread,
)
