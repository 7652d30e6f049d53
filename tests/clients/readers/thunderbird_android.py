"""Thunderbird for Android (clients.md A3, A5): strict, and one bad section of IMAP or SMTP costs the whole document."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from tests.clients.readers.client import (
    CLEARTEXT,
    ENCRYPTED,
    FROM_SOURCE,
    OAUTH2,
    SSL,
    STARTTLS,
    Client,
    Found,
    Refused,
    Step,
    one_of_each,
)
from tests.clients.readers.pull import FINISHED, START, TEXT, Event, Pull
from tests.clients.readers.urls import MAIN, WELL_KNOWN, autoconfig
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person

_SOCKET = {"SSL": SSL, "STARTTLS": STARTTLS}
_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)*{_LABEL}\.?", re.IGNORECASE | re.ASCII)


def _steps(person: Person) -> list[Step]:
    if not person.address.isascii():
        raise Refused("its address parser knows ASCII only")
    pairs = [("https", MAIN), ("https", WELL_KNOWN), ("http", MAIN), ("http", WELL_KNOWN)]
    urls = {f"{scheme} {place}": autoconfig(scheme, place, person.domain) for scheme, place in pairs}
    if person.mx and person.mx_base != person.domain:
        urls["MX"] = autoconfig("https", MAIN, person.mx.partition(".")[2])
        urls["MX base domain"] = autoconfig("https", MAIN, person.mx_base)
    return [Step(name, url, partial(_get, url), partial(read, person=person)) for name, url in urls.items()]


def _get(url: str, wire: Wire) -> bytes:
    return body_of(fetch(wire, Request(url), Redirects.FOLLOW, limit=20))


def read(document: bytes, person: Person) -> tuple[Found, ...]:
    """What `RealAutoconfigParser` makes of a document."""
    return _Parser(Pull(document), person).parse()


class _Parser:
    def __init__(self, pull: Pull, person: Person) -> None:
        self.pull, self.person = pull, person
        self.result: tuple[Found, ...] | None = None

    def parse(self) -> tuple[Found, ...]:
        while (event := self.pull.next()).kind != FINISHED:
            if event.kind == START and event.name == "clientConfig":
                self.pull.element(self._in_root)
            elif event.kind == START:
                self.pull.skip()
        if self.result is None:
            raise Refused("no clientConfig, or no emailProvider in it")
        return self.result

    def _in_root(self, event: Event) -> None:
        if event.kind == START and event.name == "emailProvider":
            self.result = self._provider(event)
        elif event.kind == START:
            self.pull.skip()

    def _provider(self, top: Event) -> tuple[Found, ...]:
        if not is_host(top.attributes.get("id", "").strip()):
            raise Refused("emailProvider id")
        domains: list[str] = []
        servers: list[Found] = []

        def block(event: Event) -> None:
            if event.kind != START:
                return
            if event.name == "domain":
                domains.append(self.person.fill(self._text()))
            elif (event.name, event.attributes.get("type")) in {("incomingServer", "imap"), ("outgoingServer", "smtp")}:
                servers.append(self._server(event))
            else:
                self.pull.skip()

        self.pull.element(block)
        if not any(is_host(domain.strip()) for domain in domains):
            raise Refused("no valid domain")
        if {server.protocol for server in servers} != {"imap", "smtp"}:
            raise Refused("no IMAP or no SMTP server")
        return tuple(sorted(one_of_each(servers), key=lambda server: server.protocol))

    def _server(self, top: Event) -> Found:
        texts: dict[str, str] = {}
        logins: list[str] = []

        def block(event: Event) -> None:
            if event.kind == START and event.name == "authentication":
                logins.append(self._text())
            elif event.kind == START and event.name in {"hostname", "port", "username", "socketType"}:
                texts[event.name] = self._text()  # an unknown element is not skipped: what is in it counts

        self.pull.element(block)
        known = tuple(login for login in logins if login in {OAUTH2, CLEARTEXT, ENCRYPTED})
        if len(texts) < 4 or not known:
            raise Refused("a section is incomplete")
        host, port = self.person.fill(texts["hostname"]), texts["port"]
        if not is_host(host):  # padded ones pass the first check and fail the second
            raise Refused(f"hostname {host!r}")
        if not re.fullmatch(r"[+-]?[0-9]+", port) or not 0 < int(port) < 65536:
            raise Refused(f"port {port!r}")
        if texts["socketType"] not in _SOCKET:
            raise Refused(f"socketType {texts['socketType']}")
        username = self.person.fill(texts["username"])
        return Found(top.attributes["type"], host, int(port), _SOCKET[texts["socketType"]], known, username)

    def _text(self) -> str:
        pieces = [""]

        def block(event: Event) -> None:
            if event.kind != TEXT:
                raise Refused("an element where text should be")
            pieces.append(event.text)

        self.pull.element(block)
        return pieces[-1]


def is_host(text: str) -> bool:
    """Whether its parser takes this as the name of a host."""
    return _HOST.fullmatch(text) is not None


CLIENT = Client(
    "Thunderbird Android",
    "thunderbird-android `a59bd67985`, 2026-08-20",
    FROM_SOURCE,
    ("imap", "smtp"),
    "nothing",
    _steps,
)
