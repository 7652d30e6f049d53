"""
The DNS records that make a domain discoverable (RFC 2782, 5804, 6186, 6764, 8314, 8620, draft-ietf-mailmaint-pacc).

They are made from the same account as the documents, so the two never contradict each other. SRV targets are the
documents' own hosts. A record that would not be true is left out: `_imap._tcp` means "offers STARTTLS", so a service
without TLS has no record of that name.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.errors import Inexpressible
from autoconfig.formats import pacc
from autoconfig.formats.zone_purposes import Purpose
from autoconfig.mail.domain import MAX_OCTETS
from autoconfig.mail.server import Protocol, TLSMode
from autoconfig.mail.service import ServiceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Server

TTL = 3600
PACC_TTL = 300
"""Seconds. A changed plan has a new digest, and until resolvers have it, readers of PACC refuse the document."""
NOT_OFFERED = "0 0 0 ."
"""The data of an SRV record for a service that the domain does not offer (RFC 2782)."""


class RecordType(StrEnum):
    """The record types that are printed and checked."""

    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    SRV = "SRV"
    TXT = "TXT"


HOST_TYPES = frozenset({RecordType.A, RecordType.AAAA, RecordType.CNAME})
"""Record types that lead a client to a machine; a zone may use any of them."""


@dataclass(frozen=True, slots=True)
class ZoneRecord:
    """One record; names are lower-case A-labels, absolute, and without the final dot."""

    name: str
    type: RecordType
    data: str
    """As in a zone file, but names have no final dot, and texts no quotation marks."""
    purpose: Purpose
    needed: bool = False
    """Whether mail programs need it to find the settings; the other records are only useful."""
    ttl: int = TTL


@dataclass(frozen=True, slots=True)
class Places:
    """The names of this server."""

    public_url: str
    target: str
    """The host name or IP address that records lead to; by default the host of `public_url`."""

    @classmethod
    def of(cls, public_url: str, target: str | None) -> Places:
        """Take the host of `public_url` if there is no other target."""
        return cls(public_url, target or urlsplit(public_url).hostname or "")

    @property
    def host(self) -> str:
        """The host of `public_url`."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def port(self) -> int:
        """The port of `public_url`."""
        return urlsplit(self.public_url).port or 443

    def pointer(self, name: str, purpose: Purpose, *, needed: bool = False) -> Iterator[ZoneRecord]:
        """The record that makes `name` lead here; none if it is already a name of this server."""
        if name not in {self.host, self.target}:
            yield ZoneRecord(name, address_type(self.target) or RecordType.CNAME, self.target, purpose, needed)


@dataclass(frozen=True, slots=True)
class _MailService:
    tls: str
    """The SRV label for TLS from the first byte (RFC 6186 section 3.2, 3.3; RFC 8314 section 5.1)."""
    starttls: str
    purpose: Purpose


MAIL_SERVICES = {
    Protocol.IMAP: _MailService("_imaps._tcp", "_imap._tcp", Purpose.IMAP),
    Protocol.POP3: _MailService("_pop3s._tcp", "_pop3._tcp", Purpose.POP3),
    Protocol.SMTP: _MailService("_submissions._tcp", "_submission._tcp", Purpose.SUBMISSION),
}
TLS_PRIORITY, STARTTLS_PRIORITY = 0, 10
"""FairEmail takes the lowest priority of both names, and would otherwise prefer `_submission` to `_submissions`."""
_WEB_SERVICES = {
    ServiceKind.CALDAV: ("_caldavs._tcp", Purpose.CALDAV),
    ServiceKind.CARDDAV: ("_carddavs._tcp", Purpose.CARDDAV),
    ServiceKind.JMAP: ("_jmap._tcp", Purpose.JMAP),
}


def address_type(host: str) -> RecordType | None:
    """The record type for `host`, if it is an IP address."""
    try:
        return RecordType.A if ipaddress.ip_address(host).version == 4 else RecordType.AAAA
    except ValueError:
        return None


def records(account: Account, places: Places) -> tuple[ZoneRecord, ...]:
    """
    All records of the domain, the needed ones first.

    Args:
        account: one for any address of the domain, so that it has every service; no record depends on the address.
        places: the names of this server.

    Raises:
        Inexpressible: the domain moved away.
    """
    domain = account.domain.name
    if account.redirects:
        moved_to = account.redirect_url or account.redirect_domain
        raise Inexpressible(f"{domain} has moved to {moved_to}: publish the records of its new provider")
    return tuple(record for record in _records(account, places) if len(record.name) <= MAX_OCTETS)


def _records(account: Account, places: Places) -> Iterator[ZoneRecord]:
    domain = account.domain.name
    yield from places.pointer(f"autoconfig.{domain}", Purpose.AUTOCONFIG, needed=True)
    yield from places.pointer(f"autodiscover.{domain}", Purpose.AUTODISCOVER, needed=True)
    if not address_type(places.host):
        yield _srv(domain, "_autodiscover._tcp", f"0 0 {places.port} {places.host}", Purpose.AUTODISCOVER_SRV)
    yield from _pacc(account, places)
    yield from _mail(account)
    yield from _sieve(account)
    yield from _web(account)
    mailconf = f"mailconf={places.public_url}/v1.1/{domain}"
    yield ZoneRecord(domain, RecordType.TXT, mailconf, Purpose.MAILCONF)


def unwanted_services(account: Account) -> tuple[str, ...]:
    """SRV names that must not exist because the service has no TLS: a record would contradict the documents."""
    return tuple(
        f"{service.starttls}.{account.domain.name}"
        for protocol, service in MAIL_SERVICES.items()
        if not _serving(account, protocol, TLSMode.STARTTLS) and _serving(account, protocol, TLSMode.PLAIN)
    )


def provider_records(mail_domains: Iterable[str], places: Places) -> tuple[ZoneRecord, ...]:
    """The records that the provider publishes once, for all customers whose MX is a host in one of `mail_domains`."""
    return tuple(
        record
        for domain in mail_domains
        for record in places.pointer(f"autoconfig.{domain}", Purpose.MX_PATH, needed=True)
    )


def _srv(domain: str, label: str, data: str, purpose: Purpose) -> ZoneRecord:
    """`data`: priority, weight, port and target (RFC 2782)."""
    return ZoneRecord(f"{label}.{domain}", RecordType.SRV, data, purpose)


def _pacc(account: Account, places: Places) -> Iterator[ZoneRecord]:
    for_everybody = tuple(service for service in account.services if not service.of_mailbox)
    try:
        document = pacc.document(replace(account, address=None, services=for_everybody))
    except Inexpressible:
        return
    domain = account.domain.name
    yield from places.pointer(f"ua-auto-config.{domain}", Purpose.PACC)
    digest = pacc.txt_record(document)
    yield ZoneRecord(f"{pacc.TXT_LABEL}.{domain}", RecordType.TXT, digest, Purpose.PACC_DIGEST, ttl=PACC_TTL)


def _serving(account: Account, protocol: Protocol, tls: TLSMode) -> list[Server]:
    return [server for server in account.servers if server.protocol is protocol and server.tls is tls]


def _mail(account: Account) -> Iterator[ZoneRecord]:
    unwanted = unwanted_services(account)
    for protocol, service in MAIL_SERVICES.items():
        for label, tls, first in (
            (service.tls, TLSMode.SSL, TLS_PRIORITY),
            (service.starttls, TLSMode.STARTTLS, STARTTLS_PRIORITY),
        ):
            servers = _serving(account, protocol, tls)
            if not servers and f"{label}.{account.domain.name}" not in unwanted:
                yield _srv(account.domain.name, label, NOT_OFFERED, Purpose.NOT_OFFERED)
            # A target is a name (RFC 2782). A host that is an address has no record; `.` would deny the service.
            named = [server for server in servers if not address_type(server.host)]
            for place, server in enumerate(named):
                priority = first + min(place, STARTTLS_PRIORITY - 1)
                yield _srv(account.domain.name, label, f"{priority} 1 {server.port} {server.host}", service.purpose)


def _sieve(account: Account) -> Iterator[ZoneRecord]:
    """The record of ManageSieve (RFC 5804 section 1.8), which has STARTTLS only."""
    for server in _serving(account, Protocol.MANAGESIEVE, TLSMode.STARTTLS)[:1]:
        if not address_type(server.host):
            yield _srv(account.domain.name, "_sieve._tcp", f"0 1 {server.port} {server.host}", Purpose.SIEVE)


def _web(account: Account) -> Iterator[ZoneRecord]:
    """Calendars and address books (RFC 6764 section 3 and 4), JMAP (RFC 8620 section 2.2)."""
    domain = account.domain.name
    for kind, (label, purpose) in _WEB_SERVICES.items():
        service = account.service(kind)
        url = urlsplit(service.url if service else "")
        if not url.hostname or address_type(url.hostname):
            continue
        yield _srv(domain, label, f"0 1 {url.port or 443} {url.hostname}", purpose)
        if service is None or service.of_mailbox or kind is ServiceKind.JMAP:
            continue
        # The text can give a path only; without one, clients ask /.well-known (RFC 6764 section 6).
        if url.path.strip("/") and not url.query:
            yield ZoneRecord(f"{label}.{domain}", RecordType.TXT, f"path={url.path}", purpose)
