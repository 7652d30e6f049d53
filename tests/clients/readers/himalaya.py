"""Himalaya's io-pim-discovery (clients.md A3, A5): serde, where one unknown value costs the whole document."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import (
    CLEARTEXT,
    ENCRYPTED,
    FROM_SOURCE,
    OAUTH2,
    PASSWORD,
    PLAIN,
    SSL,
    STARTTLS,
    Client,
    Found,
    Refused,
    Step,
    one_of_each,
)
from tests.clients.readers.tree import Node, local, parse
from tests.clients.readers.urls import MAIN, WELL_KNOWN, autoconfig, raw
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person

_SOCKET = {"SSL": SSL, "STARTTLS": STARTTLS, "plain": PLAIN}
# GSSAPI is missing: its table says GSAPI.
_LOGIN = {CLEARTEXT: PASSWORD, ENCRYPTED: PASSWORD, OAUTH2: OAUTH2} | dict.fromkeys(
    ("NTLM", "GSAPI", "client-IP-address", "TLS-client-cert", "none"), ""
)
_PORTS = {("imap", SSL): 993, ("imap", STARTTLS): 143, ("imap", PLAIN): 143, ("pop3", SSL): 995} | {
    ("pop3", STARTTLS): 110, ("pop3", PLAIN): 110, ("smtp", SSL): 465, ("smtp", STARTTLS): 587, ("smtp", PLAIN): 25
}  # fmt: skip
_OAUTH2 = ("issuer", "scope", "authURL", "tokenURL")


def _steps(person: Person) -> list[Step]:
    query = raw(person.address)
    urls = {
        f"https {MAIN}": autoconfig("https", MAIN, person.domain, query),
        f"http {MAIN}": autoconfig("http", MAIN, person.domain, query),
        f"https {WELL_KNOWN}": autoconfig("https", WELL_KNOWN, person.domain),
        f"http {WELL_KNOWN}": autoconfig("http", WELL_KNOWN, person.domain),
    }
    return [Step(name, url, partial(_get, url), partial(read, person=person)) for name, url in urls.items()]


def _get(url: str, wire: Wire) -> bytes:
    return body_of(fetch(wire, Request(url), Redirects.ERROR))


def read(document: bytes, person: Person) -> tuple[Found, ...]:
    """What `from_autoconfig` flattens the document to."""
    root = parse(document)
    _attribute(root, "version")
    provider = _one(root, "emailProvider")
    if provider is None:
        raise Refused("no emailProvider")
    _attribute(provider, "id")
    for name in ("displayName", "displayShortName"):
        _one(provider, name)
    for page in _all(provider, "documentation"):
        _attribute(page, "url")
        if not all(text.text for text in _all(page, "descr")):
            raise Refused("descr without text")
    oauth2 = _one(root, "oAuth2")
    if oauth2 is not None and not all(_one(oauth2, name) for name in _OAUTH2):
        raise Refused("oAuth2 is incomplete")
    nodes = [*_all(provider, "incomingServer"), *_all(provider, "outgoingServer")]
    servers = [server for node in nodes if (server := _server(node, person, oauth2=oauth2 is not None)) is not None]
    if not servers:
        raise Refused("no server")
    return one_of_each(servers)


def _server(node: Node, person: Person, *, oauth2: bool) -> Found | None:
    kind = _attribute(node, "type")
    if kind not in {"imap", "pop3", "smtp"}:
        raise Refused(f"type {kind}")
    host, port, socket, username = (_one(node, name) for name in ("hostname", "port", "socketType", "username"))
    tls = _SOCKET.get(socket.text) if socket is not None else SSL
    if tls is None:
        raise Refused("an unknown socketType")
    methods = [leaf.text for leaf in _all(node, "authentication")]
    if not set(methods) <= set(_LOGIN):
        raise Refused(f"an unknown authentication among {methods}")
    if port is not None and not (port.text.isdigit() and int(port.text) < 65536):
        raise Refused(f"port {port.text!r}")
    if host is None:
        return None
    known = [_LOGIN[method] for method in methods if method != OAUTH2 or oauth2]
    return Found(
        kind,
        person.fill(host.text),
        _PORTS[kind, tls] if port is None else int(port.text),
        tls,
        tuple(dict.fromkeys(login for login in known if login)),
        person.address if username is None else person.fill(username.text),
    )


def _all(node: Node, name: str) -> list[Node]:
    return [child for child in node.children if local(child.name) == name]


def _one(node: Node, name: str) -> Node | None:
    found = _all(node, name)
    if len(found) > 1:
        raise Refused(f"{name} stands twice")
    return found[0] if found else None


def _attribute(node: Node, name: str) -> str:
    if name not in node.attributes:
        raise Refused(f"{node.name} without {name}")
    return node.attributes[name]


def _sees(server: Found) -> Found:
    """Both password methods are one to it."""
    methods = (PASSWORD if login in {CLEARTEXT, ENCRYPTED} else login for login in server.logins or ())
    return replace(server, logins=tuple(dict.fromkeys(methods)))


CLIENT = Client(
    "Himalaya",
    "io-pim-discovery `5036dfa`, 2026-08-15 (0.7.0)",
    FROM_SOURCE,
    ("imap", "pop3", "smtp"),
    "which password method",
    _steps,
    _sees,
)
