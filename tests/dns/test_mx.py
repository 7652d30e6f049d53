from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator

import dns.asyncresolver
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest

from autoconfig.dns.mx import MXAnswer, MXStatus, mail_exchangers

NAME = "shop.example"
SOA = ("example.", 60, "IN", "SOA", "ns.example. hostmaster.example. 1 3600 600 86400 60")

Reply = Callable[[dns.message.Message], bytes | None]


def reply(*records: tuple[str, int, str, str, str], code: dns.rcode.Rcode = dns.rcode.NOERROR, flags: int = 0) -> Reply:
    """Answers every question with these records, or with the zone's SOA if there are none."""

    def answer(query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        response.set_rcode(code)
        response.flags |= flags
        for record in records:
            response.answer.append(dns.rrset.from_text(*record))
        if not records:
            response.authority.append(dns.rrset.from_text(*SOA))
        return response.to_wire()

    return answer


def mx(*values: str, owner: str = f"{NAME}.") -> list[tuple[str, int, str, str, str]]:
    """MX records of the owner."""
    return [(owner, 60, "IN", "MX", value) for value in values]


def silence(_query: dns.message.Message) -> None:
    """A name server that never answers."""


def garbage(_query: dns.message.Message) -> bytes:
    """Not DNS at all."""
    return b"\xff" * 40


def half(query: dns.message.Message) -> bytes:
    """An answer cut off in the middle."""
    return reply(*mx("10 mail.shop.example."))(query)[:-5]  # type: ignore[index]


class Nameserver:
    """A name server on loopback that answers what the test says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.reply: Reply = silence
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            wire, client = self._socket.recvfrom(4096)
            if not wire:  # sent by `stop`
                return
            query = dns.message.from_wire(wire)
            self.asked += [f"{question.name} {question.rdtype.name}" for question in query.question]
            if (answer := self.reply(query)) is not None:
                self._socket.sendto(answer, client)

    @property
    def resolver(self) -> dns.asyncresolver.Resolver:
        """A resolver that asks only here."""
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self._socket.getsockname()[1]
        return resolver

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()


@pytest.fixture
def nameserver() -> Iterator[Nameserver]:
    """A name server of the test's own."""
    server = Nameserver()
    yield server
    server.stop()


def ask(nameserver: Nameserver, domain: str = NAME, limit: float = 5.0) -> MXAnswer:
    """The answer, waited for."""
    return asyncio.run(mail_exchangers(domain, nameserver.resolver, limit))


FOUND = {
    "one": (mx("10 mail.shop.example."), ((10, "mail.shop.example"),)),
    "in order of preference": (
        mx("20 b.shop.example.", "5 z.elsewhere.example.", "100 a.shop.example."),
        ((5, "z.elsewhere.example"), (20, "b.shop.example"), (100, "a.shop.example")),
    ),
    "equally preferred": (
        mx("10 b.shop.example.", "10 a.shop.example."),
        ((10, "a.shop.example"), (10, "b.shop.example")),
    ),
    "upper case": (mx("10 CS312.Xbit.JP."), ((10, "cs312.xbit.jp"),)),
    "null MX beside a real one": (mx("0 .", "10 mail.shop.example."), ((10, "mail.shop.example"),)),
    "behind a CNAME": (
        [
            (f"{NAME}.", 60, "IN", "CNAME", "real.example."),
            *mx("10 mail.shop.example.", owner="real.example."),
        ],
        ((10, "mail.shop.example"),),
    ),
}


@pytest.mark.parametrize(("records", "hosts"), FOUND.values(), ids=FOUND)
def test_found(
    nameserver: Nameserver, records: list[tuple[str, int, str, str, str]], hosts: tuple[tuple[int, str], ...]
) -> None:
    """Exchangers come with the preferred first, as lower-case names without a trailing dot."""
    nameserver.reply = reply(*records)

    assert MXAnswer(MXStatus.FOUND, hosts) == ask(nameserver)
    assert [f"{NAME}. MX"] == nameserver.asked


NOT_FOUND: dict[str, tuple[Reply, MXStatus]] = {
    "null MX": (reply(*mx("0 .")), MXStatus.NONE_OFFERED),
    "no MX": (reply(), MXStatus.NO_MX),
    "a CNAME and no MX": (reply((f"{NAME}.", 60, "IN", "CNAME", "real.example.")), MXStatus.NO_MX),
    "no such domain": (reply(code=dns.rcode.NXDOMAIN), MXStatus.NO_DOMAIN),
    "server failure": (reply(code=dns.rcode.SERVFAIL), MXStatus.FAILED),
    "refused": (reply(code=dns.rcode.REFUSED), MXStatus.FAILED),
}


@pytest.mark.parametrize(("answer", "status"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_not_found(nameserver: Nameserver, answer: Reply, status: MXStatus) -> None:
    """That there is no exchanger is told apart from not knowing it."""
    nameserver.reply = answer

    assert MXAnswer(status) == ask(nameserver)


@pytest.mark.parametrize("answer", [silence, garbage, half])
def test_failed(nameserver: Nameserver, answer: Reply) -> None:
    """No answer in time, or none that is DNS, is not knowing."""
    nameserver.reply = answer

    assert MXAnswer(MXStatus.FAILED) == ask(nameserver, limit=0.2)
    assert nameserver.asked


def test_truncated(nameserver: Nameserver) -> None:
    """An answer that is too long for UDP, from a server without TCP, is not knowing."""
    nameserver.reply = reply(*mx("10 mail.shop.example."), flags=dns.flags.TC)

    assert MXAnswer(MXStatus.FAILED) == ask(nameserver, limit=0.2)


@pytest.mark.parametrize("domain", ["a" * 64 + ".example", "a..example", "é" * 70, "a\\300b"])
def test_no_domain_name(nameserver: Nameserver, domain: str) -> None:
    """What is no name is never asked for, and nothing is raised."""
    nameserver.reply = reply(code=dns.rcode.NXDOMAIN)

    assert MXAnswer(MXStatus.FAILED) == ask(nameserver, domain)
    assert not nameserver.asked


def test_absolute(nameserver: Nameserver) -> None:
    """A name is never looked for under another one, even where the machine has a search list."""
    nameserver.reply = reply(code=dns.rcode.NXDOMAIN)
    resolver = nameserver.resolver
    resolver.search = [dns.name.from_text("search.example")]
    resolver.use_search_by_default = True
    asyncio.run(mail_exchangers("one-label", resolver))

    assert nameserver.asked == ["one-label. MX"]


def test_the_machines_own_resolver() -> None:
    """Without a resolver given the machine's own is taken; a name that is none is not sent to it."""
    assert MXAnswer(MXStatus.FAILED) == asyncio.run(mail_exchangers("a" * 64 + ".example"))
