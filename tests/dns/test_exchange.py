from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoconfig.dns.exchange import NameserverAddress, exchange
from autoconfig.dns.question import LONGEST_CHAIN, LONGEST_DATA, MOST_RECORDS, Answer, AnswerStatus
from tests.support.scripted_dns import SOA, Nameserver, bare, reply, silence
from tests.support.scripted_zones import coded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.scripted_dns import Reply

NAME = "shop.co.jp"


def ask(server: Nameserver, kind: str = "A", *, name: str = NAME, recursive: bool = True, limit: float = 20) -> Answer:
    """The answer, waited for."""
    return asyncio.run(exchange(NameserverAddress(*server.address), name, kind, limit, recursive=recursive))


def record(kind: str, value: str, owner: str = NAME) -> tuple[str, int, str, str, str]:
    """One record."""
    return (f"{owner}.", 60, "IN", kind, value)


def chain(length: int) -> list[tuple[str, int, str, str, str]]:
    """CNAMEs in a row."""
    names = [NAME, *(f"c{number}.co.jp" for number in range(1, length + 1))]
    return [record("CNAME", f"{to}.", owner) for owner, to in itertools.pairwise(names)]


FOUND: dict[str, tuple[str, Reply, Answer]] = {
    "addresses": (
        "A",
        reply(record("A", "192.0.2.2"), record("A", "192.0.2.1")),
        Answer(AnswerStatus.FOUND, ("192.0.2.1", "192.0.2.2")),
    ),
    "behind a CNAME": (
        "A",
        reply(record("CNAME", "Real.co.jp."), record("A", "192.0.2.1", "real.co.jp")),
        Answer(AnswerStatus.FOUND, ("192.0.2.1",), ("real.co.jp",)),
    ),
    "a CNAME that is not followed": (
        "A",
        reply(record("CNAME", "real.co.jp.")),
        Answer(AnswerStatus.NO_DATA, (), ("real.co.jp",)),
    ),
    "a CNAME that is asked for": (
        "CNAME",
        reply(record("CNAME", "b.co.jp.")),
        Answer(AnswerStatus.FOUND, ("b.co.jp",)),
    ),
    "SRV": ("SRV", reply(record("SRV", "0 1 993 IMAP.co.jp.")), Answer(AnswerStatus.FOUND, ("0 1 993 imap.co.jp",))),
    "SRV of nothing": ("SRV", reply(record("SRV", "0 0 0 .")), Answer(AnswerStatus.FOUND, ("0 0 0 .",))),
    "SRV of an odd name": (
        "SRV",
        reply(record("SRV", "0 1 993 a\\032\\027\\200b.co.jp.")),
        Answer(AnswerStatus.FOUND, ("0 1 993 a\\032\\027\\200b.co.jp",)),
    ),
    "a text": ("TXT", reply(record("TXT", '"a b" "c\\027\\200"')), Answer(AnswerStatus.FOUND, ("a bc\\027\\200",))),
    "nothing": ("A", reply(), Answer(AnswerStatus.NO_DATA)),
    "no such name": ("A", bare, Answer(AnswerStatus.NO_NAME)),
    "a circle": (
        "A",
        reply(record("CNAME", "b.co.jp."), record("CNAME", f"{NAME}.", "b.co.jp")),
        Answer(AnswerStatus.LOOP, (), ("b.co.jp", NAME)),
    ),
    "the longest chain": (
        "A",
        reply(*chain(LONGEST_CHAIN)),
        Answer(AnswerStatus.NO_DATA, (), tuple(f"c{n}.co.jp" for n in range(1, LONGEST_CHAIN + 1))),
    ),
    "a longer chain": (
        "A",
        reply(*chain(LONGEST_CHAIN + 5)),
        Answer(AnswerStatus.TOO_LONG, (), tuple(f"c{n}.co.jp" for n in range(1, LONGEST_CHAIN + 2))),
    ),
    "SERVFAIL": ("A", coded(dns.rcode.SERVFAIL), Answer(AnswerStatus.SERVFAIL)),
    "REFUSED": ("A", coded(dns.rcode.REFUSED), Answer(AnswerStatus.LAME)),
    "NOTAUTH": ("A", coded(dns.rcode.NOTAUTH), Answer(AnswerStatus.LAME)),
    "NOTIMP": ("A", coded(dns.rcode.NOTIMP), Answer(AnswerStatus.BROKEN)),
    "FORMERR": ("A", coded(dns.rcode.FORMERR), Answer(AnswerStatus.BROKEN)),
    "not DNS": ("A", lambda _: b"not DNS", Answer(AnswerStatus.BROKEN)),
}


@pytest.mark.parametrize(("kind", "answer", "expected"), FOUND.values(), ids=FOUND)
def test_meaning(nameserver: Nameserver, kind: str, answer: Reply, expected: Answer) -> None:
    """Records as zones are written, CNAMEs in their order; why there is nothing; how a server failed."""
    nameserver.reply = answer
    host, port = nameserver.address

    assert ask(nameserver, kind) == Answer(expected.status, expected.data, expected.chain, f"{host}:{port}")


REFERRALS = {
    "to a part below": (("shop.co.jp.", 60, "IN", "NS", "ns.elsewhere.jp."), NAME),
    "upwards": ((".", 60, "IN", "NS", "a.root-servers.net."), ""),
    "sideways": (("elsewhere.jp.", 60, "IN", "NS", "ns.elsewhere.jp."), ""),
}


@pytest.mark.parametrize(("authority", "cut"), REFERRALS.values(), ids=REFERRALS)
def test_referral(nameserver: Nameserver, authority: tuple[str, int, str, str, str], cut: str) -> None:
    """A server that refers to others does not have the zone; where they have a part of it, that part is named."""
    nameserver.reply = reply(soa=authority)
    found = ask(nameserver, recursive=False)

    assert (found.status, found.cut) == (AnswerStatus.LAME, cut)


@pytest.mark.parametrize(("recursive", "status"), [(True, AnswerStatus.FOUND), (False, AnswerStatus.LAME)])
def test_without_authority(nameserver: Nameserver, recursive: bool, status: AnswerStatus) -> None:
    """An answer out of a cache is an answer of a resolver, and none of a zone's own name server."""
    nameserver.reply = reply(record("A", "192.0.2.1"))

    assert ask(nameserver, recursive=recursive).status is status


def test_flags(nameserver: Nameserver) -> None:
    """A zone's own name server is not asked to recurse."""
    flags: list[bool] = []

    def noting(query: dns.message.Message) -> bytes | None:
        flags.append(bool(query.flags & dns.flags.RD))
        return reply(flags=dns.flags.AA)(query)

    nameserver.reply = noting

    assert ask(nameserver, recursive=False).status is AnswerStatus.NO_DATA
    assert ask(nameserver, recursive=True).status is AnswerStatus.NO_DATA
    assert flags == [False, True]


def test_without_edns(nameserver: Nameserver) -> None:
    """A server from before EDNS, which does not understand the question, is asked without it."""

    def old(query: dns.message.Message) -> bytes | None:
        return (coded(dns.rcode.FORMERR) if query.edns >= 0 else reply(record("A", "192.0.2.1")))(query)

    nameserver.reply = old

    assert ask(nameserver).data == ("192.0.2.1",)


def test_silence(nameserver: Nameserver) -> None:
    """A question is sent twice, and then given up."""
    nameserver.reply = silence

    assert ask(nameserver, limit=0.2).status is AnswerStatus.TIMED_OUT
    assert nameserver.asked == [f"{NAME}. A"] * 2


@pytest.mark.parametrize("name", ["a..b", "a" * 64 + ".jp", "é…"])
def test_no_name(nameserver: Nameserver, name: str) -> None:
    """Nothing is asked for an invalid name."""
    assert ask(nameserver, name=name).status is AnswerStatus.NO_NAME
    assert not nameserver.asked


def dns_answer(query: dns.message.Message, addresses: list[str]) -> bytes:
    """Many addresses, in as few octets as possible."""
    response = dns.message.make_response(query)
    response.use_edns(False)
    response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", *addresses))
    return response.to_wire(max_size=65535)


def test_many_and_long(nameserver: Nameserver) -> None:
    """Of many records some are kept, and of a long one its beginning."""
    addresses = [f"192.0.2.{number}" for number in range(MOST_RECORDS + 10)]
    nameserver.reply = lambda query: dns_answer(query, addresses)
    many = ask(nameserver)
    nameserver.reply = reply(record("TXT", " ".join(['"' + "\\200" * 200 + '"'] * 3)))
    (text,) = ask(nameserver, "TXT").data

    assert len(many.data) == MOST_RECORDS
    assert len(text) == LONGEST_DATA + len("...")


@pytest.fixture(scope="module")
def hostile() -> Iterator[Nameserver]:
    """A name server for all examples of a property."""
    server = Nameserver()
    yield server
    server.stop()


WHOLE = reply(
    record("CNAME", "b.co.jp."),
    record("SRV", "0 1 993 imap.co.jp.", "b.co.jp"),
    record("TXT", '"some text"', "b.co.jp"),
    soa=SOA,
)


@settings(max_examples=80)
@given(
    changes=st.lists(st.tuples(st.integers(2, 200), st.integers(0, 255)), min_size=1, max_size=8),
    kind=st.sampled_from(["SRV", "TXT", "CNAME", "SOA"]),
    recursive=st.booleans(),
)
def test_hostile(hostile: Nameserver, changes: list[tuple[int, int]], kind: str, recursive: bool) -> None:
    """Whatever bytes come, an answer comes of them, and nothing in it acts on a terminal."""

    def answer(query: dns.message.Message) -> bytes:
        wire = bytearray(WHOLE(query) or b"")
        for place, value in changes:
            wire[place % len(wire)] = value
        return bytes(wire)

    hostile.reply = answer
    found = ask(hostile, kind, recursive=recursive, limit=0.1)

    assert found.status in AnswerStatus
    assert all(text.isascii() and text.isprintable() for text in (*found.data, *found.chain, found.cut) if text)
