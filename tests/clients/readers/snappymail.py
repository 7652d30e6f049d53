"""
SnappyMail: its administrator adds a domain, and it asks for `test@` it; what it finds holds for all mailboxes.

A user name is the address or the part before the @, and nothing else: whatever is not `%EMAILADDRESS%` is the latter.
"""

from __future__ import annotations

from functools import partial

from tests.clients.readers.client import (
    AUTODISCOVER,
    FROM_SOURCE,
    PLAIN,
    SSL,
    STARTTLS,
    Client,
    Found,
    Person,
    Refused,
    Step,
    logins_unread,
)
from tests.clients.readers.pox import request_body
from tests.clients.readers.tree import Node, local, parse
from tests.clients.readers.urls import MAIL_V1, MAIN, WELL_KNOWN, autoconfig, autodiscover, form_encoded
from tests.clients.readers.wire import Redirects, Request, Wire, body_of, fetch

_SOCKET = {"SSL": SSL, "STARTTLS": STARTTLS}


def _steps(person: Person) -> list[Step]:
    domain = person.domain
    urls = {
        "https mail-v1": f"https://autoconfig.{domain}{MAIL_V1}{form_encoded(f'test@{domain}')}",
        f"https {WELL_KNOWN}": autoconfig("https", WELL_KNOWN, domain),
        f"http {MAIN}": autoconfig("http", MAIN, domain),
    }
    places = {
        "Autodiscover on the domain": autodiscover(domain),
        "Autodiscover": autodiscover(f"autodiscover.{domain}"),
        "Autodiscover by http": autodiscover(f"autodiscover.{domain}", "http"),
    }
    return [
        *(Step(name, url, partial(_get, url), partial(read, person=person)) for name, url in urls.items()),
        *(
            Step(name, url, partial(_post, url, domain), partial(read_autodiscover, person=person), AUTODISCOVER)
            for name, url in places.items()
        ),
    ]


def _get(url: str, wire: Wire) -> bytes:
    return body_of(fetch(wire, Request(url), Redirects.FOLLOW, limit=20), range(200, 400))


def _post(url: str, domain: str, wire: Wire) -> bytes:
    request = Request(url, "POST", {"Content-Type": "application/xml"}, request_body(f"autodiscover@{domain}"))
    return body_of(fetch(wire, request, Redirects.FOLLOW, limit=20), range(200, 400))


def read(document: bytes, person: Person) -> tuple[Found, ...]:
    """What the form of the domain is filled with; it wants IMAP first of all."""
    if b"<clientConfig" not in document:
        raise Refused("no clientConfig")
    provider = parse(document).first("emailProvider")
    if provider is None:
        raise Refused("no emailProvider")
    incoming, outgoing = provider.first("incomingServer"), provider.first("outgoingServer")
    if incoming is None or incoming.attributes.get("type") != "imap":
        raise Refused("the first server is not IMAP")
    if outgoing is None or outgoing.attributes.get("type") != "smtp":
        raise Refused("the first server for sending is not SMTP")
    return _server("imap", incoming, person), _server("smtp", outgoing, person)


def _server(kind: str, node: Node, person: Person) -> Found:
    host, port, socket, user = (
        leaf.text if (leaf := node.first(name)) else "" for name in ("hostname", "port", "socketType", "username")
    )
    number = int(port) if port.strip().isdigit() else 0
    return Found(kind, host, number, _SOCKET.get(socket, PLAIN), None, _login(user == "%EMAILADDRESS%", person))


def read_autodiscover(document: bytes, person: Person) -> tuple[Found, ...]:
    """TLS by `SSL` and the port; the user name is the address where `LoginName` is the one that it asked for."""
    response = _child(parse(document), "Response")
    account = _child(response, "Account") if response else None
    if account is None or _texts(account).get("AccountType") != "email":
        raise Refused("no account")
    found: dict[str, Found] = {}
    for protocol in (child for child in account.children if local(child.name) == "Protocol"):
        texts = _texts(protocol)
        port, tls = int(texts.get("Port", "0")), texts.get("SSL") == "on"
        whole = _login(texts.get("LoginName") == f"autodiscover@{person.domain}", person)
        if texts["Type"] == "IMAP":
            mode = (SSL if port == 993 else STARTTLS) if tls else PLAIN
            found.setdefault("imap", Found("imap", texts["Server"], port, mode, None, whole))
        elif texts["Type"] == "SMTP":
            mode = STARTTLS if port == 587 else SSL if tls else PLAIN
            found.setdefault("smtp", Found("smtp", texts["Server"], port, mode, None, whole))
    if not found:
        raise Refused("no server")
    return tuple(found.values())


def _login(whole: bool, person: Person) -> str:
    return person.address if whole else person.local


def _child(node: Node, name: str) -> Node | None:
    return next((child for child in node.children if local(child.name) == name), None)


def _texts(node: Node) -> dict[str, str]:
    return {local(child.name): child.text for child in node.children}


CLIENT = Client(
    "SnappyMail",
    "the-djmaze/snappymail (`Domain/Autoconfig.php`, index id 23098357), date unknown",
    FROM_SOURCE,
    ("imap", "smtp"),
    "the login method",
    _steps,
    logins_unread,
    logins_unread,
)
