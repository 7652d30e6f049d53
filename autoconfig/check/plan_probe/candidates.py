"""Where a domain's mail servers may be: what the DNS says, and usual names and ports."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.dns.question import AnswerStatus
from autoconfig.formats.zone import MAIL_SERVICES
from autoconfig.mail.domain import is_host_name
from autoconfig.mail.server import Protocol, TLSMode

if TYPE_CHECKING:
    from autoconfig.check.domain_view import DomainView

MOST_SERVICES = 4
"""SRV records of one name, and MX hosts, that are looked at; the zone decides how many there are."""


class Port(NamedTuple):
    """A port, and what is expected to be spoken there."""

    protocol: Protocol
    port: int
    tls: TLSMode


STANDARD = (
    Port(Protocol.IMAP, 993, TLSMode.SSL),
    Port(Protocol.IMAP, 143, TLSMode.STARTTLS),
    Port(Protocol.POP3, 995, TLSMode.SSL),
    Port(Protocol.POP3, 110, TLSMode.STARTTLS),
    Port(Protocol.SMTP, 465, TLSMode.SSL),
    Port(Protocol.SMTP, 587, TLSMode.STARTTLS),
)
"""RFC 8314 section 3, RFC 6409, RFC 9051, RFC 1939."""

_USUAL = {
    Protocol.IMAP: ("imap", "mail", "pop", "", "smtp"),
    Protocol.POP3: ("pop", "mail", "imap", "", "smtp"),
    Protocol.SMTP: ("smtp", "mail", "", "imap", "pop"),
}
"""First labels of usual names, the likeliest first; an empty one is the domain itself."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The names and ports to look at."""

    hosts: dict[str, str]
    """Why each host is looked at."""
    services: dict[tuple[str, Port], str]
    """The SRV records that name a host's port."""
    refusals: dict[Protocol, str]
    """The SRV records that say that a protocol is not offered."""
    heard: bool
    """Whether the DNS answered."""


async def find_candidates(domain: str, view: DomainView) -> Candidates:
    """Look up what the DNS says of a domain's servers (RFC 6186, RFC 8314 section 5.1), and add usual names."""
    hosts: dict[str, str] = {}
    services: dict[tuple[str, Port], str] = {}
    refusals: dict[Protocol, str] = {}
    labels = [
        (label, protocol, tls)
        for protocol, service in MAIL_SERVICES.items()
        for label, tls in ((service.tls, TLSMode.SSL), (service.starttls, TLSMode.STARTTLS))
    ]
    *answers, exchangers = await asyncio.gather(
        *(view.follow(f"{label}.{domain}", "SRV") for label, _, _ in labels), view.follow(domain, "MX")
    )
    for (label, protocol, tls), answer in zip(labels, answers, strict=True):
        for data in answer.data[:MOST_SERVICES]:
            _priority, _weight, port, target = data.split(" ", 3)
            record = f"{label}.{domain} SRV {data}"
            if target == ".":
                refusals[protocol] = record
            elif is_host_name(target) and int(port) > 0:
                hosts.setdefault(target, record)
                services.setdefault((target, Port(protocol, int(port), tls)), record)
    for label in ("imap", "pop", "smtp", "mail", ""):
        hosts.setdefault(f"{label}.{domain}".lstrip("."), "a usual name" if label else "the domain itself")
    if exchangers.status is AnswerStatus.FOUND:
        pairs = sorted((int(preference), host) for preference, _, host in (d.partition(" ") for d in exchangers.data))
        for _, host in pairs[:MOST_SERVICES]:
            if is_host_name(host):
                hosts.setdefault(host, "the domain's MX")
    heard = any(not answer.status.failed for answer in (*answers, exchangers))
    return Candidates(hosts, services, refusals, heard)


def usual_rank(host: str, domain: str, protocol: Protocol) -> int:
    """The place of a host among the usual names for a protocol; all others come after them."""
    usual = [f"{label}.{domain}".lstrip(".") for label in _USUAL[protocol]]
    return usual.index(host) if host in usual else len(usual)
