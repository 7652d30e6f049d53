"""Send one question to one name server, and interpret its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from autoconfig.dns.question import LONGEST_CHAIN, LONGEST_DATA, MOST_RECORDS, Answer, AnswerStatus

ATTEMPTS = 2
"""Times that a question is sent, in case a packet is lost."""
PAYLOAD = 1232
"""Octets of the largest answer by UDP (the value of DNS Flag Day 2020); larger ones come by TCP."""

_FAILURES = {
    dns.rcode.SERVFAIL: AnswerStatus.SERVFAIL,
    dns.rcode.REFUSED: AnswerStatus.LAME,
    dns.rcode.NOTAUTH: AnswerStatus.LAME,
}


@dataclass(frozen=True, slots=True)
class NameserverAddress:
    """The address of a name server, and its name if it is known."""

    address: str
    port: int = 53
    name: str = ""

    def __str__(self) -> str:
        """Name and address, or the address alone."""
        place = self.address if self.port == 53 else f"{self.address}:{self.port}"
        return f"{self.name} ({place})" if self.name else place


async def exchange(server: NameserverAddress, name: str, kind: str, limit: float, *, recursive: bool) -> Answer:
    """
    Ask for the records of a type, for at most `limit` seconds. Failures of the DNS are answers, not exceptions.

    `recursive` asks for recursion and accepts answers without authority; otherwise only the server's own data count.
    """
    try:
        owner = dns.name.from_text(name)
    except (dns.exception.DNSException, ValueError):  # a name from an answer that cannot be parsed again
        return Answer(AnswerStatus.NO_NAME, server=str(server))
    wanted = dns.rdatatype.from_text(kind)
    query = dns.message.make_query(owner, wanted, use_edns=0, payload=PAYLOAD)
    if not recursive:
        query.flags &= ~dns.flags.RD
    response = await _response(server, query, limit)
    if isinstance(response, AnswerStatus):
        return Answer(response, server=str(server))
    return _meaning(response, owner, wanted, str(server), recursive=recursive)


async def _response(
    server: NameserverAddress, query: dns.message.QueryMessage, limit: float
) -> dns.message.Message | AnswerStatus:
    status = AnswerStatus.TIMED_OUT
    for _ in range(ATTEMPTS):
        try:
            response, _by_tcp = await dns.asyncquery.udp_with_fallback(
                query, server.address, limit / ATTEMPTS, server.port, ignore_unexpected=True
            )
        except (dns.exception.Timeout, OSError):
            continue
        except (dns.exception.DNSException, EOFError, ValueError):
            status = AnswerStatus.BROKEN
        else:
            if response.rcode() != dns.rcode.FORMERR or query.edns < 0:
                return response
            query.use_edns(False)  # a server from before RFC 6891
            status = AnswerStatus.BROKEN
    return status


def _meaning(
    response: dns.message.Message,
    owner: dns.name.Name,
    wanted: dns.rdatatype.RdataType,
    server: str,
    *,
    recursive: bool,
) -> Answer:
    code = response.rcode()
    if code not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        return Answer(_FAILURES.get(code, AnswerStatus.BROKEN), server=server)
    referred = _referral(response)
    if referred is not None and not response.answer:
        below = not recursive and owner.is_subdomain(referred) and referred != dns.name.root
        return Answer(AnswerStatus.LAME, server=server, cut=_text(referred) if below else "")
    if not recursive and not response.flags & dns.flags.AA:
        return Answer(AnswerStatus.LAME, server=server)
    aliases = {r.name: r[0].target for r in response.answer if r.rdtype == dns.rdatatype.CNAME and r.rdtype != wanted}
    chain: list[dns.name.Name] = []
    end = owner
    while end in aliases:
        end = aliases[end]
        if end == owner or end in chain:
            return Answer(AnswerStatus.LOOP, chain=tuple(map(_text, [*chain, end])), server=server)
        chain.append(end)
        if len(chain) > LONGEST_CHAIN:
            return Answer(AnswerStatus.TOO_LONG, chain=tuple(map(_text, chain)), server=server)
    names = tuple(map(_text, chain))
    records = next((r for r in response.answer if r.name == end and r.rdtype == wanted), None)
    if records is not None:
        return Answer(AnswerStatus.FOUND, tuple(sorted(set(map(_data, records)))[:MOST_RECORDS]), names, server)
    return Answer(AnswerStatus.NO_NAME if code == dns.rcode.NXDOMAIN else AnswerStatus.NO_DATA, (), names, server)


def _referral(response: dns.message.Message) -> dns.name.Name | None:
    """The zone of a referral, which names other name servers instead of answering (RFC 2308 section 2.2)."""
    if response.flags & (dns.flags.AA | dns.flags.RA):
        return None
    kinds = {records.rdtype: records.name for records in response.authority}
    return None if dns.rdatatype.SOA in kinds else kinds.get(dns.rdatatype.NS)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _data(record: Any) -> str:
    """Write a record as `formats.zone` does, with everything but printable ASCII escaped."""
    text: str
    match record.rdtype:
        case dns.rdatatype.A | dns.rdatatype.AAAA:
            text = record.to_text()
        case dns.rdatatype.SRV:
            text = f"{record.priority} {record.weight} {record.port} {_text(record.target)}"
        case dns.rdatatype.MX:
            text = f"{record.preference} {_text(record.exchange)}"
        case dns.rdatatype.NS | dns.rdatatype.CNAME:
            text = _text(record.target)
        case dns.rdatatype.TXT:
            text = "".join(chr(o) if 32 <= o < 127 else f"\\{o:03d}" for part in record.strings for o in part)
        case _:
            text = ""  # an SOA: only its existence matters
    return text if len(text) <= LONGEST_DATA else text[:LONGEST_DATA] + "..."
