"""Evolution (clients.md A3, A5): GMarkup, and the last section of a type and the last password method stay."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import (
    CLEARTEXT,
    ENCRYPTED,
    FROM_SOURCE,
    PLAIN,
    SSL,
    STARTTLS,
    Client,
    Found,
    Refused,
    Step,
)
from tests.clients.readers.tokens import EMPTY, END, START, TEXT, Token, tokens
from tests.clients.readers.urls import MAIN, WELL_KNOWN, autoconfig, uri_escaped
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person

_SOCKET = {"plain": PLAIN, "SSL": SSL, "STARTTLS": STARTTLS}
_LOGIN = {"password-cleartext": CLEARTEXT, "plain": CLEARTEXT, "password-encrypted": ENCRYPTED}
_SERVERS = {"incomingServer", "outgoingServer"}


def _steps(person: Person) -> list[Step]:
    query = uri_escaped(person.address) + digest(person)
    domains = {"": person.domain}
    name = person.mx
    while "." in name:
        domains[f", MX {name}"] = name
        name = name.partition(".")[2]
    pairs = [("https", MAIN), ("http", MAIN), ("https", WELL_KNOWN), ("http", WELL_KNOWN)]
    urls = {
        f"{scheme} {place}{which}": autoconfig(scheme, place, domain, query)
        for which, domain in domains.items()
        for scheme, place in pairs
    }
    return [Step(name, url, partial(get, url), partial(read, person=person)) for name, url in urls.items()]


def digest(person: Person) -> str:
    """The parameter beside the address."""
    return f"&emailmd5={hashlib.md5(person.address.lower().encode()).hexdigest()}"


def get(url: str, wire: Wire) -> bytes:
    """The body of an answer that it takes."""
    return body_of(fetch(wire, Request(url, headers={"User-Agent": "Evolution/3"}), Redirects.FOLLOW, limit=20))


@dataclass(slots=True)
class _Result:
    host: str = ""
    port: int = 0
    tls: str = PLAIN
    login: str = ""
    user: str = ""
    set: bool = False


def read(document: bytes, person: Person) -> tuple[Found, ...]:
    """What the callbacks of `e-mail-autoconfig.c` have at the end."""
    results = {"imap": _Result(), "pop3": _Result(), "smtp": _Result()}
    current: _Result | None = None
    for token in tokens(document):
        if token.kind in {START, EMPTY} and token.name in _SERVERS:
            current = results.get(_type(token))
        if token.kind in {END, EMPTY} and token.name in _SERVERS:
            current = None
        elif token.kind == TEXT and current is not None:
            _take(current, token.name, _filled(html.unescape(token.text), person))
    if not any(result.set for result in results.values()):
        raise Refused("nothing in it")
    # Without a mechanism IMAP and POP3 log in with the password, and SMTP does not log in.
    return tuple(
        Found(kind, r.host, r.port, r.tls, (r.login or ("none" if kind == "smtp" else CLEARTEXT),), r.user)
        for kind, r in results.items()
        if r.set
    )


def _type(token: Token) -> str:
    if set(token.attributes) != {"type"}:
        raise Refused(f"<{token.name}> has other attributes than type")
    return token.attributes["type"]


def _take(result: _Result, name: str, text: str) -> None:
    if name == "hostname":
        result.host = text
    elif name == "username":
        result.user = text
    elif name == "port" and (port := re.match(r"\s*\d+", text)) and 0 < int(port[0]) < 65536:
        result.port = int(port[0])
    elif name == "socketType" and text in _SOCKET:
        result.tls = _SOCKET[text]
    elif name == "authentication" and text in _LOGIN:
        result.login = _LOGIN[text]
    else:
        return
    result.set = True


def _filled(text: str, person: Person) -> str:
    # `%EMAILDOMAIN%` is the field "use domain" of the advanced options, which is empty.
    return person.fill(text.replace("%EMAILDOMAIN%", ""))


CLIENT = Client(
    "Evolution",
    "`e-mail-autoconfig.c` of the libsoup3 era (index id 1478168524), date unknown",
    FROM_SOURCE,
    ("imap", "pop3", "smtp"),
    "OAuth2 instead of the password for hosts that it knows",
    _steps,
)
