"""
Make the documents that automx2 2026.2 serves to Mozilla's programs from the rows of its database.

automx2 looks up the domain by name, sorts its servers by `prio` and writes each of them unchanged: it leaves
placeholders to the mail program. A server of an unknown type is an error for the whole domain. If it has an LDAP
server, user names come from there. tests/migrate/automx2 has recorded answers of the real program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from autoconfig.errors import DomainInvalid
from autoconfig.mail.domain import Domain
from autoconfig.migrate.source import MigrationSource, Remark, RemarkKind, SourceDocument, SourceDomain, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.migrate.automx2_database import Customer, DAVServer, MailServer, Provider

NAME = "automx2"

_TYPES = {"imap": ("incomingServer", "imap"), "pop": ("incomingServer", "pop3"), "smtp": ("outgoingServer", "smtp")}
_DAV = {"caldav": "calendar", "carddav": "addressbook"}
_LDAP = "user names come from an LDAP server, which a plan cannot ask"
_BY_HAND = "correct it in automx2 and run the command again, or put the domain on a plan by hand"


class Unserved(Exception):
    """automx2 answers with an error, and logs the reason."""


def read(customers: Sequence[Customer]) -> MigrationSource:
    """Read each domain with the document that automx2 serves for it."""
    found: dict[str, tuple[Customer, SourceDomain]] = {}
    remarks: list[Remark] = []
    documents: dict[object, SourceDocument] = {}
    for customer in customers:
        try:
            domain = Domain.parse(customer.name)
        except DomainInvalid:
            remarks.append(
                Remark(printable(customer.name[:253]), RemarkKind.LEFT_OUT, "is not a domain name", _BY_HAND)
            )
            continue
        try:
            entry = _entry(domain, customer, documents)
        except Unserved as error:
            remarks.append(
                Remark(domain.name, RemarkKind.LEFT_OUT, f"automx2 answers with an error: {error}", _BY_HAND)
            )
            continue
        remarks += _unordered(domain, customer)
        same = found.setdefault(domain.name, (customer, entry))
        if same[0] is customer:
            continue
        # automx2 compares exactly, and mail programs ask in lower case: the row in lower case counts.
        winner, loser = (entry, same[1]) if customer.name == domain.name else (same[1], entry)
        found[domain.name] = (customer if winner is entry else same[0], winner)
        what = "the same servers" if winner.document is loser.document else "other servers, which are left out"
        problem = f"is there twice, as {same[0].name!r} and {customer.name!r}; one has {what}"
        remarks.append(Remark(domain.name, RemarkKind.NOT_KEPT, problem, "check whether the right one is used"))
    return MigrationSource(NAME, [entry for _, entry in found.values()], remarks)


def served(provider: Provider, servers: Sequence[MailServer], domains: Sequence[str]) -> bytes:
    """
    Write the document as automx2 does; it lists `domains`, all those of the provider, in every document.

    Raises:
        Unserved: automx2 answers with an error instead.
    """
    return _written(_document(provider, servers, domains))


def _entry(domain: Domain, customer: Customer, documents: dict[object, SourceDocument]) -> SourceDomain:
    if customer.provider is None:
        raise Unserved("the domain has no provider")
    key = (customer.provider.id, *(server.id for server in customer.servers), None)
    key += tuple(server.id for server in customer.dav_servers)
    document = documents.get(key)
    if document is None:
        place = f"provider {printable(customer.provider.name or '') or customer.provider.id}"
        root = _document(customer.provider, customer.servers, ())
        body = _written(root)
        root[0].remove(root[0][0])  # the empty identity, which not even KMail uses
        for dav in customer.dav_servers:
            _add_dav(root, dav)
        document = documents[key] = SourceDocument(place, body, _written(root))
    obstacle = Remark(domain.name, RemarkKind.DIFFERS, _LDAP, "put it on a plan by hand") if customer.ldap else None
    return SourceDomain(domain, document, obstacle)


def _document(provider: Provider, servers: Sequence[MailServer], domains: Sequence[str]) -> Element:
    root = Element("clientConfig", version="1.1")
    section = SubElement(root, "emailProvider", id=f"automx2-{provider.id}")
    SubElement(section, "identity")
    for domain in domains:
        _leaf(section, "domain", domain)
    _leaf(section, "displayName", provider.name)
    _leaf(section, "displayShortName", provider.short_name)
    for server in _by_prio(servers):
        if server.type not in _TYPES:
            raise Unserved(f"a server is of the type {server.type!r}")
        name, kind = _TYPES[server.type]
        element = SubElement(section, name, type=kind)
        _leaf(element, "hostname", server.name)
        _leaf(element, "port", server.port)
        _leaf(element, "socketType", server.socket_type)
        _leaf(element, "username", server.user_name)
        _leaf(element, "authentication", server.authentication)
    return root


def _by_prio(servers: Sequence[MailServer]) -> list[MailServer]:
    """Sort by `prio`; servers with the same one stay in the order of the database."""
    ranked: list[tuple[int, MailServer]] = []
    for server in servers:
        if server.prio is not None and not isinstance(server.prio, int):
            raise Unserved(f"the prio of a server is {server.prio!r}")
        ranked.append((10 if server.prio is None else server.prio, server))
    return [server for _, server in sorted(ranked, key=lambda pair: pair[0])]


def _unordered(domain: Domain, customer: Customer) -> Iterator[Remark]:
    """Note servers whose order is undefined, though programs take the first."""
    for types in ({"imap", "pop"}, {"smtp"}):
        servers = [server for server in _by_prio(customer.servers) if server.type in types]
        if len({server.prio for server in servers}) < len(servers):
            order = ", ".join(f"{server.type} {server.name} {server.port}" for server in servers)
            problem = f"servers have the same prio, so the database decides their order: {printable(order)}"
            yield Remark(domain.name, RemarkKind.NOTE, problem, "give them different ones if the order matters")


def _add_dav(root: Element, server: DAVServer) -> None:
    """Add a service in Mozilla's format; automx2 offers it to Apple's devices and Outlook only."""
    section = SubElement(root, _DAV.get(server.type or "", "addressbook"), type=server.type or "")
    _leaf(section, "url", _url(server))
    _leaf(section, "authentication", "http-basic")
    _leaf(section, "username", server.user_name or "%EMAILADDRESS%")


def _url(server: DAVServer) -> str:
    """The URL, with the port of the row if TLS is on and the URL has none."""
    text = server.url or ""
    if not server.use_ssl:
        return text.replace("https://", "http://", 1)  # a plan refuses it for the missing TLS
    port = server.port or "0"
    try:
        url = urlsplit(text)
        if url.port is None and port not in {"0", "443"}:
            return url._replace(netloc=f"{url.netloc}:{port}").geturl()
    except ValueError:
        pass
    return text


def _leaf(parent: Element, name: str, text: str | None) -> None:
    try:
        (text or "").encode()
    except UnicodeEncodeError as error:
        raise Unserved("a text is not UTF-8") from error
    SubElement(parent, name).text = text


def _written(root: Element) -> bytes:
    written: bytes = tostring(root, "utf-8")
    return written
