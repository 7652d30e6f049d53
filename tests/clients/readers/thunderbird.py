"""
Desktop Thunderbird 153 as a reader; what the real program does is tested beside this folder.

Both formats are asked for at once and autoconfig wins, so they are steps one after the other here. A 2xx that is not a
good configuration is fatal for the whole of autoconfig.
"""

from __future__ import annotations

import contextlib
import re
from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import (
    AUTODISCOVER,
    CLEARTEXT,
    ENCRYPTED,
    FROM_RUNS,
    PLAIN,
    SSL,
    STARTTLS,
    Client,
    Found,
    Refused,
    Step,
    one_of_each,
)
from tests.clients.readers.pox import request_body
from tests.clients.readers.tree import Node, parse
from tests.clients.readers.urls import MAIN, WELL_KNOWN, autoconfig, autodiscover, uri_component
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person

_TYPES = re.compile("application/xml|text/xml|text/rdf")
_SOCKET = {"SSL": SSL, "STARTTLS": STARTTLS, "plain": PLAIN}
_LOGIN = {"plain": CLEARTEXT, "secure": ENCRYPTED} | {
    name: name for name in (CLEARTEXT, ENCRYPTED, "GSSAPI", "NTLM", "none", "client-IP-address", "smtp-after-pop")
}
_NOT_INCOMING = {"none", "client-IP-address", "smtp-after-pop"}
_HOST = re.compile(r"(?=.{1,253}\.?$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?|"
                   r"[a-z0-9.-]*(%[A-Z0-9]+%[a-z0-9.-]*)+")  # fmt: skip
_SWITCH = {"on": True, "off": False, "SSL": True, "TLS": True, "Auto": True, "None": False}


def _steps(person: Person) -> list[Step]:
    read = partial(read_autoconfig, person=person)
    query = uri_component(person.address)
    pairs = [("https", MAIN), ("https", WELL_KNOWN), ("http", MAIN), ("http", WELL_KNOWN)]
    urls = {f"{scheme} {place}": autoconfig(scheme, place, person.domain, query) for scheme, place in pairs}
    if person.mx and person.mx_base != person.domain:
        full = person.mx.partition(".")[2]
        urls["MX"] = autoconfig("https", MAIN, full, query)
        urls["MX base domain"] = autoconfig("https", MAIN, person.mx_base, query)
    steps = [Step(name, url, partial(_get, url), read) for name, url in urls.items()]
    hosts = {
        "Autodiscover": autodiscover(f"autodiscover.{person.domain}"),
        "Autodiscover on the domain": autodiscover(person.domain),
        "Autodiscover by http": autodiscover(f"autodiscover.{person.domain}", "http"),
    }
    for name, url in hosts.items():
        steps.append(
            Step(name, url, partial(_post, url, person), partial(read_autodiscover, person=person), AUTODISCOVER)
        )
    return steps


def _get(url: str, wire: Wire) -> bytes:
    return _accepted(wire, Request(url, headers={"Accept": "*/*"}))


def _post(url: str, person: Person, wire: Wire) -> bytes:
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    return _accepted(wire, Request(url, "POST", headers, request_body(person.address)))


def _accepted(wire: Wire, request: Request) -> bytes:
    answer = fetch(wire, request, Redirects.FOLLOW)
    body = body_of(answer)
    if not _TYPES.match(answer.headers.get("content-type", "")):
        return b""  # fetched, but not XML
    return body


def read_autoconfig(document: bytes, person: Person) -> tuple[Found, ...]:
    """Read a config-v1.1.xml as Thunderbird does, with its checks of each server."""
    root = parse(document)
    provider = root.first("emailProvider") if root.name == "clientConfig" else None
    if provider is None:
        raise Refused("no emailProvider")
    _host(provider.attributes.get("id", ""))
    if not any(_valid_host(domain.text) for domain in provider.all("domain")):
        raise Refused("no valid domain")
    incoming = _valid([(node, ("imap", "pop3")) for node in provider.all("incomingServer")], person)
    outgoing = _valid([(node, ("smtp",)) for node in provider.all("outgoingServer")], person)
    if not incoming or not outgoing:
        raise Refused("no incoming or no outgoing server")
    return (*one_of_each(incoming), outgoing[0])


def _valid(nodes: list[tuple[Node, tuple[str, ...]]], person: Person) -> list[Found]:
    servers = []
    for node, kinds in nodes:
        with contextlib.suppress(Refused):
            servers.append(_server(node, kinds, person))
    return servers


def _server(node: Node, kinds: tuple[str, ...], person: Person) -> Found:
    kind = node.attributes.get("type", "")
    if kind not in kinds:
        raise Refused(f"type {kind}")
    outgoing = kind == "smtp"
    socket = _leaf(node, "socketType")
    if socket not in _SOCKET:
        raise Refused(f"socketType {socket}")
    known = [_LOGIN[leaf.text] for leaf in node.all("authentication") if not leaf.attributes and leaf.text in _LOGIN]
    logins = [login for login in known if outgoing or login not in _NOT_INCOMING]
    if not logins:
        raise Refused("no authentication that it knows")  # OAuth2 counts for built-in hosts only
    port = re.match(r"\s*\d+", _leaf(node, "port") or "")
    if port is None or not 0 < int(port[0]) < 65536:
        raise Refused("port")  # an incoming server without one leaves an empty field, no account
    username = _leaf(node, "username")
    return Found(
        kind,
        person.fill(_host(_leaf(node, "hostname") or "")),
        int(port[0]),
        _SOCKET[socket],
        (logins[0],),
        "undefined" if username is None else person.fill(_as_number(username)),
    )


def _leaf(node: Node, name: str) -> str | None:
    leaf = node.first(name)
    if leaf is None:
        return None
    return "[object Object]" if leaf.attributes else leaf.text


def _as_number(text: str) -> str:
    """JXON makes a number of what looks like one."""
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return str(int(text, 16))
    if re.fullmatch(r"\d+(\.\d*)?(e\d+)?", text):
        value = float(text)
        return str(int(value)) if value.is_integer() else str(value)
    return text


def _valid_host(text: str) -> bool:
    with contextlib.suppress(Refused):
        return bool(_host(text))
    return False


def _host(text: str) -> str:
    # Lower-cased but for placeholders, which are upper case.
    name = re.sub(
        r"%[A-Z0-9]+%|[A-Z]+", lambda found: found[0] if found[0][0] == "%" else found[0].lower(), text.strip()
    )
    if not _HOST.fullmatch(name):
        raise Refused(f"host name {text!r}")
    return name


def read_autodiscover(document: bytes, person: Person) -> tuple[Found, ...]:
    """Read an Autodiscover answer as Thunderbird does."""
    node: Node | None = parse(document)
    for name in ("Autodiscover", "Response", "Account"):
        if node is not None and name == "Autodiscover":
            node = node if node.name == name else None
        elif node is not None:
            node = node.first(name)
    if node is None:
        raise Refused("no account")
    servers = []
    for protocol in node.all("Protocol"):
        with contextlib.suppress(Refused):
            servers.append(_protocol(protocol, person))
    if not any(server.protocol != "smtp" for server in servers):
        raise Refused("no incoming server")
    return one_of_each(servers)


def _protocol(node: Node, person: Person) -> Found:
    kinds = {"IMAP": "imap", "POP3": "pop3", "SMTP": "smtp"}
    kind, host, port = (_leaf(node, name) or "" for name in ("Type", "Server", "Port"))
    if kind not in kinds or not port.isdigit():
        raise Refused("type or port")
    switches = {name: _switch(node, name) for name in ("SSL", "SPA", "Encryption")}
    if switches["SSL"] is False or switches["Encryption"] is False:
        tls = PLAIN
    else:
        tls = STARTTLS if int(port) in {143, 110, 25, 587} else SSL
    login = node.first("LoginName")
    username = person.address if login is None else _as_number(login.text) if login.text else "true"
    logins = ("secure",) if switches["SPA"] else (CLEARTEXT,)
    return Found(kinds[kind], _host(host), int(port), tls, logins, username)


def _switch(node: Node, name: str) -> bool | None:
    text = _leaf(node, name)
    if text is None:
        return None
    if text not in _SWITCH:
        raise Refused(f"{name} {text}")
    return _SWITCH[text]


CLIENT = Client(
    "Thunderbird",
    "153.7.0esr",
    FROM_RUNS,
    ("imap", "pop3", "smtp"),
    "nothing",
    _steps,
    one_answer=True,
)
