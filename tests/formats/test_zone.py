from __future__ import annotations

import csv
import io
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dns.rdata
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import Inexpressible
from autoconfig.formats import pacc, zone, zone_text
from autoconfig.formats.zone_purposes import Purpose
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.binding import bind
from autoconfig.mail.domain import Domain
from autoconfig.plans import read_plans
from tests.conftest import needs
from tests.support.published import PLACES, SIX, SOA, account

if TYPE_CHECKING:
    from autoconfig.mail.account import Account

EXPECTED = Path(__file__).parent / "zones"


def data(found: Account, places: zone.Places = PLACES) -> dict[str, list[str]]:
    """The records' data, by what stands before the domain."""
    lines: dict[str, list[str]] = {}
    for record in zone.records(found, places):
        label = record.name.removesuffix(found.domain.name).removesuffix(".")
        lines.setdefault(label, []).append(f"{record.type} {record.data}")
    return lines


@pytest.mark.parametrize("plan", [*SIX, "suite"])
def test_zone_file(plan: str) -> None:
    """The records of a domain on each plan, as they are to be included in its zone."""
    printed = zone_text.zone_file(zone.records(account("customer.example", plan), PLACES))
    file = EXPECTED / f"{plan}.zone"
    if os.environ.get("AUTOCONFIG_REWRITE_EXPECTED"):
        file.write_text(printed, encoding="utf-8")

    assert file.read_text(encoding="utf-8") == printed


def test_plain_service() -> None:
    """A service without TLS has no record for its plain name, and the root for its TLS name (RFC 6186)."""
    found = data(account("customer.example", "legacy-os"))

    assert "_imap._tcp" not in found
    assert "_pop3._tcp" not in found
    assert (found["_imaps._tcp"], found["_pop3s._tcp"]) == (["SRV 0 0 0 ."], ["SRV 0 0 0 ."])
    assert zone.unwanted_services(account("customer.example", "legacy-os")) == (
        "_imap._tcp.customer.example",
        "_pop3._tcp.customer.example",
    )


def test_order_of_servers() -> None:
    """The preferred server of several has the lower priority, and STARTTLS always the higher one."""
    found = data(account("customer.example"))

    assert found["_imaps._tcp"] == ["SRV 0 1 993 imap.customer.example", "SRV 1 1 993 imap2.customer.example"]
    assert found["_imap._tcp"] == ["SRV 10 1 143 imap.customer.example"]


def test_path_of_a_url() -> None:
    """A calendar's path is in a TXT record, where it has one; a port other than 443 is in the SRV record."""
    found = data(account("customer.example"))

    assert found["_caldavs._tcp"] == ["SRV 0 1 443 dav.customer.example", "TXT path=/calendars/"]
    assert found["_carddavs._tcp"] == ["SRV 0 1 8443 dav.customer.example"]


MAILBOX = """
[plans.mailbox]
name = "A calendar a mailbox"
servers = [
  { protocol = "imap", host = "imap.{domain}", port = 993, tls = "ssl", login = ["password-cleartext"], username = "{address}" },
  { protocol = "smtp", host = "smtp.{domain}", port = 465, tls = "ssl", login = ["password-cleartext"], username = "{address}" },
  { protocol = "caldav", url = "https://dav.{domain}/{local}/", login = ["password-cleartext"], username = "{address}" },
]
"""  # noqa: E501 (as people write plans)


def test_url_of_a_mailbox() -> None:
    """A calendar of which each mailbox has its own URL has an SRV record, no path, and no say in PACC's digest."""
    bound = bind(read_plans(MAILBOX.encode()).get("mailbox"), {})
    domain = Domain("customer.example")
    found = data(bound.account(domain, EmailAddress("taro", domain)))

    assert found["_caldavs._tcp"] == ["SRV 0 1 443 dav.customer.example"]
    assert found["_ua-auto-config"] == [f"TXT {pacc.txt_record(pacc.document(bound.account(domain, None)))}"]


def test_digest() -> None:
    """The digest is that of the document that the server sends; where there is none, nothing leads to it."""
    found = data(account("customer.example", "server-setup"))
    document = pacc.document(account("customer.example", "server-setup"))

    assert found["_ua-auto-config"] == [f"TXT {pacc.txt_record(document)}"]
    assert not {"ua-auto-config", "_ua-auto-config"} & data(account("customer.example", "shared-standard")).keys()


PLACED = {
    "another target": (("https://autoconf.provider.example", "lb.provider.example"), "CNAME lb.provider.example"),
    "an address": (("https://192.0.2.1:8443", None), "A 192.0.2.1"),
    "an IPv6 address": (("https://[2001:db8::1]", None), "AAAA 2001:db8::1"),
}


@pytest.mark.parametrize(("where", "expected"), PLACED.values(), ids=PLACED)
def test_target(where: tuple[str, str | None], expected: str) -> None:
    """Names lead to the target; an SRV record leads to the host of `public_url`, and never to an address (RFC 2782)."""
    places = zone.Places.of(*where)
    found = data(account("customer.example"), places)

    assert found["autoconfig"] == [expected]
    assert found.get("_autodiscover._tcp", []) == (
        ["SRV 0 0 443 autoconf.provider.example"] if where[1] is not None else []
    )


def test_own_domain() -> None:
    """The server's own name does not become an alias of itself."""
    found = data(account("provider.example"), zone.Places.of("https://autoconfig.provider.example:8443", None))

    assert "autoconfig" not in found
    assert found["autodiscover"] == ["CNAME autoconfig.provider.example"]
    assert found["_autodiscover._tcp"] == ["SRV 0 0 8443 autoconfig.provider.example"]


def test_address_as_host() -> None:
    """A mail server that is named by its address has no SRV record, and none says that it is not there."""
    found = data(account("customer.example", "xserver", server="192.0.2.5"))

    assert {"_imaps._tcp", "_submissions._tcp"} & found.keys() == set()


def test_long_domain() -> None:
    """A record whose name would be longer than the DNS allows is left out."""
    domain = ".".join(["a" * 60] * 4)[:235]
    found = zone.records(account(domain, "shared-standard"), PLACES)

    assert max(len(record.name) for record in found) <= 253
    assert Purpose.AUTOCONFIG in {record.purpose for record in found}


def test_moved() -> None:
    """A domain that moved away has no records here, and it is said where it went."""
    with pytest.raises(Inexpressible, match=r"has moved to new\.customer\.example"):
        zone.records(account("customer.example", "moved"), PLACES)


def test_provider() -> None:
    """The provider publishes one name for each domain of its mail hosts, but none for the server's own."""
    places = zone.Places.of("https://autoconfig.xbit.jp", None)
    found = zone.provider_records(["xbit.jp", "mx.xbit.jp"], places)

    assert [(record.name, record.data) for record in found] == [("autoconfig.mx.xbit.jp", "autoconfig.xbit.jp")]


def test_csv() -> None:
    """The table has the records that the zone file has."""
    records = zone.records(account("customer.example"), PLACES)
    rows = list(csv.DictReader(io.StringIO(zone_text.csv_text(records))))

    assert [(row["name"], row["type"], row["data"], row["ttl"]) for row in rows] == [
        (record.name, record.type, record.data, str(record.ttl)) for record in records
    ]
    assert {row["needed"] for row in rows} == {"true", "false"}


@pytest.mark.parametrize("purpose", Purpose)
def test_purposes(purpose: Purpose) -> None:
    """Each purpose is said in both languages."""
    texts = purpose.text.by_language

    assert not texts["ja"].isascii()
    assert texts["en"].isascii()


def zone_including(folder: Path, domain: str, included: str) -> Path:
    """A zone file that includes a text."""
    (folder / "included").write_text(included, encoding="utf-8")
    hosts = "".join(f"{host} 60 A 192.0.2.1\n" for host in ("@", "imap", "imap2", "smtp", "dav", "jmap", "pop", "smap"))
    (folder / "zone").write_text(f'$ORIGIN {domain}.\n{SOA}{hosts}$INCLUDE "{folder}/included"\n', encoding="utf-8")
    return folder / "zone"


def said(*command: str | Path) -> str:
    """What a program prints that has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("plan", [*SIX, "suite"])
def test_knot_includes_it(tmp_path: Path, plan: str) -> None:
    """Knot takes the printed text into a zone by `$INCLUDE`."""
    printed = zone_text.zone_file(zone.records(account("customer.example", plan), PLACES))
    file = zone_including(tmp_path, "customer.example", printed)

    said(needs("kzonecheck", "knot-dnssecutils"), "-o", "customer.example.", file)


@pytest.mark.parametrize("plan", [*SIX, "suite"])
def test_bind_includes_it(tmp_path: Path, plan: str) -> None:
    """BIND takes it, too."""
    printed = zone_text.zone_file(zone.records(account("日本語.example", plan), PLACES))
    file = zone_including(tmp_path, "xn--wgv71a119e.example", printed)

    assert said(needs("named-checkzone", "bind9-utils"), "xn--wgv71a119e.example", file).splitlines()[-1] == "OK"


@given(st.text())
def test_quoted(text: str) -> None:
    """Any text is one line of printable ASCII, in strings of at most 255 octets (RFC 1035 section 3.3.14)."""
    line = zone_text.quoted(text)
    record: Any = dns.rdata.from_text("IN", "TXT", line)

    assert line.isascii()
    assert line.isprintable()
    assert b"".join(record.strings) == text.encode()
    assert all(len(string) <= 255 for string in record.strings)
