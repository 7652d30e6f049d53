"""Mail programs that ask the DNS for servers (clients.md A3, E): what each takes from SRV records."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.clients.readers.client import IMAP, POP3, SMTP, SSL, STARTTLS, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Record(NamedTuple):
    """An SRV record (RFC 2782)."""

    label: str
    """The owner without the domain."""
    priority: int
    weight: int
    port: int
    target: str
    """Without the final dot; the root is empty."""


class Place(NamedTuple):
    """A server as a program finds it; the records say nothing about logging in."""

    protocol: str
    host: str
    port: int
    tls: str


Zone = dict[str, list[Record]]


def zone_of(records: Sequence[tuple[str, str]], domain: str) -> Zone:
    """Names and data, as they are printed, by label."""
    zone: Zone = {}
    for name, data in records:
        label = name.removesuffix(f".{domain}")
        priority, weight, port, target = data.split(" ")
        record = Record(label, int(priority), int(weight), int(port), target.removesuffix("."))
        zone.setdefault(label, []).append(record)
    return zone


def _best(records: Sequence[Record]) -> list[Record]:
    """By lowest priority, then by highest weight."""
    return sorted(records, key=lambda record: (record.priority, -record.weight))


def fairemail(zone: Zone) -> list[Place]:
    """
    Both forms of a protocol merged; those with the root as target dropped; the implicit form preferred for IMAP, the
    other one for submission; STARTTLS by the name and the port (as of `e23dd9df80`, 1.2331).

    Raises:
        Refused: one of the protocols has no server; it goes on to autoconfig.
    """
    found = []
    for protocol, preferred, other, port in (
        (IMAP, "_imaps._tcp", "_imap._tcp", 143),
        (SMTP, "_submission._tcp", "_submissions._tcp", 587),
    ):
        offered = [record for label in (preferred, other) for record in zone.get(label, []) if record.target]
        if not offered:
            raise Refused(f"no SRV record for {protocol}")
        record = _best(offered)[0]
        plain_name = record.label in {"_imap._tcp", "_submission._tcp"}
        tls = STARTTLS if plain_name and record.port == port else SSL
        found.append(Place(protocol, record.target, record.port, tls))
    return found


def _first_of(names: Sequence[tuple[str, str, str]]) -> Callable[[Zone], list[Place]]:
    """A program that takes the best record of each name, and of a protocol the first name that has one."""

    def read(zone: Zone) -> list[Place]:
        found: dict[str, Place] = {}
        for protocol, label, tls in names:
            offered = [record for record in zone.get(label, []) if record.target]
            if offered and protocol not in found:
                record = _best(offered)[0]
                found[protocol] = Place(protocol, record.target, record.port, tls)
        return list(found.values())

    return read


READERS: dict[str, Callable[[Zone], list[Place]]] = {
    "FairEmail": fairemail,
    "Himalaya": _first_of(
        [
            (IMAP, "_imaps._tcp", SSL),
            (IMAP, "_imap._tcp", STARTTLS),
            (SMTP, "_submissions._tcp", SSL),
            (SMTP, "_submission._tcp", STARTTLS),
        ]
    ),
    "Claws Mail": _first_of(
        [
            (IMAP, "_imaps._tcp", SSL),
            (IMAP, "_imap._tcp", STARTTLS),
            (POP3, "_pop3s._tcp", SSL),
            (POP3, "_pop3._tcp", STARTTLS),
            (SMTP, "_submission._tcp", STARTTLS),
        ]
    ),
}
