"""Faults of the DNS, each made in a zone of its own on a real name server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.formats import pacc
from autoconfig.formats.zone import records
from tests.check.zone_faults import FAULTS, Fault
from tests.conftest import needs
from tests.support.checking import checked, codes
from tests.support.published import OTHERS, PLACES, SIX, account, customer
from tests.support.servers.knot import Knot

if TYPE_CHECKING:
    from collections.abc import Iterator


HARMLESS = {
    "an A record in place of the CNAME": ("autoconfig", "autoconfig A 192.0.2.1"),
    "both addresses": ("autoconfig", "autoconfig A 192.0.2.1\nautoconfig AAAA 2001:db8::1"),
    "IPv6 only": ("autoconfig", "autoconfig AAAA 2001:db8::1"),
    "another CNAME": ("autoconfig", "autoconfig CNAME second.provider.example."),
    "a CNAME on the way": ("autoconfig", "autoconfig CNAME hop\nhop CNAME autoconf.provider.example."),
    "a wildcard that leads here": ("autodiscover", "* CNAME autoconf.provider.example."),
    "upper case": ("autoconfig", "AutoConfig CNAME AutoConf.Provider.EXAMPLE."),
    "another priority": ("_jmap._tcp", "_jmap._tcp SRV 5 7 443 jmap"),
    "another name of the same server": ("_jmap._tcp", "_jmap._tcp SRV 0 1 443 jmap-b\njmap-b A 192.0.2.15"),
    "the settings under the domain's name": (
        "",
        '@ TXT "mailconf=https://autoconfig.{domain}/mail/config-v1.1.xml"',
    ),
    "the digest's tags in another order": (
        "_ua-auto-config",
        '_ua-auto-config TXT "d={digest} ;a=sha256; later=yes" "; v=UAAC1;"',
    ),
    "old and new digest": (
        "-",
        '_ua-auto-config TXT "d=L7Lsxu3JqNXU9TTJtSx4Fg/cXT3SrsEWZLFg5lDZbEQ=; a=sha256; v=UAAC1"',
    ),
}


def domain_of(group: str, number: int) -> str:
    """A name for a customer."""
    return f"{group}{number}.example"


def faulty(domain: str, fault: Fault) -> str:
    """The zone with everything as printed but the one record."""
    name = f"{fault.name}.{domain}" if fault.name else domain
    kept = [
        record
        for record in records(account(domain, fault.plan), PLACES)
        if record.name != name or (fault.kind and record.type != fault.kind)
    ]
    return customer(kept, fault.lines + "\n", gone=fault.gone)


@pytest.fixture(scope="module")
def server() -> Iterator[Knot]:
    """A Knot with a zone for each fault, and for each customer without one."""
    zones: dict[str, str | None] = dict(OTHERS)
    for number, fault in enumerate(FAULTS.values()):
        domain = domain_of("fault", number)
        zones[domain] = faulty(domain, fault)
    for number, (name, lines) in enumerate(HARMLESS.values()):
        domain = domain_of("harmless", number)
        kept = [r for r in records(account(domain, "suite"), PLACES) if r.name != f"{name}.{domain}".lstrip(".")]
        digest = pacc.txt_record(pacc.document(account(domain, "suite"))).partition("d=")[2]
        zones[domain] = customer(kept, lines.format(domain=domain, digest=digest) + "\n")
    for plan in [*SIX, "suite"]:
        zones[f"{plan}.example"] = customer(records(account(f"{plan}.example", plan), PLACES))
    zones["xn--wgv71a119e.example"] = customer(records(account("日本語.example", "server-setup"), PLACES))
    made = Knot.made(needs("knotd", "knot"), zones)
    try:
        yield made
    finally:
        made.remove()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault(server: Knot, fault: Fault) -> None:
    """Each fault is found under its own code and nothing besides, with the record that it is about and a remedy."""
    domain = domain_of("fault", list(FAULTS.values()).index(fault))
    check = checked(account(domain, fault.plan), [server.address])
    name = f"{fault.name}.{domain}" if fault.name else domain
    hurt = [record for record in check.records if record.status != "ok"]

    assert codes(check) == {fault.code}
    assert {(record.name, record.status) for record in hurt} == {(name, fault.status)}
    assert check.ok is fault.ok
    assert {finding.server for finding in check.findings} == {name}
    assert all(finding.remedy.in_language(language) for finding in check.findings for language in ("ja", "en"))


@pytest.mark.parametrize("number", range(len(HARMLESS)), ids=list(HARMLESS))
def test_harmless(server: Knot, number: int) -> None:
    """A record is judged by where it leads, not by its spelling."""
    check = checked(account(domain_of("harmless", number), "suite"), [server.address])

    assert (check.ok, check.findings) == (True, ())
    assert {record.status for record in check.records} == {"ok"}


@pytest.mark.parametrize("domain", [*(f"{plan}.example" for plan in [*SIX, "suite"]), "日本語.example"])
def test_healthy(server: Knot, domain: str) -> None:
    """A domain of each plan that has published what is printed has no finding."""
    plan = domain.removesuffix(".example")
    check = checked(account(domain, "server-setup" if plan == "日本語" else plan), [server.address])

    assert (check.ok, check.findings) == (True, ())
    assert {record.status for record in check.records} == {"ok"}
