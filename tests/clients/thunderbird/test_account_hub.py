from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from tests.clients.thunderbird.detection import Server
from tests.clients.thunderbird.dovecot import Dovecot, Login, Mailbox, dovecot
from tests.clients.thunderbird.provider import ENCRYPTED, PLAIN, PROVIDER, STARTTLS, web_names
from tests.clients.thunderbird.router import Place
from tests.conftest import CI, needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.clients.thunderbird.authority import Authority
    from tests.clients.thunderbird.front import Front
    from tests.clients.thunderbird.router import Router
    from tests.clients.thunderbird.thunderbird import Thunderbird

pytestmark = pytest.mark.timeout(600)  # the first test may have to install Thunderbird

PASSWORD = "correct horse"


@pytest.fixture
def mail_server(authority: Authority, tmp_path: Path) -> Iterator[Callable[..., Dovecot]]:
    """Starts a Dovecot for one user name and one login method, with a certificate for exactly one host or with none."""
    program = needs("dovecot", "dovecot-imapd")
    if os.geteuid() != 0:
        (pytest.fail if CI else pytest.skip)("Dovecot starts as root only")
    with contextlib.ExitStack() as stack:

        def start(username: str, mechanism: str, host: str | None) -> Dovecot:
            pair = authority.issue([host], tmp_path, "mail") if host else None
            return stack.enter_context(dovecot(program, Mailbox(username, PASSWORD, mechanism), pair))

        yield start


@pytest.mark.parametrize(
    ("domain", "mechanism"),
    [
        pytest.param("hanako-flowers.example", "PLAIN", id="normal password over TLS"),
        pytest.param("yamada-law.example", "CRAM-MD5", id="CRAM-MD5 over TLS"),
    ],
)
def test_over_tls(
    thunderbird: Thunderbird,
    router: Router,
    demo: Front,
    mail_server: Callable[..., Dovecot],
    artefacts: Path,
    domain: str,
    mechanism: str,
) -> None:
    """From an address and a password alone a customer is logged in, by the plan's method and a matching certificate."""
    imap, _pop3, smtp = PROVIDER[domain]
    server = mail_server(imap.username, mechanism, imap.host)
    with (
        router.opened(demo.at(*web_names(domain)), {Place(imap.host, imap.port): server.address}),
        thunderbird.account_hub(artefacts / domain) as hub,
    ):
        found = hub.look_up("Hanako", f"info@{domain}")
        account = hub.log_in(PASSWORD)

    assert (found.protocols, found.selected) == (["imap", "pop3"], "imap")
    assert found.servers == account.servers == [imap, smtp]
    assert server.logins() == {Login(imap.username, mechanism, tls=True)}


def test_legacy(
    thunderbird: Thunderbird, router: Router, altered: Front, mail_server: Callable[..., Dovecot], artefacts: Path
) -> None:
    """On an old system the password is not sent in the clear, and the user name is the page's `info.sample.co.jp`."""
    imap = Server("imap", "sample.co.jp", 143, PLAIN, ENCRYPTED, "info.sample.co.jp")
    smtp = Server("smtp", "sample.co.jp", 587, STARTTLS, ENCRYPTED, "info.sample.co.jp")
    server = mail_server("info.sample.co.jp", "CRAM-MD5", None)
    with (
        router.opened(altered.at(*web_names("sample.co.jp")), {Place("sample.co.jp", 143): server.address}),
        thunderbird.account_hub(artefacts / "sample.co.jp") as hub,
    ):
        found = hub.look_up("Hanako", "info@sample.co.jp")
        account = hub.log_in(PASSWORD)

    assert (found.protocols, found.selected) == (["imap", "pop3"], "imap")
    assert found.servers == account.servers == [imap, smtp]
    assert server.logins() == {Login("info.sample.co.jp", "CRAM-MD5", tls=False)}
