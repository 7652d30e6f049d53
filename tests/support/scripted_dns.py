"""A name server that says what a test wants, also what no real one would."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import dns.message
import dns.rcode
import dns.rrset

NAME = "shop.co.jp"
SOA = ("co.jp.", 60, "IN", "SOA", "ns.co.jp. hostmaster.co.jp. 1 3600 600 86400 60")

Reply = Callable[[dns.message.Message], bytes | None]


def reply(
    *records: tuple[str, int, str, str, str],
    code: dns.rcode.Rcode = dns.rcode.NOERROR,
    flags: int = 0,
    soa: tuple[str, int, str, str, str] | None = None,
) -> Reply:
    """Answers every question with these records and this SOA; with the zone's SOA if there are none."""

    def answer(query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        response.set_rcode(code)
        response.flags |= flags
        for record in records:
            response.answer.append(dns.rrset.from_text(*record))
        if soa is not None or not records:
            response.authority.append(dns.rrset.from_text(*(soa or SOA)))
        return response.to_wire()

    return answer


def mx(*values: str, owner: str = f"{NAME}.") -> list[tuple[str, int, str, str, str]]:
    """MX records of the owner."""
    return [(owner, 60, "IN", "MX", value) for value in values]


def bare(query: dns.message.Message) -> bytes:
    """That there is no such domain, and nothing besides."""
    response = dns.message.make_response(query)
    response.set_rcode(dns.rcode.NXDOMAIN)
    return response.to_wire()


def silence(_query: dns.message.Message) -> None:
    """A name server that never answers."""


def garbage(_query: dns.message.Message) -> bytes:
    """Not DNS at all."""
    return b"\xff" * 40


def half(query: dns.message.Message) -> bytes:
    """An answer cut off in the middle."""
    return reply(*mx("10 mail.shop.co.jp."))(query)[:-5]  # type: ignore[index]


class Nameserver:
    """A name server on loopback that answers what the test says, and remembers what it was asked."""

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self.reply: Reply = silence
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
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
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._socket.getsockname()
        return str(host), int(port)

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()
