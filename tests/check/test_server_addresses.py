"""Where announced servers are: closed and silent ports, IPv4 and IPv6, names without an address, private addresses."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import dns.rcode
import pytest

from autoconfig.dns.asker import DomainAsker
from tests.support.limits import LIMIT, SHORT
from tests.support.mail_scripts import imap
from tests.support.peer_certificates import trusted
from tests.support.ports import free_port
from tests.support.scripted_dns import Nameserver
from tests.support.scripted_mail import MailServer, server_context, with_tls
from tests.support.scripted_zones import coded
from tests.support.server_checks import DOMAIN, HOST, findings_of, plan_line, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.check.tls_handshake import Trust

GOOD = server_context(trusted().issue(HOST))
OTHER = server_context(trusted().issue("other.example"))


def line(port: int, host: str = HOST) -> str:
    """An IMAP server with TLS."""
    return plan_line("imap ssl", port).replace(HOST, host)


@contextlib.contextmanager
def filtered_port() -> Iterator[int]:
    """A port that drops whoever wants to connect: the kernel does so when a listener's backlog is full."""
    with socket.socket() as listener, contextlib.ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        yield port


def test_closed(trust: Trust) -> None:
    """A closed port is one finding, which names the address."""
    port = free_port()
    (finding,) = findings_of(plan_of(line(port)), {}, {f"{HOST} A": ["127.0.0.1"]}, trust)

    assert (finding.code, finding.server, finding.seen) == (
        "port-closed",
        f"{HOST}:{port}",
        "127.0.0.1: connection refused",
    )


def test_filtered(trust: Trust) -> None:
    """A port that does not answer is told apart from one that is closed."""
    with filtered_port() as port:
        (finding,) = findings_of(plan_of(line(port)), {}, {f"{HOST} A": ["127.0.0.1"]}, trust, SHORT)

    assert finding.code == "port-filtered"


def test_ipv6_broken(trust: Trust) -> None:
    """IPv6 that cannot be reached while IPv4 works has a code of its own; if neither works, it is the port's."""
    both = {f"{HOST} A": ["127.0.0.1"], f"{HOST} AAAA": ["::1"]}
    with MailServer(with_tls(GOOD, imap())) as server:
        (broken,) = findings_of(plan_of(line(server.port)), {}, both, trust)
    (closed,) = findings_of(plan_of(line(free_port())), {}, both, trust)

    assert (broken.code, broken.severity, broken.seen) == ("ipv6-broken", "warning", "::1: connection refused")
    assert (closed.code, closed.seen) == ("port-closed", "127.0.0.1, ::1: connection refused")


def test_no_route(trust: Trust) -> None:
    """Where this machine has no way to IPv6, a note says so; where it has, IPv6 that leads nowhere is broken."""
    address = "2001:db8::1"  # RFC 3849: nobody has it
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        has_route = probe.connect_ex((address, 9)) == 0
    records = {f"{HOST} A": ["127.0.0.1"], f"{HOST} AAAA": [address]}
    with MailServer(with_tls(GOOD, imap())) as server:
        (finding,) = findings_of(plan_of(line(server.port)), {}, records, trust, 5.0)

    assert finding.code == ("ipv6-broken" if has_route else "ipv6-not-checked")


def test_unreachable(trust: Trust) -> None:
    """An address that cannot be reached at all is a finding: here the kernel itself refuses it."""
    records = {f"{HOST} A": ["255.255.255.255"]}
    (finding,) = findings_of(plan_of(line(993)), {}, records, trust)

    assert finding.code == "server-unreachable"
    assert "Connect call" not in finding.seen


def test_both_families(trust: Trust) -> None:
    """IPv4 and IPv6 are both asked, and what is wrong with one of them alone names its address."""
    both = {f"{HOST} A": ["127.0.0.1"], f"{HOST} AAAA": ["::1"]}
    with (
        MailServer(with_tls(GOOD, imap())) as server,
        MailServer(with_tls(OTHER, imap()), "::1", server.port) as other,
    ):
        (finding,) = findings_of(plan_of(line(server.port)), {}, both, trust)

    assert (server.connections > 0, other.connections > 0) == (True, True)
    assert (finding.code, finding.seen.partition(": ")[0]) == ("certificate-wrong-name", "::1")


def test_unresolved(trust: Trust) -> None:
    """A host without an address is one finding, and nothing is connected to."""
    (finding,) = findings_of(plan_of(line(993)), {}, {}, trust)

    assert (finding.code, finding.seen) == ("server-unresolved", f"{HOST}: there is no such name")


def test_lookup_failed(trust: Trust) -> None:
    """Where the DNS fails, nobody is told to add a record that may be there."""
    server = Nameserver()
    server.reply = coded(dns.rcode.SERVFAIL)
    try:
        (finding,) = findings_of(
            plan_of(line(993)), {}, {}, trust,
            open_asker=lambda: DomainAsker(DOMAIN, [server.address], LIMIT, given=True),
        )  # fmt: skip
    finally:
        server.stop()

    assert (finding.code, finding.seen) == ("server-lookup-failed", f"{HOST}: the server failed (SERVFAIL)")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0", "::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:1::", "fe80::1", "224.0.0.1", "100.64.0.1", "::", "fec0::1", "::127.0.0.1", "64:ff9b:1::7f00:1"],
)  # fmt: skip
def test_private(trust: Trust, address: str) -> None:
    """An address that is not public is not connected to, however it is written."""
    with MailServer(with_tls(GOOD, imap())) as server:
        records = {f"{HOST} {'AAAA' if ':' in address else 'A'}": [address]}
        (finding,) = findings_of(plan_of(line(server.port)), {}, records, trust, allow_private=False)

    assert (finding.code, finding.seen) == ("server-address-private", f"{HOST}: {address}")
    assert server.connections == 0


def test_literal_address(trust: Trust) -> None:
    """A loopback address that the plan itself names is connected to, and no name is sent to it."""
    with MailServer(with_tls(GOOD, imap())) as server:
        (finding,) = findings_of(plan_of(line(server.port, "127.0.0.1")), {}, {}, trust, allow_private=False)

    assert (finding.code, server.connections) == ("certificate-wrong-name", 1)
