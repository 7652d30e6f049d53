"""Name servers and resolvers that fail, lie or disagree, by the way that a check takes without `--nameserver`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import dns.flags
import dns.rcode
import dns.rrset
import pytest

from autoconfig.check.dns_codes import KINDS
from autoconfig.formats.zone import Places, records
from tests.check.zone_faults import FAULTS
from tests.support.checking import checked, codes
from tests.support.limits import LIMIT, SHORT
from tests.support.published import OTHERS, PLACES, SOA, account, customer
from tests.support.scripted_dns import Nameserver, garbage, silence
from tests.support.scripted_zones import altered, authority, but, coded, resolver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.check.domain_records import DomainCheck
    from tests.support.scripted_dns import Reply

DOMAIN = "shop.example"
ACCOUNT = account(DOMAIN)
RECORDS = records(ACCOUNT, PLACES)
SERVERS = "@ 60 NS ns1\n@ 60 NS ns2\nns1 60 A 127.0.0.2\nns2 60 A 127.0.0.3\n"
ZONE = customer(RECORDS, SERVERS).replace("@ 60 NS ns\n", "")
OLD = customer([record for record in RECORDS if not record.name.startswith("autoconfig.")], SERVERS).replace(
    "@ 60 NS ns\n", ""
)
REFUSED, SERVFAIL = coded(dns.rcode.REFUSED), coded(dns.rcode.SERVFAIL)
GOOD, GOOD_RESOLVER = authority(ZONE, DOMAIN), resolver({**OTHERS, DOMAIN: ZONE})


def without_authority(reply: Reply) -> Reply:
    """Answers out of a cache."""

    def answer(query: dns.message.Message) -> bytes:
        response = dns.message.from_wire(reply(query) or b"")
        response.flags &= ~dns.flags.AA
        return response.to_wire()

    return answer


def upwards(response: dns.message.Message) -> None:
    """A referral to the root."""
    response.authority.append(dns.rrset.from_text(".", 60, "IN", "NS", "a.root-servers.net."))


class Servers(NamedTuple):
    """The resolver and both name servers, listening."""

    resolver: Nameserver
    first: Nameserver
    second: Nameserver

    def check(self, limit: float = 20.0) -> DomainCheck:
        """The check of the domain."""
        return checked(ACCOUNT, [self.resolver.address], limit=limit, given=False, port=self.first.address[1])


@pytest.fixture
def servers() -> Iterator[Servers]:
    """All of them healthy."""
    first = Nameserver("127.0.0.2")
    made = Servers(Nameserver(), first, Nameserver("127.0.0.3", first.address[1]))
    made.resolver.reply, made.first.reply, made.second.reply = GOOD_RESOLVER, GOOD, GOOD
    yield made
    for server in made:
        server.stop()


SECOND: dict[str, tuple[Reply, str]] = {
    "SERVFAIL": (SERVFAIL, "nameserver-servfail"),
    "silent": (silence, "nameserver-timeout"),
    "refuses": (REFUSED, "nameserver-lame"),
    "not the zone's": (without_authority(GOOD), "nameserver-lame"),
    "refers upwards": (altered(upwards), "nameserver-lame"),
    "not DNS": (lambda _: b"not DNS", "nameserver-broken"),
    "truncated, and not by TCP": (garbage, "nameserver-timeout"),
    "NOTIMP": (coded(dns.rcode.NOTIMP), "nameserver-broken"),
}


@pytest.mark.parametrize(("reply", "code"), SECOND.values(), ids=SECOND)
def test_one_of_two(servers: Servers, reply: Reply, code: str) -> None:
    """One bad name server is one finding, about that server; the records are judged by what the other one says."""
    servers.second.reply = reply
    check = servers.check(SHORT if reply is silence else LIMIT)

    assert {finding.code: finding.server for finding in check.findings} == {
        code: f"ns2.shop.example (127.0.0.3:{servers.first.address[1]})"
    }
    assert (check.ok, {record.status for record in check.records}) == (True, {"ok"})


@pytest.mark.parametrize(("reply", "code"), SECOND.values(), ids=SECOND)
def test_both(servers: Servers, reply: Reply, code: str) -> None:
    """If no name server says anything, every record is unknown, and it is said that the DNS cannot be asked."""
    servers.first.reply = servers.second.reply = reply
    check = servers.check(SHORT if reply is silence else LIMIT)

    assert (codes(check), check.heard, check.ok) == ({code}, False, False)
    assert {record.status for record in check.records} == {"unknown"}


def test_healthy(servers: Servers) -> None:
    """The zone's own name servers are asked, both of them, and are not asked to recurse."""
    check = servers.check()

    assert (check.ok, check.findings) == (True, ())
    assert f"autoconfig.{DOMAIN}. A" in servers.first.asked
    assert servers.first.asked.count(f"_jmap._tcp.{DOMAIN}. SRV") == 1
    assert sorted(servers.first.asked) == sorted(servers.second.asked)


def test_disagreement(servers: Servers) -> None:
    """One server with an old zone is found by the record that is not the same, and by nothing else."""
    servers.second.reply = authority(OLD, DOMAIN)
    check = servers.check()

    assert (codes(check), check.ok) == ({"nameservers-disagree"}, False)
    assert [(r.name, r.status) for r in check.records if r.status != "ok"] == [(f"autoconfig.{DOMAIN}", "conflicting")]
    assert "ns2.shop.example" in check.findings[0].seen


def test_name_server_without_address(servers: Servers) -> None:
    """An NS record that leads to no address is as bad as a lame server."""
    zone = ZONE.replace("ns2 60 A 127.0.0.3\n", "")
    servers.resolver.reply, servers.first.reply = resolver({**OTHERS, DOMAIN: zone}), authority(zone, DOMAIN)
    check = servers.check()

    assert (codes(check), check.ok) == ({"nameserver-lame"}, True)
    assert check.findings[0].server == "ns2.shop.example (without an address)"


def test_delegated_name(servers: Servers) -> None:
    """A name that is delegated to somebody else is asked for there."""
    below = f"autoconfig.{DOMAIN}"
    inner = "@ 60 SOA ns2.shop.example. h 1 1 1 1 1\n@ 60 NS ns2.shop.example.\n@ 60 A 192.0.2.1\n"
    kept = [record for record in RECORDS if record.name != below]
    outer = customer(kept, f"{SERVERS}autoconfig 60 NS ns2\n").replace("@ 60 NS ns\n", "")
    inside, outside = authority(inner, below), authority(outer, DOMAIN)
    servers.first.reply = outside
    servers.second.reply = lambda query: (
        inside if query.question[0].name.to_text().endswith(f"{below}.") else outside
    )(query)
    servers.resolver.reply = resolver({**OTHERS, DOMAIN: outer, below: inner})
    check = servers.check()

    assert [record for record in check.records if record.status != "ok"] == []


RESOLVERS: dict[str, tuple[Reply, str, bool, bool]] = {
    "the domain does not exist": (resolver(OTHERS), "domain-missing", True, False),
    "silent": (silence, "nameserver-timeout", False, False),
    "SERVFAIL": (SERVFAIL, "nameserver-servfail", False, False),
    "not DNS": (lambda _: b"not DNS", "nameserver-broken", False, False),
    "old records": (resolver({**OTHERS, DOMAIN: OLD}), "resolver-differs", True, True),
    "SERVFAIL for a name, as by DNSSEC": (
        but(GOOD_RESOLVER, f"_jmap._tcp.{DOMAIN}", SERVFAIL),
        "nameserver-servfail",
        True,
        True,
    ),
}


@pytest.mark.parametrize(("reply", "code", "heard", "ok"), RESOLVERS.values(), ids=RESOLVERS)
def test_resolver(servers: Servers, reply: Reply, code: str, heard: bool, ok: bool) -> None:
    """A resolver that fails, or that still has old records, is told apart from a zone that is wrong."""
    servers.resolver.reply = reply
    check = servers.check(SHORT if reply is silence else LIMIT)

    assert (codes(check), check.heard, check.ok) == ({code}, heard, ok)
    assert ok is ("error" not in {finding.severity for finding in check.findings})


ONE_NAME: dict[str, tuple[Reply, str]] = {
    "SERVFAIL": (SERVFAIL, "nameserver-servfail"),
    "time-out": (silence, "nameserver-timeout"),
}


@pytest.mark.parametrize(("reply", "code"), ONE_NAME.values(), ids=ONE_NAME)
def test_one_name(servers: Servers, reply: Reply, code: str) -> None:
    """With --nameserver that server is all that is asked; a name of which it says nothing is unknown, not missing."""
    servers.resolver.reply = but(GOOD_RESOLVER, f"autoconfig.{DOMAIN}", reply)
    check = checked(ACCOUNT, [servers.resolver.address], limit=SHORT if reply is silence else LIMIT)

    assert (codes(check), check.heard, check.ok) == ({code}, True, False)
    assert [(r.name, r.status) for r in check.records if r.status != "ok"] == [(f"autoconfig.{DOMAIN}", "unknown")]
    assert not servers.first.asked


def test_nobody_to_ask() -> None:
    """A machine without a resolver cannot ask."""
    check = checked(ACCOUNT, [], given=False)

    assert (codes(check), check.heard) == ({"nameserver-timeout"}, False)


def test_every_code_is_made() -> None:
    """Each code of the DNS is found in a test that makes its fault for real."""
    made = {fault.code for fault in FAULTS.values()} | {code for _, code in SECOND.values()}

    assert made | {code for _, code, _, _ in RESOLVERS.values()} | {"nameservers-disagree"} == set(KINDS)


def test_mx_path(servers: Servers) -> None:
    """A domain without a record of its own that Thunderbird finds by its MX lacks nothing that is needed for it."""
    kept = [record for record in RECORDS if not record.name.startswith("autoconfig.")]
    zone = customer(kept, SERVERS).replace("@ 60 MX 10 mail", "@ 60 MX 10 cs312.xbit.jp.").replace("@ 60 NS ns\n", "")
    servers.first.reply = servers.second.reply = authority(zone, DOMAIN)
    servers.resolver.reply = resolver({**OTHERS, DOMAIN: zone})
    check = servers.check()
    by_name = {record.name: record for record in check.records}

    assert (by_name[f"autoconfig.{DOMAIN}"].status, by_name[f"autoconfig.{DOMAIN}"].needed) == ("missing", False)
    assert (check.ok, codes(check)) == (True, {"record-missing"})
    assert check.findings[0].severity == "note"


OWN: dict[str, tuple[Reply, str, str]] = {
    "no address": (resolver({**OTHERS, "provider.example": SOA, DOMAIN: ZONE}), "no-address", "wrong"),
    "SERVFAIL": (but(GOOD_RESOLVER, "autoconf.provider.example", SERVFAIL), "nameserver-servfail", "ok"),
}


@pytest.mark.parametrize(("reply", "code", "status"), OWN.values(), ids=OWN)
def test_own_server(servers: Servers, reply: Reply, code: str, status: str) -> None:
    """A CNAME to our name is right as long as nobody says that our name has no address."""
    servers.resolver.reply = reply
    check = servers.check()

    assert codes(check) == {code}
    assert {record.status for record in check.records if record.type == "CNAME"} == {status}


def test_own_address(servers: Servers) -> None:
    """A server that has an address and no name is found by address records."""
    places = Places.of("https://192.0.2.1", None)
    zone = customer(records(ACCOUNT, places), SERVERS).replace("@ 60 NS ns\n", "")
    servers.first.reply = servers.second.reply = authority(zone, DOMAIN)
    servers.resolver.reply = resolver({**OTHERS, DOMAIN: zone})
    port = servers.first.address[1]
    check = checked(ACCOUNT, [servers.resolver.address], given=False, port=port, places=places)

    assert (check.ok, check.findings) == (True, ())
    assert {record.type for record in check.records} == {"A", "SRV", "TXT"}


def test_target_fails_beside_an_address(servers: Servers) -> None:
    """If our own name cannot be asked, an A record cannot be judged; the finding is about the server that failed."""
    zone = ZONE.replace(
        "autoconfig.shop.example. 3600 IN CNAME autoconf.provider.example.", "autoconfig 60 A 192.0.2.1"
    )
    servers.first.reply = servers.second.reply = authority(zone, DOMAIN)
    servers.resolver.reply = but(resolver({**OTHERS, DOMAIN: zone}), "autoconf.provider.example", SERVFAIL)
    check = servers.check()

    assert codes(check) == {"nameserver-servfail"}
    assert {r.status for r in check.records if r.name.startswith("autoconfig.")} == {"unknown"}
