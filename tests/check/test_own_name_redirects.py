"""Redirects of the names that lead to the server: those that are as good, and those that nobody follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
    on,
    own_names,
    with_certificate,
    zone_of,
)
from tests.support.peer_certificates import trusted
from tests.support.web_front import LOOPBACK, PLAIN_LOOPBACK, redirect

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from tests.support.web_front import WebFront


def test_redirected_to_https(front: WebFront, ca_file: Path) -> None:
    """A proxy that redirects http to https, or names to this server's own one, is as good."""
    front.answers["http", AUTOCONFIG] = redirect(f"https://{AUTOCONFIG}{CONFIG}", "301 Moved Permanently")
    front.answers["http", AUTODISCOVER] = redirect(f"https://{AUTODISCOVER}{POX}", "308 Permanent Redirect")
    front.answers["https", AUTODISCOVER] = redirect(f"https://{HOST}{POX}", "307 Temporary Redirect")

    assert own_names(ACCOUNT, front, ca_file) == []


def test_no_stranger_is_connected_to(front: WebFront, ca_file: Path) -> None:
    """A redirect or an SRV record to a host that is not the domain's or this server's is not followed."""
    on(AUTOCONFIG, redirect("https://internal.other.example/"))(front)
    with_certificate("internal.other.example", trusted().issue("internal.other.example"))(front)
    others = {"other.example": f"{SOA}internal 60 A 127.0.0.1\n"}
    zone = zone_of(gone=["srv"], beside="_autodiscover._tcp 60 SRV 0 0 443 internal.other.example.\n")
    own_names(ACCOUNT, front, ca_file, zone=zone, others=others)

    assert {url.split("/")[2] for _, url, _ in front.asked} == {AUTOCONFIG, AUTODISCOVER, PACC, DOMAIN, HOST}


@pytest.mark.parametrize(
    "target",
    [
        f"https://{HOST}/\xe9",
        f"https://{HOST}/a b",
        f"https://{HOST}/\x1b[31m\r\n error: forged",
        f"https://user:secret@{HOST}{POX}",
        f"https://gone.{DOMAIN}{POX}",
        "https://[bad/",
        f"https:{POX}",
    ],
)
def test_bad_redirect(front: WebFront, ca_file: Path, target: str) -> None:
    """A redirect that no client can follow is a finding about the name that gives it, on one line."""
    front.answers["http", AUTODISCOVER] = redirect(target)
    (finding,) = own_names(ACCOUNT, front, ca_file)

    assert (finding.code, finding.server) == ("autodiscover-no-redirect", AUTODISCOVER)
    assert finding.seen.isascii()
    assert finding.seen.isprintable()


def test_one_address_redirects_to_a_stranger(front: WebFront, ca_file: Path) -> None:
    """Where one address redirects rightly, another one's redirect to a stranger is not followed either."""

    def answer(wire: socket.socket) -> None:
        here = wire.getsockname()[0] == LOOPBACK
        wire.sendall(redirect(f"https://{HOST if here else 'internal.other.example'}{POX}"))

    front.answers["http", AUTODISCOVER] = answer
    with_certificate("internal.other.example", trusted().issue("internal.other.example"))(front)
    zone = zone_of(beside=f"autodiscover 60 A {PLAIN_LOOPBACK}\n")
    others = {"other.example": f"{SOA}internal 60 A {LOOPBACK}\n"}
    findings = own_names(ACCOUNT, front, ca_file, zone=zone, others=others)

    assert ("autodiscover-no-redirect", AUTODISCOVER) in {(f.code, f.server) for f in findings}
    assert "internal.other.example" not in {url.split("/")[2] for _, url, _ in front.asked}
