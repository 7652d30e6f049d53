from __future__ import annotations

import asyncio
import os
import socket
import threading
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.nameserver
import dns.resolver
import pytest

from autoconfig.dns.mx import mail_exchangers
from autoconfig.dns.mx_answer import MXAnswer, MXStatus
from autoconfig.dns.nameservers import LARGEST, Nameservers
from tests.support.scripted_dns import NAME, mx, reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def addresses(nameservers: Nameservers) -> list[tuple[str, int]]:
    """Whom a resolver asks now, in this order."""
    servers = nameservers.resolver(2).nameservers
    return [(server.address, server.port) for server in servers if isinstance(server, dns.nameserver.Do53Nameserver)]


def test_given() -> None:
    """The given servers are asked, in their order, each at its port, and the machine's file is not read."""
    given = [("192.0.2.1", 53), ("2001:db8::1", 5353)]

    assert given == addresses(Nameservers(given))


def test_machines_own(tmp_path: Path) -> None:
    """Without any the machine's own are asked; a changed file is read again, and a search list means nothing."""
    file = tmp_path / "resolv.conf"
    file.write_text("search xbit.jp\nnameserver 192.0.2.1\nnameserver 2001:db8::1\n")
    nameservers = Nameservers(resolv_conf=file)
    before = addresses(nameservers)
    new = tmp_path / "new"
    new.write_text("nameserver 192.0.2.9\n")
    os.replace(new, file)  # noqa: PTH105 (as resolvconf does)

    assert before == [("192.0.2.1", 53), ("2001:db8::1", 53)]
    assert addresses(nameservers) == [("192.0.2.9", 53)]
    assert addresses(nameservers) == [("192.0.2.9", 53)], "unchanged, and not read again"


def test_no_file(tmp_path: Path) -> None:
    """A machine without the file, or without a server in it, cannot ask; that ends when it has one."""
    file = tmp_path / "resolv.conf"
    nameservers = Nameservers(resolv_conf=file)

    assert MXAnswer(MXStatus.FAILED) == asyncio.run(mail_exchangers(NAME, nameservers, 3))
    file.write_text("options edns0\n")
    with pytest.raises(dns.resolver.NoResolverConfiguration):
        nameservers.resolver(2)
    assert MXAnswer(MXStatus.FAILED) == asyncio.run(mail_exchangers(NAME, nameservers, 3))
    file.write_text("nameserver 192.0.2.1\n")
    assert addresses(nameservers) == [("192.0.2.1", 53)]


@pytest.mark.parametrize(("count", "seconds"), [(1, 1.5), (2, 1.0)])
def test_attempts(count: int, seconds: float) -> None:
    """The time is spread over one attempt more than there are servers."""
    assert seconds == Nameservers([("192.0.2.1", 53)] * count).resolver(3).timeout


def framed(wire: bytes) -> bytes:
    """As TCP carries it."""
    return len(wire).to_bytes(2, "big") + wire


def answer(query: dns.message.Message) -> bytes:
    """One MX."""
    wire = reply(*mx("10 mail.shop.co.jp."))(query)
    assert wire is not None
    return wire


def other_question(query: dns.message.Message) -> bytes:
    """The answer to another question."""
    return answer(dns.message.make_query(NAME, "A", id=query.id ^ 1))


BY_TCP: dict[str, tuple[Callable[[dns.message.Message], bytes], MXStatus]] = {
    "whole": (lambda query: framed(answer(query)), MXStatus.FOUND),
    "too large": (lambda query: framed(answer(query) + bytes(LARGEST)), MXStatus.FAILED),
    "said to be too large": (lambda _: b"\xff\xff", MXStatus.FAILED),
    "cut off": (lambda query: framed(answer(query))[:-1], MXStatus.FAILED),
    "no length": (lambda _: b"\x00", MXStatus.FAILED),
    "empty": (lambda _: b"", MXStatus.FAILED),
    "nonsense": (lambda _: framed(b"\xff" * 40), MXStatus.FAILED),
    "to another question": (lambda query: framed(other_question(query)), MXStatus.FAILED),
    "truncated again": (
        lambda query: framed(reply(*mx("10 a.jp."), flags=dns.flags.TC)(query) or b""),
        MXStatus.FOUND,
    ),
}


@pytest.mark.parametrize(("by_tcp", "status"), BY_TCP.values(), ids=BY_TCP)
def test_by_tcp(by_tcp: Callable[[dns.message.Message], bytes], status: MXStatus) -> None:
    """What does not fit into a packet is read from a connection, up to a limit; nothing that comes there raises."""
    with socket.create_server(("127.0.0.1", 0)) as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
        address = stream.getsockname()
        packets.bind(address)

        def serve() -> None:
            wire, client = packets.recvfrom(4096)
            packets.sendto(
                reply(*mx("10 mail.shop.co.jp."), flags=dns.flags.TC)(dns.message.from_wire(wire)) or b"", client
            )
            connection, _ = stream.accept()
            with connection:
                question = connection.recv(4096)
                connection.sendall(by_tcp(dns.message.from_wire(question[2:])))

        thread = threading.Thread(target=serve)
        thread.start()
        found = asyncio.run(mail_exchangers(NAME, Nameservers([address]), 20))
        thread.join()

    assert status is found.status


def test_slow_by_tcp() -> None:
    """A connection on which nothing comes ends in time."""
    with socket.create_server(("127.0.0.1", 0)) as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
        address = stream.getsockname()
        packets.bind(address)

        def serve() -> None:
            wire, client = packets.recvfrom(4096)
            packets.sendto(
                reply(*mx("10 mail.shop.co.jp."), flags=dns.flags.TC)(dns.message.from_wire(wire)) or b"", client
            )

        thread = threading.Thread(target=serve)
        thread.start()
        found = asyncio.run(mail_exchangers(NAME, Nameservers([address]), 0.4))
        thread.join()

    assert found.temporary
