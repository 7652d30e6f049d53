from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from autoconfig.dns import asker
from autoconfig.dns.asker import DomainAsker
from autoconfig.dns.question import LONGEST_CHAIN, Answer, AnswerStatus
from tests.support.scripted_zones import authority, but, coded, resolver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.scripted_dns import Nameserver

ZONE = "@ 60 SOA ns h 1 1 1 1 1\n@ 60 NS ns\nns 60 A 127.0.0.1\n"
ALIASES = "a 60 CNAME b\nb 60 CNAME a\nc 60 CNAME d.elsewhere.jp.\n"


def asking(server: Nameserver, *, given: bool = True, domain: str = "shop.co.jp") -> DomainAsker:
    """Asks this server."""
    return DomainAsker(domain, [server.address], 20, given=given, port=server.address[1])


def follow(server: Nameserver, name: str, kind: str = "A") -> Answer:
    """Where a name leads."""

    async def ask() -> Answer:
        return await asking(server).follow(name, kind)

    return asyncio.run(ask())


def endless(query: dns.message.Message) -> bytes:
    """Every name is an alias of a new one."""
    response = dns.message.make_response(query)
    response.flags |= dns.flags.AA
    name = query.question[0].name
    response.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", f"x{name.to_text()}"))
    return response.to_wire()


def deeper(query: dns.message.Message) -> bytes:
    """For every name there is somebody else to ask, and that is the same server."""
    response = dns.message.make_response(query)
    name, kind = query.question[0].name, query.question[0].rdtype
    if query.flags & dns.flags.RD:
        response.flags |= dns.flags.RA
        data = {"SOA": "ns.co.jp. h.co.jp. 1 1 1 1 1", "NS": "ns.co.jp.", "A": "127.0.0.1"}.get(kind.name)
        if data:
            response.answer.append(dns.rrset.from_text(name, 60, "IN", kind, data))
    else:
        response.authority.append(dns.rrset.from_text(name, 60, "IN", "NS", "ns.co.jp."))
    return response.to_wire()


def test_endless(nameserver: Nameserver) -> None:
    """CNAMEs that go on and on are followed so far and no further."""
    nameserver.reply = endless

    assert follow(nameserver, "a.co.jp").status is AnswerStatus.TOO_LONG
    assert len(nameserver.asked) <= LONGEST_CHAIN + 1


def test_deeper(nameserver: Nameserver) -> None:
    """So are delegations."""
    nameserver.reply = deeper

    async def ask() -> Sequence[Answer]:
        return await asking(nameserver, given=False).authorities("a.b.c.shop.co.jp", "A")

    assert {answer.status for answer in asyncio.run(ask())} == {AnswerStatus.LAME}
    assert len(nameserver.asked) < 20


def test_follow(nameserver: Nameserver) -> None:
    """If a server stops at a CNAME, it is asked for the rest; a circle is distinguished from a failure."""
    zones = {"shop.co.jp": ZONE + ALIASES, "elsewhere.jp": f"{ZONE}d 60 A 192.0.2.1\n"}
    stopping = {name: authority(text, name) for name, text in zones.items()}
    nameserver.reply = lambda query: stopping[
        "elsewhere.jp" if query.question[0].name.to_text().endswith("elsewhere.jp.") else "shop.co.jp"
    ](query)
    stopped = follow(nameserver, "c.shop.co.jp")
    nameserver.reply = resolver(zones)

    assert (stopped.status, stopped.data, stopped.chain) == (AnswerStatus.FOUND, ("192.0.2.1",), ("d.elsewhere.jp",))
    assert follow(nameserver, "c.shop.co.jp").data == ("192.0.2.1",)
    assert follow(nameserver, "a.shop.co.jp").status is AnswerStatus.LOOP
    nameserver.reply = but(nameserver.reply, "d.elsewhere.jp", coded(dns.rcode.SERVFAIL))
    assert follow(nameserver, "d.elsewhere.jp").status is AnswerStatus.SERVFAIL


def test_once(nameserver: Nameserver) -> None:
    """A question is put once, however often it is asked."""
    nameserver.reply = authority(f"{ZONE}a 60 A 192.0.2.1\n", "shop.co.jp")

    async def ask() -> None:
        same = asking(nameserver)
        await asyncio.gather(*(same.follow("a.shop.co.jp", "A") for _ in range(5)))
        await same.authorities("a.shop.co.jp", "A")

    asyncio.run(ask())

    assert nameserver.asked == ["a.shop.co.jp. A"]


def test_zone_above(nameserver: Nameserver) -> None:
    """For a domain that is not a zone of its own, the servers of its parent are asked."""
    nameserver.reply = resolver({"co.jp": f"{ZONE}shop 60 MX 10 mail\n"})

    async def ask() -> Sequence[Answer]:
        return await asking(nameserver, given=False).authorities("shop.co.jp", "MX")

    (answer,) = asyncio.run(ask())

    assert answer.server.startswith("ns.co.jp (127.0.0.1")
    assert Counter(nameserver.asked)["co.jp. NS"] == 1


@pytest.mark.parametrize("limit", ["MOST_QUESTIONS", "TOTAL"])
def test_bounds(nameserver: Nameserver, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """There is an end to asking, by number and by time: what is over it has no answer."""
    nameserver.reply = authority(ZONE, "shop.co.jp")
    monkeypatch.setattr(asker, limit, 0)

    assert follow(nameserver, "a.shop.co.jp").status is AnswerStatus.TIMED_OUT
    assert not nameserver.asked
