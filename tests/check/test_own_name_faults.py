"""Faults of the names that lead to the server, each made for real, and found under its own code and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from autoconfig.check.own_names.codes import KINDS
from autoconfig.check.own_names.judging import NOT_FOUND_BODY
from autoconfig.check.own_names.web_ports import WebPorts
from autoconfig.formats import microsoft, mozilla, pacc
from autoconfig.web.error_responses import NOT_FOUND as OWN_NOT_FOUND
from tests.support.own_names import (
    ACCOUNT,
    AUTOCONFIG,
    AUTODISCOVER,
    CONFIG,
    DOMAIN,
    HOST,
    PACC,
    POX,
    SOA,
    Told,
    in_short,
    on,
    own_names,
    with_certificate,
    zone_of,
)
from tests.support.peer_certificates import DAY, stranger, trusted
from tests.support.scripted_dns import Nameserver
from tests.support.scripted_mail import server_context
from tests.support.web_front import NOT_FOUND, PLAIN_LOOPBACK, page, redirect

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.web_front import WebFront

WELL_KNOWN = f"/.well-known/autoconfig{CONFIG}"
ERROR, WARNING, NOTE = "error", "warning", "note"
CLOSED = 1
"""A port on which nothing listens."""

HTML = page(b"<!DOCTYPE html><html><body>Welcome to our shop</body></html>")
LARGE = page(b"<html>" + b"x" * 300_000)
PARKED = page(b"<html><head><title>This domain is parked</title></head></html>")
OWN = mozilla.document(ACCOUNT)
OLD = page(OWN.replace(b"pop.yamada-law", b"old.yamada-law").replace(b">993<", b">143<"), kind="text/xml")
POX_OLD = page(microsoft.document(ACCOUNT).replace(b"pop.yamada-law", b"exchange.other"), kind="text/xml")
PACC_OLD = page(pacc.document(ACCOUNT).replace(b"pop.", b"old."), kind="application/json")
UNNAMED = page(b'{"message":"no route"}', "404 Not Found", "application/json")
BAD_GATEWAY = page(b"<html>502 Bad Gateway</html>", "502 Bad Gateway")
WANTS_PASSWORD = page(b"", "401 Unauthorized", "text/html", 'WWW-Authenticate: Basic realm="exchange"')


def renamed(front: WebFront) -> None:
    """A proxy that sends its own name as Host."""
    front.renamed[AUTOCONFIG] = "localhost.example"


def loop(front: WebFront) -> None:
    """A proxy that sends http to https, in front of a site that does the reverse."""
    front.answers["https", AUTOCONFIG] = redirect(f"http://{AUTOCONFIG}/")
    front.answers["http", AUTOCONFIG] = redirect(f"https://{AUTOCONFIG}/")


def on_and_on(front: WebFront) -> None:
    """Redirects to ever longer paths."""
    for scheme in ("https", "http"):
        front.answers[scheme, AUTOCONFIG] = lambda wire: wire.sendall(
            redirect(f"again{id(object())}/{len(front.asked)}")
        )


def downgraded(front: WebFront) -> None:
    """A redirect from https to http."""
    front.answers["https", AUTOCONFIG] = redirect(f"http://{AUTOCONFIG}{CONFIG}")


def plain_stays(front: WebFront) -> None:
    """A web site that takes the requests of Outlook by plain http."""
    front.answers["http", AUTODISCOVER] = NOT_FOUND


def nothing(_front: WebFront) -> None:
    """No fault of the front: it is one of the DNS."""


class NameFault(NamedTuple):
    """One thing that is wrong with a domain's names, and the one finding about it."""

    make: Callable[[WebFront], None]
    code: str
    server: str
    severity: str
    seen: str = ""
    """What is said of the fact."""
    zone: str = ""


FAULTS = {
    "HTML page": NameFault(on(AUTOCONFIG, HTML), "name-html-page", AUTOCONFIG, ERROR, "status 200"),
    "long HTML page": NameFault(on(AUTOCONFIG, LARGE), "name-html-page", AUTOCONFIG, ERROR),
    "parking page": NameFault(on(AUTOCONFIG, PARKED), "name-parking-page", AUTOCONFIG, ERROR),
    "redirect to a parking page": NameFault(
        on(AUTOCONFIG, redirect("https://www.hugedomains.com/?d=yamada")), "name-parking-page", AUTOCONFIG, ERROR
    ),
    "old file": NameFault(
        on(AUTOCONFIG, OLD), "name-old-document", AUTOCONFIG, ERROR, f"'old.{DOMAIN}' instead of 'pop.{DOMAIN}'"
    ),
    "other content type": NameFault(
        on(AUTOCONFIG, page(OWN, kind="application/octet-stream")), "name-content-type", AUTOCONFIG, ERROR
    ),
    "redirect loop": NameFault(loop, "name-redirect-loop", AUTOCONFIG, ERROR),
    "redirects on and on": NameFault(on_and_on, "name-redirect-loop", AUTOCONFIG, ERROR),
    "redirect away": NameFault(
        on(AUTOCONFIG, redirect("https://www.other.example/")), "name-redirect-away", AUTOCONFIG, ERROR
    ),
    "redirect to http": NameFault(downgraded, "name-plain-http-only", AUTOCONFIG, WARNING),
    "another server": NameFault(on(AUTOCONFIG, UNNAMED), "name-foreign-server", AUTOCONFIG, ERROR, "status 404"),
    "another Host": NameFault(renamed, "name-domain-unknown", AUTOCONFIG, ERROR),
    "nothing behind the proxy": NameFault(on(AUTOCONFIG, BAD_GATEWAY), "name-server-error", AUTOCONFIG, ERROR),
    "web site's certificate": NameFault(
        with_certificate(AUTOCONFIG, trusted().issue(DOMAIN, f"www.{DOMAIN}")),
        "name-certificate-of-website",
        AUTOCONFIG,
        WARNING,
        f"www.{DOMAIN}",
    ),
    "another certificate": NameFault(
        with_certificate(AUTOCONFIG, trusted().issue("cs312.xbit.jp")),
        "name-certificate-of-other",
        AUTOCONFIG,
        WARNING,
        "cs312.xbit.jp",
    ),
    "expired": NameFault(
        with_certificate(AUTOCONFIG, trusted().issue(AUTOCONFIG, begins=-9 * DAY, ends=-DAY)),
        "certificate-expired",
        AUTOCONFIG,
        ERROR,
    ),
    "expires soon": NameFault(
        with_certificate(AUTOCONFIG, trusted().issue(AUTOCONFIG, ends=3 * DAY)),
        "certificate-expires-soon",
        AUTOCONFIG,
        WARNING,
    ),
    "without the intermediate": NameFault(
        with_certificate(AUTOCONFIG, trusted().issue(AUTOCONFIG, with_chain=False)),
        "certificate-chain-incomplete",
        AUTOCONFIG,
        ERROR,
    ),
    "stranger's authority": NameFault(
        with_certificate(AUTOCONFIG, stranger().issue(AUTOCONFIG)), "certificate-untrusted", AUTOCONFIG, ERROR
    ),
    "plain http only": NameFault(
        nothing,
        "name-plain-http-only",
        AUTOCONFIG,
        WARNING,
        "connection refused",
        zone_of(gone=["autoconfig"], beside="autoconfig 60 A 127.0.0.2\n"),
    ),
    "nothing listens": NameFault(
        nothing,
        "name-unreachable",
        AUTOCONFIG,
        ERROR,
        "connection refused",
        zone_of(gone=["autoconfig"], beside="autoconfig 60 A 127.0.0.3\n"),
    ),
    "one of two addresses": NameFault(
        nothing,
        "name-address-broken",
        AUTOCONFIG,
        WARNING,
        "127.0.0.3",
        zone_of(beside="autoconfig 60 A 127.0.0.3\n"),
    ),
    "IPv6 only is broken": NameFault(
        nothing, "name-address-broken", AUTOCONFIG, WARNING, "[::1]", zone_of(beside="autoconfig 60 AAAA ::1\n")
    ),
    "old file of the web site": NameFault(
        on(DOMAIN, OLD, WELL_KNOWN), "name-old-document", DOMAIN, WARNING, f"'old.{DOMAIN}'"
    ),
    "the web site says yes to everything": NameFault(
        on(DOMAIN, HTML), "name-html-page", DOMAIN, ERROR, WELL_KNOWN, zone_of(gone=["autoconfig"])
    ),
    "another Autodiscover on the domain": NameFault(
        on(DOMAIN, POX_OLD, POX), "autodiscover-foreign", DOMAIN, ERROR, "'exchange.other.example'"
    ),
    "the web site wants a password": NameFault(
        on(DOMAIN, WANTS_PASSWORD, POX), "autodiscover-foreign", DOMAIN, ERROR, "password"
    ),
    "the web site sends Outlook to Microsoft": NameFault(
        on(DOMAIN, redirect("https://autodiscover-s.outlook.com/autodiscover/autodiscover.xml"), POX),
        "autodiscover-foreign",
        DOMAIN,
        ERROR,
        "Microsoft 365",
    ),
    "the web site's certificate is another's": NameFault(
        with_certificate(DOMAIN, trusted().issue("cs312.xbit.jp")), "autodiscover-website-certificate", DOMAIN, NOTE
    ),
    "another Autodiscover": NameFault(on(AUTODISCOVER, POX_OLD), "autodiscover-foreign", AUTODISCOVER, ERROR),
    "Autodiscover is a page": NameFault(on(AUTODISCOVER, HTML), "name-html-page", AUTODISCOVER, ERROR),
    "no redirect for Outlook": NameFault(plain_stays, "autodiscover-no-redirect", AUTODISCOVER, WARNING),
    "Autodiscover without a certificate of its own": NameFault(
        with_certificate(AUTODISCOVER, trusted().issue(HOST)), "name-certificate-of-other", AUTODISCOVER, NOTE
    ),
    "Outlook's target is down": NameFault(on(HOST, BAD_GATEWAY), "name-server-error", HOST, ERROR),
    "another PACC": NameFault(on(PACC, PACC_OLD), "name-old-document", PACC, WARNING),
    "PACC redirects": NameFault(on(PACC, redirect(f"https://{HOST}/")), "pacc-redirected", PACC, WARNING),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault(front: WebFront, ca_file: Path, fault: NameFault) -> None:
    """Each fault gives one finding, about the name that has it, and the finding names the fact."""
    fault.make(front)
    findings = own_names(ACCOUNT, front, ca_file, zone=fault.zone or None)

    assert in_short(findings) == {Told(fault.code, fault.server, fault.severity)}
    assert fault.seen in findings[0].seen
    assert findings[0].seen.replace("→", "").isascii()
    assert findings[0].seen.isprintable()


def test_two_faults(front: WebFront, ca_file: Path) -> None:
    """Without the SRV record and the redirect, a certificate that is missing is more than a note."""
    with_certificate(AUTODISCOVER, trusted().issue(HOST))(front)
    plain_stays(front)
    findings = own_names(ACCOUNT, front, ca_file, zone=zone_of(gone=["srv"]))

    assert in_short(findings) == {
        Told("name-certificate-of-other", AUTODISCOVER, WARNING),
        Told("autodiscover-no-redirect", AUTODISCOVER, WARNING),
    }


def test_https_only(front: WebFront, ca_file: Path) -> None:
    """A front without port 80 keeps those out that know no https; that is a note about each name."""
    findings = own_names(ACCOUNT, front, ca_file, ports=WebPorts(front.https, CLOSED))

    assert in_short(findings) == {Told("name-https-only", name, NOTE) for name in (AUTOCONFIG, AUTODISCOVER)}


def test_plain_tls_port(front: WebFront, ca_file: Path) -> None:
    """A front that speaks no TLS on the port of https is told by every name that it has."""
    findings = own_names(ACCOUNT, front, ca_file, ports=WebPorts(front.http, front.http))

    assert {finding.code for finding in findings} == {"tls-not-spoken"}
    assert {finding.server for finding in findings} == {AUTOCONFIG, AUTODISCOVER, PACC, HOST}


def test_private(front: WebFront, ca_file: Path) -> None:
    """Private and loopback addresses are told, and not connected to."""
    findings = own_names(ACCOUNT, front, ca_file, allow_private=False)

    expected = {Told("name-private-address", name, WARNING) for name in (AUTOCONFIG, AUTODISCOVER, PACC, HOST)}
    assert in_short(findings) == expected
    assert front.asked == []


def test_told(front: WebFront, ca_file: Path) -> None:
    """A name about which the check of the records has a finding is not asked."""
    on(AUTOCONFIG, HTML)(front)

    assert own_names(ACCOUNT, front, ca_file, told={AUTOCONFIG}) == []
    assert AUTOCONFIG not in {url.split("/")[2] for _, url, _ in front.asked}


def test_refused_without_tls(front: WebFront, ca_file: Path) -> None:
    """Where plain http is refused on purpose, status 403 is no fault; without that setting it is one."""
    front.answers["http", AUTOCONFIG] = {CONFIG: page(b"Ask by https.\n", "403 Forbidden", "text/plain")}

    assert own_names(ACCOUNT, front, ca_file, refuses_plain=True) == []
    findings = own_names(ACCOUNT, front, ca_file)
    assert in_short(findings) == {Told("name-foreign-server", AUTOCONFIG, WARNING)}


def test_exchanger(front: WebFront, ca_file: Path) -> None:
    """The name that Thunderbird makes of the MX is asked if it leads here, and must have the document."""
    exchanger = "autoconfig.xbit.example"
    others = {"xbit.example": f"{SOA}cs312 60 A 192.0.2.20\nautoconfig 60 CNAME {HOST}.\n"}
    front.contexts[exchanger] = server_context(trusted().issue(exchanger))
    zone = zone_of(beside="@ 60 MX 10 cs312.xbit.example.\n")
    front.answers["https", exchanger] = page(OWN, kind="text/xml")

    assert own_names(ACCOUNT, front, ca_file, zone=zone, others=others) == []
    assert ("GET", f"https://{exchanger}{CONFIG}", f"emailaddress=any%40{DOMAIN}") in front.asked
    front.answers["https", exchanger] = HTML
    findings = own_names(ACCOUNT, front, ca_file, zone=zone, others=others)
    assert in_short(findings) == {Told("name-html-page", exchanger, WARNING)}


def test_only_http_without_redirect(front: WebFront, ca_file: Path) -> None:
    """Where Autodiscover's name has no https, and its http does not redirect, both are told."""
    plain_stays(front)
    zone = zone_of(gone=["srv", "autodiscover"], beside=f"autodiscover 60 A {PLAIN_LOOPBACK}\n")
    findings = own_names(ACCOUNT, front, ca_file, zone=zone)

    assert {(finding.code, finding.server) for finding in findings} == {
        ("name-plain-http-only", AUTODISCOVER),
        ("autodiscover-no-redirect", AUTODISCOVER),
    }


def test_names_are_resolved_first(front: WebFront, ca_file: Path) -> None:
    """The DNS is asked everything before the first connection, however slow the servers are."""
    exchanger = {"xbit.example": f"{SOA}cs312 60 A 192.0.2.20\nautoconfig 60 CNAME {HOST}.\n"}
    zone = zone_of(beside="@ 60 MX 10 cs312.xbit.example.\n")
    server = Nameserver()
    questions: list[int] = []

    def answer(wire: socket.socket) -> None:
        questions.append(len(server.asked))
        wire.sendall(HTML)

    front.answers["https", AUTOCONFIG] = answer
    try:
        own_names(ACCOUNT, front, ca_file, zone=zone, others=exchanger, nameserver=server)
    finally:
        server.stop()

    assert questions[0] == len(server.asked)


def test_own_words() -> None:
    """What this program answers for a domain that it does not serve is recognised."""
    assert OWN_NOT_FOUND.body == NOT_FOUND_BODY


def test_every_code_is_made() -> None:
    """Each code is found in a test that makes its fault for real."""
    made = {fault.code for fault in FAULTS.values()}

    assert KINDS.keys() <= made | {"name-https-only", "name-private-address", "name-no-answer"}
