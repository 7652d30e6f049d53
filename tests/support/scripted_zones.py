"""Answers of name servers and resolvers, out of zones in memory: for tests that make servers fail or disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.scripted_dns import Reply


def loaded(text: str, origin: str) -> dns.zone.Zone:
    """A zone out of its text."""
    return dns.zone.from_text(text, origin, relativize=False)


def authority(text: str, origin: str) -> Reply:
    """A name server of one zone; it refers to others for what is delegated, and refuses the rest."""
    zone = loaded(text, origin)

    def answer(query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        name, kind = query.question[0].name, query.question[0].rdtype
        if not name.is_subdomain(_origin(zone)):
            response.set_rcode(dns.rcode.REFUSED)
        elif cut := _delegation(zone, name):
            response.authority.append(cut)
        else:
            response.flags |= dns.flags.AA
            _fill(response, zone, name, kind)
        return response.to_wire()

    return answer


def resolver(zones: Mapping[str, str]) -> Reply:
    """A resolver that knows these zones, and nothing else in the world."""
    known = [loaded(text, origin) for origin, text in zones.items()]

    def answer(query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        name, kind = query.question[0].name, query.question[0].rdtype
        for _ in range(16):
            holding = [zone for zone in known if name.is_subdomain(_origin(zone))]
            if not holding:
                response.set_rcode(dns.rcode.NXDOMAIN)
                break
            zone = max(holding, key=lambda zone: len(_origin(zone)))
            before = len(response.answer)
            _fill(response, zone, name, kind)
            if len(response.answer) == before:
                break
            last = response.answer[-1]
            if last.rdtype != dns.rdatatype.CNAME or kind == dns.rdatatype.CNAME:
                break
            name = last[0].target
        else:
            response.answer.clear()
            response.set_rcode(dns.rcode.SERVFAIL)
        return response.to_wire()

    return answer


def but(reply: Reply, name: str, instead: Reply) -> Reply:
    """The same, except for one name."""

    def answer(query: dns.message.Message) -> bytes | None:
        asked = query.question[0].name == dns.name.from_text(name)
        return (instead if asked else reply)(query)

    return answer


def coded(code: dns.rcode.Rcode) -> Reply:
    """An error."""
    return altered(lambda response: response.set_rcode(code))


def altered(change: Callable[[dns.message.Message], object]) -> Reply:
    """An empty answer, changed."""

    def answer(query: dns.message.Message) -> bytes:
        response = dns.message.make_response(query)
        change(response)
        return response.to_wire()

    return answer


def _origin(zone: dns.zone.Zone) -> dns.name.Name:
    assert zone.origin is not None
    return zone.origin


def _fill(
    response: dns.message.Message, zone: dns.zone.Zone, name: dns.name.Name, kind: dns.rdatatype.RdataType
) -> None:
    node = zone.get_node(name)
    if node is None:
        below = any(other.is_subdomain(name) for other in zone.nodes)
        response.set_rcode(dns.rcode.NOERROR if below else dns.rcode.NXDOMAIN)
        return
    for wanted in (kind, dns.rdatatype.CNAME):
        if (found := node.get_rdataset(dns.rdataclass.IN, wanted)) is not None:
            response.answer.append(dns.rrset.from_rdata_list(name, found.ttl, list(found)))
            return


def _delegation(zone: dns.zone.Zone, name: dns.name.Name) -> dns.rrset.RRset | None:
    """The NS records of a part that is somebody else's."""
    for owner, node in zone.nodes.items():
        found = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.NS)
        if found is not None and owner != zone.origin and name.is_subdomain(owner):
            return dns.rrset.from_rdata_list(owner, found.ttl, list(found))
    return None
