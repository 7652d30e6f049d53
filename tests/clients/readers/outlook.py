"""
Outlook 2010 and later, restated from Microsoft's documents and from reports (clients.md C1 to C4, C7). Never run.

`Encryption` overrides `SSL`; of several protocols of a type the first counts; what is absent has Outlook's default.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tests.clients.readers.client import (
    AUTODISCOVER,
    CLEARTEXT,
    FROM_DOCUMENTS,
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
from tests.clients.readers.urls import autodiscover
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

if TYPE_CHECKING:
    from tests.clients.readers.client import Person

_ROOT = "{http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006}"
_OUTLOOK = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
_KINDS = {"IMAP": "imap", "POP3": "pop3", "SMTP": "smtp"}
_PORTS = {SSL: {"imap": 993, "pop3": 995, "smtp": 465}, STARTTLS: {"imap": 143, "pop3": 110, "smtp": 587}} | {
    PLAIN: {"imap": 143, "pop3": 110, "smtp": 25}
}
_ENCRYPTION = {"None": PLAIN, "SSL": SSL, "TLS": STARTTLS}


def _steps(person: Person) -> list[Step]:
    read = partial(read_autodiscover, person=person)
    domain, sub = autodiscover(person.domain), autodiscover(f"autodiscover.{person.domain}")
    probe = autodiscover(f"autodiscover.{person.domain}", "http")
    return [
        Step("Autodiscover on the domain", domain, partial(_post, domain, person), read, AUTODISCOVER),
        Step("Autodiscover", sub, partial(_post, sub, person), read, AUTODISCOVER),
        Step("redirect by http", probe, partial(_probe, probe, person), read, AUTODISCOVER),
    ]


def _post(url: str, person: Person, wire: Wire) -> bytes:
    request = Request(url, "POST", {"Content-Type": "text/xml"}, request_body(person.address))
    return body_of(fetch(wire, request, Redirects.FOLLOW), range(200, 201))


def _probe(url: str, person: Person, wire: Wire) -> bytes:
    """Ask without the address for a 302 to https, let the user agree, and post there."""
    answer = wire.send(Request(url))
    target = answer.headers.get("location", "")
    if answer.status != 302 or not target.startswith("https://"):
        raise Refused(f"status {answer.status} to {target}")
    return _post(target, person, wire)


def read_autodiscover(document: bytes, person: Person) -> tuple[Found, ...]:
    """The servers of an answer for the outlook schema."""
    try:
        root = ET.fromstring(document)
    except ET.ParseError as error:
        raise Refused(f"not well-formed: {error}") from error
    account = root.find(f"{_OUTLOOK}Response/{_OUTLOOK}Account") if root.tag == f"{_ROOT}Autodiscover" else None
    if account is None:
        raise Refused("no account")
    said = (account.findtext(f"{_OUTLOOK}AccountType"), account.findtext(f"{_OUTLOOK}Action"))
    if said != ("email", "settings"):
        raise Refused(f"{said} is not email, settings")
    nodes = [
        {leaf.tag.removeprefix(_OUTLOOK): leaf.text or "" for leaf in p} for p in account.iter(f"{_OUTLOOK}Protocol")
    ]
    servers = one_of_each([_server(texts, person) for texts in nodes if texts.get("Type") in _KINDS])
    if not servers:
        raise Refused("no protocol")
    reuse = {_KINDS[t["Type"]] for t in nodes if t.get("Type") == "SMTP" and t.get("UsePOPAuth", "off") == "on"}
    return tuple(_with_incoming_login(server, servers) if server.protocol in reuse else server for server in servers)


def _server(texts: dict[str, str], person: Person) -> Found:
    kind = _KINDS[texts["Type"]]
    if texts.get("DomainRequired", "off") != "off":
        raise Refused("it wants a Windows domain")
    ssl, encryption = texts.get("SSL", "on"), texts.get("Encryption", "")
    if ssl not in {"on", "off"} or (encryption and encryption not in {*_ENCRYPTION, "Auto"}):
        raise Refused(f"SSL {ssl}, Encryption {encryption}")
    tls = _ENCRYPTION.get(encryption, SSL if ssl == "on" else PLAIN)
    port = texts.get("Port", str(_PORTS[tls][kind]))
    if not texts.get("Server") or not port.isdigit():
        raise Refused("no server, or no port")
    if texts.get("AuthRequired", "on") == "off":
        logins: tuple[str, ...] = ("none",)
    else:
        logins = ("NTLM",) if texts.get("SPA", "on") == "on" else (CLEARTEXT,)
    return Found(kind, texts["Server"], int(port), tls, logins, texts.get("LoginName", person.local))


def _with_incoming_login(server: Found, servers: tuple[Found, ...]) -> Found:
    incoming = next((other for other in servers if other.protocol != "smtp"), server)
    return Found(server.protocol, server.host, server.port, server.tls, incoming.logins, incoming.username)


CLIENT = Client(
    "Outlook 2010+",
    "Microsoft's documents (office-developer-exchange-docs `5a8808d7`, 2026-06-19, MS-OXDSCLI) and reports",
    FROM_DOCUMENTS,
    ("imap", "pop3", "smtp"),
    "Outlook 2016 and later may ask Microsoft's cloud first",
    _steps,
)
