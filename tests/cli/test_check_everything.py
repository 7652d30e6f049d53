"""`autoconfig check` on a whole provider: DNS, Dovecot, Postfix, and the served program behind a front."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from autoconfig.formats import zone_text
from autoconfig.formats.zone import records
from tests.clients.readers.serving import serving
from tests.conftest import missing
from tests.support.own_names import ACCOUNTS, HOST, LABELS, PLACES, SOA
from tests.support.peer_certificates import trusted
from tests.support.scripted_dns import Nameserver
from tests.support.scripted_zones import resolver
from tests.support.servers.mail import MailSetup, mail_servers
from tests.support.web_front import WebFront, page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Command

ADDRESS = "127.0.3.2"
"""A loopback address of this test's own, for the usual ports."""
ACCOUNT = ACCOUNTS["server-maintenance"]
DOMAIN = ACCOUNT.domain.name
NAMES = [f"{label}.{DOMAIN}" for label in LABELS]


@pytest.fixture
def front(tmp_path: Path) -> Iterator[WebFront]:
    """The whole provider on one address."""
    if os.geteuid() != 0:
        missing("the usual ports are root's")
    mail = MailSetup(trusted().issue(DOMAIN), None, frozenset({993, 995, 465}), "cram-md5", addresses=(ADDRESS,))
    certificate = trusted().issue(HOST, DOMAIN, *NAMES)
    with (
        mail_servers(mail, usual_ports=True),
        serving(tmp_path / "served", public_url=f"https://{HOST}") as port,
        WebFront(port, [HOST, *NAMES], certificate, ADDRESS, 443, 80) as made,
    ):
        yield made


def test_everything(front: WebFront, on_demo: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A healthy domain gives no finding; a fault of its names gives the one that names it, in JSON too."""
    monkeypatch.setenv("AUTOCONFIG_PUBLIC_URL", f"https://{HOST}")
    monkeypatch.setenv("AUTOCONFIG_CHECK_RATE", "1000")
    root = tmp_path / "root.pem"
    root.write_bytes(trusted().root)
    zone = f"{SOA}@ 60 A {ADDRESS}\n@ 60 MX 10 @\n{zone_text.zone_file(records(ACCOUNT, PLACES))}"
    nameserver = Nameserver()
    nameserver.reply = resolver({DOMAIN: zone, "provider.example": f"{SOA}autoconf 60 A {ADDRESS}\n"})
    host, port = nameserver.address
    options = ("--nameserver", f"{host}:{port}", "--ca-file", root, "--allow-private", "--timeout", "20")
    try:
        healthy = on_demo("check", DOMAIN, *options, "--json").data
        front.answers["https", f"autoconfig.{DOMAIN}"] = page(b"<html>\x1b[31mshop</html>")
        shown = on_demo("check", DOMAIN, *options, code=1).out
        faulty = on_demo("check", DOMAIN, *options, "--json", code=1).data
    finally:
        nameserver.stop()

    assert healthy == {"findings": []}
    assert [(one["code"], one["server"]) for one in faulty["findings"]] == [("name-html-page", f"autoconfig.{DOMAIN}")]
    assert f"error: name-html-page: autoconfig.{DOMAIN}\n" in shown
    assert "\x1b" not in shown
