"""
What automx2 2026.2 serves to Mozilla's programs, made of the rows of its database.

It looks the domain up by its name, sorts the domain's servers by `prio` and writes each down as it stands: placeholders
and words are left to the mail program. A server of an unknown type is an error for the whole domain. Where the domain
has an LDAP server, the user name comes from there. Recorded answers of the real program: tests/migrate/automx2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from autoconfig.errors import DomainInvalid
from autoconfig.mail.domain import Domain
from autoconfig.migrate.source import Document, Entry, Kind, Remark, Source, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.mapping.automx2 import Customer, DavServer, Provider, Server

NAME = "automx2"

_TYPES = {"imap": ("incomingServer", "imap"), "pop": ("incomingServer", "pop3"), "smtp": ("outgoingServer", "smtp")}
_DAV = {"caldav": "calendar", "carddav": "addressbook"}
_LDAP = "user names come from an LDAP server, which a plan cannot ask"
_BY_HAND = "correct it in automx2 and run this again, or put the domain on a plan by hand"


class Unserved(Exception):
    """automx2 answers with an error, and says why in its log."""


def read(customers: Sequence[Customer]) -> Source:
    """Each domain with the document that automx2 serves for it."""
    found: dict[str, tuple[Customer, Entry]] = {}
    remarks: list[Remark] = []
    documents: dict[object, Document] = {}
    for customer in customers:
        try:
            domain = Domain.parse(customer.name)
        except DomainInvalid:
            remarks.append(Remark(printable(customer.name[:253]), Kind.LEFT_OUT, "is no domain name", _BY_HAND))
            continue
        try:
            entry = _entry(domain, customer, documents)
        except Unserved as error:
            remarks.append(Remark(domain.name, Kind.LEFT_OUT, f"automx2 answers with an error: {error}", _BY_HAND))
            continue
        remarks += _unordered(domain, customer)
        same = found.setdefault(domain.name, (customer, entry))
        if same[0] is customer:
            continue
        # automx2 compares letter by letter, and mail programs ask in lower case: that row is the one that counts.
        winner, loser = (entry, same[1]) if customer.name == domain.name else (same[1], entry)
        found[domain.name] = (customer if winner is entry else same[0], winner)
        what = "the same servers" if winner.document is loser.document else "other servers, which are left out"
        problem = f"stands there twice, as {same[0].name!r} and {customer.name!r}; one has {what}"
        remarks.append(Remark(domain.name, Kind.NOT_KEPT, problem, "see whether the one that counts is the right one"))
    return Source(NAME, [entry for _, entry in found.values()], remarks)


def served(provider: Provider, servers: Sequence[Server], domains: Sequence[str]) -> bytes:
    """
    The document as automx2 writes it; `domains` are those of the provider, which it lists for whoever asks.

    Raises:
        Unserved: it answers with an error instead.
    """
    return _written(_document(provider, servers, domains))


def _entry(domain: Domain, customer: Customer, documents: dict[object, Document]) -> Entry:
    if customer.provider is None:
        raise Unserved("the domain has no provider")
    key = (customer.provider.id, *(server.id for server in customer.servers), None)
    key += tuple(server.id for server in customer.dav_servers)
    document = documents.get(key)
    if document is None:
        place = f"provider {printable(customer.provider.name or '') or customer.provider.id}"
        root = _document(customer.provider, customer.servers, ())
        body = _written(root)
        root[0].remove(root[0][0])  # the empty identity, which KMail has no use for either
        for dav in customer.dav_servers:
            _add_dav(root, dav)
        document = documents[key] = Document(place, body, _written(root))
    obstacle = Remark(domain.name, Kind.DIFFERS, _LDAP, "put it on a plan by hand") if customer.ldap else None
    return Entry(domain, document, obstacle)


def _document(provider: Provider, servers: Sequence[Server], domains: Sequence[str]) -> Element:
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


def _by_prio(servers: Sequence[Server]) -> list[Server]:
    """Those of one `prio` stay as the database returns them."""
    ranked: list[tuple[int, Server]] = []
    for server in servers:
        if server.prio is not None and not isinstance(server.prio, int):
            raise Unserved(f"the prio of a server is {server.prio!r}")
        ranked.append((10 if server.prio is None else server.prio, server))
    return [server for _, server in sorted(ranked, key=lambda pair: pair[0])]


def _unordered(domain: Domain, customer: Customer) -> Iterator[Remark]:
    """Servers of which a program takes the first, where nothing says which that is."""
    for types in ({"imap", "pop"}, {"smtp"}):
        servers = [server for server in _by_prio(customer.servers) if server.type in types]
        if len({server.prio for server in servers}) < len(servers):
            order = ", ".join(f"{server.type} {server.name} {server.port}" for server in servers)
            problem = f"servers have the same prio, so their order is the database's: {printable(order)}"
            yield Remark(domain.name, Kind.NOTE, problem, "give them different ones if the order matters")


def _add_dav(root: Element, server: DavServer) -> None:
    """In Mozilla's words, which automx2 does not serve: Apple's devices and Outlook are told of it."""
    section = SubElement(root, _DAV.get(server.type or "", "addressbook"), type=server.type or "")
    _leaf(section, "url", _url(server))
    _leaf(section, "authentication", "http-basic")
    _leaf(section, "username", server.user_name or "%EMAILADDRESS%")


def _url(server: DavServer) -> str:
    """The URL with the port that stands beside it, where it has none and TLS is meant; else as it stands."""
    text = server.url or ""
    if not server.use_ssl:
        return text.replace("https://", "http://", 1)  # without TLS, which a plan refuses
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
