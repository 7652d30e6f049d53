from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoconfig.dns.mx import MOST_HOSTS, mail_exchangers
from autoconfig.dns.mx_answer import MXAnswer, MXStatus
from autoconfig.dns.nameservers import Nameservers
from autoconfig.mail.domain import is_host_name
from tests.support.scripted_dns import NAME, SOA, Nameserver, bare, garbage, half, mx, reply, silence
from tests.support.servers.knot import silent
from tests.support.zones import NEGATIVE_TTL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.scripted_dns import Reply
    from tests.support.servers.knot import Knot

LIMIT = 20.0
"""Seconds for a server that does answer; a busy machine is slow."""


def ask(server: Nameserver | Knot, domain: str = NAME, limit: float = LIMIT) -> MXAnswer:
    """The answer, waited for."""
    return asyncio.run(mail_exchangers(domain, Nameservers([server.address]), limit))


def _wire(query: dns.message.Message) -> bytes:
    wire = reply(*mx("10 mail.shop.co.jp."))(query)
    assert wire is not None
    return wire


REAL = {
    "one": ("customer", MXStatus.FOUND, ((10, "cs312.xbit.jp"),), 7200),
    "in order of preference": (
        "second",
        MXStatus.FOUND,
        ((10, "mail.elsewhere.jp"), (20, "cs313.xbit.jp"), (30, "cs314.xbit.jp")),
        60,
    ),
    "upper case": ("preferred", MXStatus.FOUND, ((5, "cs316.xbit.jp"), (30, "cs315.xbit.jp")), 60),
    "behind a CNAME": ("alias", MXStatus.FOUND, ((10, "cs312.xbit.jp"),), 60),
    "by a wildcard": ("a.b.wild", MXStatus.FOUND, ((10, "cs312.xbit.jp"),), 60),
    "short-lived": ("brief", MXStatus.FOUND, ((10, "cs312.xbit.jp"),), 1),
    "some are no host names": ("names", MXStatus.FOUND, (), 60),
    "none is a host name": ("names-only", MXStatus.FOUND, (), 60),
    "null MX": ("no-mail", MXStatus.NONE_OFFERED, (), 60),
    "NODATA": ("no-mx", MXStatus.NO_MX, (), NEGATIVE_TTL),
    "NXDOMAIN": ("no-such-name", MXStatus.NO_DOMAIN, (), NEGATIVE_TTL),
    "more than UDP carries": (
        "many",
        MXStatus.FOUND,
        tuple((1000 + number, f"m{number}.many.co.jp") for number in range(MOST_HOSTS)),
        60,
    ),
    "thousands": ("too-many", MXStatus.FAILED, (), 0),
    "a CNAME that goes in a circle": ("loop", MXStatus.FAILED, (), 0),
    "a referral": ("shop.delegated", MXStatus.FAILED, (), 0),
}


@pytest.mark.parametrize(("name", "status", "hosts", "ttl"), REAL.values(), ids=REAL)
def test_real(knot: Knot, name: str, status: MXStatus, hosts: tuple[tuple[int, str], ...], ttl: float) -> None:
    """What a real server says: exchangers as host names, the preferred first; why there are none; for how long."""
    found = ask(knot, f"{name}.co.jp")

    assert (MXAnswer(status, hosts), ttl) == (found, found.ttl)


@pytest.mark.parametrize("domain", ["a.broken.jp", "elsewhere.jp"], ids=["SERVFAIL", "REFUSED"])
def test_real_failure(knot: Knot, domain: str) -> None:
    """A server failure is distinguished from a negative answer."""
    assert MXAnswer(MXStatus.FAILED) == ask(knot, domain)


def test_real_silence(knot: Knot) -> None:
    """A server that says nothing costs a part of the time only, where there is another one."""
    with silent() as dead:
        address = dead.getsockname()
        assert MXAnswer(MXStatus.TIMED_OUT) == asyncio.run(mail_exchangers(NAME, Nameservers([address]), 0.2))
        both = Nameservers([address, knot.address])
        assert MXStatus.FOUND is asyncio.run(mail_exchangers("customer.co.jp", both, 3)).status


FOUND = {
    "equally preferred": (
        mx("10 b.shop.co.jp.", "10 a.shop.co.jp."),
        ((10, "a.shop.co.jp"), (10, "b.shop.co.jp")),
    ),
    "null MX beside a real one": (mx("0 .", "10 mail.shop.co.jp."), ((10, "mail.shop.co.jp"),)),
    "no host name beside a real one": (mx("0 a\\.b.jp.", "10 mail.shop.co.jp."), ((10, "mail.shop.co.jp"),)),
}


@pytest.mark.parametrize(("records", "hosts"), FOUND.values(), ids=FOUND)
def test_found(
    nameserver: Nameserver, records: list[tuple[str, int, str, str, str]], hosts: tuple[tuple[int, str], ...]
) -> None:
    """The order does not depend on the server, and records that are not exchangers are ignored."""
    nameserver.reply = reply(*records)

    assert MXAnswer(MXStatus.FOUND, hosts) == ask(nameserver)
    assert [f"{NAME}. MX"] == nameserver.asked


CNAME = (f"{NAME}.", 4, "IN", "CNAME", "real.co.jp.")
NEGATIVE = {
    "the SOA's own TTL": (reply(), MXStatus.NO_MX, 60),
    "no such domain": (reply(code=dns.rcode.NXDOMAIN), MXStatus.NO_DOMAIN, 60),
    "a CNAME and no MX": (reply(CNAME, soa=SOA), MXStatus.NO_MX, 4),
    "without an SOA": (bare, MXStatus.NO_DOMAIN, 0),
    "a CNAME, without an SOA": (reply(CNAME), MXStatus.NO_MX, 0),
    "NS records from one that recurses": (
        reply(flags=dns.flags.RA, soa=("co.jp.", 60, "IN", "NS", "ns.co.jp.")),
        MXStatus.NO_MX,
        0,
    ),
    "an SOA of somebody else's": (reply(CNAME, soa=("example.", *SOA[1:])), MXStatus.NO_MX, 0),
}


@pytest.mark.parametrize(("answer", "status", "ttl"), NEGATIVE.values(), ids=NEGATIVE)
def test_negative(nameserver: Nameserver, answer: Reply, status: MXStatus, ttl: float) -> None:
    """That there is nothing holds as long as the zone's SOA says; without one it is not to be kept."""
    nameserver.reply = answer
    found = ask(nameserver)

    assert (MXAnswer(status), ttl) == (found, found.ttl)


def update(query: dns.message.Message) -> bytes:
    """An answer to another question."""
    response = dns.message.make_response(query)
    response.set_opcode(dns.opcode.UPDATE)
    return response.to_wire()


@pytest.mark.parametrize("answer", [silence, garbage, half, update])
def test_no_answer(nameserver: Nameserver, answer: Reply) -> None:
    """No answer in time, or none that is one, is not knowing."""
    nameserver.reply = answer

    assert MXAnswer(MXStatus.TIMED_OUT) == ask(nameserver, limit=0.2)
    assert nameserver.asked


def test_lost(nameserver: Nameserver) -> None:
    """A packet that was lost is sent again within the time."""

    def second(query: dns.message.Message) -> bytes | None:
        return _wire(query) if len(nameserver.asked) > 1 else None

    nameserver.reply = second

    assert MXStatus.FOUND is ask(nameserver, limit=4).status


def test_truncated(nameserver: Nameserver) -> None:
    """An answer that is too long for UDP, from a server without TCP, is not knowing."""
    nameserver.reply = reply(*mx("10 mail.shop.co.jp."), flags=dns.flags.TC)

    assert MXAnswer(MXStatus.FAILED) == ask(nameserver)


@pytest.fixture(scope="module")
def hostile() -> Iterator[Nameserver]:
    """A name server for all examples of a property."""
    server = Nameserver()
    yield server
    server.stop()


@settings(max_examples=50)
@given(
    changes=st.lists(st.tuples(st.integers(2, 200), st.integers(0, 255)), min_size=1, max_size=8), found=st.booleans()
)
def test_hostile(hostile: Nameserver, changes: list[tuple[int, int]], found: bool) -> None:
    """Whatever bytes come, an answer comes of them: nothing is raised, and no host is anything but a host name."""

    def answer(query: dns.message.Message) -> bytes:
        wire = bytearray(_wire(query) if found else reply()(query) or b"")
        for place, value in changes:
            wire[place % len(wire)] = value
        return bytes(wire)

    hostile.reply = answer
    told = ask(hostile, limit=0.05)

    assert told.status in MXStatus
    assert all(is_host_name(host) for _, host in told.hosts)


@pytest.mark.parametrize("domain", ["a" * 64 + ".co.jp", "a..co.jp", "é" * 70, "a\\300b"])
def test_no_domain_name(nameserver: Nameserver, domain: str) -> None:
    """An invalid name is never asked for, and raises nothing."""
    nameserver.reply = reply(code=dns.rcode.NXDOMAIN)

    assert MXAnswer(MXStatus.FAILED) == ask(nameserver, domain)
    assert not nameserver.asked


def test_absolute(nameserver: Nameserver) -> None:
    """A name is never looked for under another one, even where the machine has a search list."""
    nameserver.reply = reply(code=dns.rcode.NXDOMAIN)
    ask(nameserver, "one-label")

    assert nameserver.asked == ["one-label. MX"]
