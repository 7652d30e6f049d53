from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING

import pytest

from tests.support.peer_certificates import trusted
from tests.support.scripted_mail import MailServer, server_context, with_tls
from tests.support.server_checks import DOMAIN, HOST, logins_of, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.check.finding import Finding
    from autoconfig.check.tls_handshake import Trust
    from tests.support.scripted_mail import Script, Wire

ADDRESS, PASSWORD = f"TARO@{DOMAIN}", 'A"B\\C'
"""In upper case, as the scripts hear everything."""
STAMP = "<1896.697170952@DBC.MTVIEW.CA.US>"
CLEARTEXT, ENCRYPTED = "password-cleartext", "password-encrypted"


class Answering:
    """A server with TLS that answers certain lines, and remembers what it was sent."""

    def __init__(self, greeting: str, answers: dict[str, str], host: str = HOST) -> None:
        self.heard: list[str] = []
        self._answers = answers
        self.greetings: Iterator[str] = itertools.repeat(greeting)
        """What is said to one connection after the other."""
        self.script: Script = with_tls(server_context(trusted().issue(host)), self._play)
        self.plain: Script = self._play

    def _play(self, wire: Wire) -> None:
        wire.send(f"{next(self.greetings)}\r\n")
        while line := wire.line():
            self.heard.append(line)
            wire.send(self._answers.get(line, "-ERR 500 no") + "\r\n")


def encoded(text: str) -> str:
    """Base64, as the scripts hear it."""
    return base64.b64encode(text.encode()).decode().upper()


def found(trust: Trust, server: Answering, protocol: str, login: str, tls: str = "ssl") -> list[Finding]:
    """The findings of one login."""
    with MailServer(server.script if tls == "ssl" else server.plain) as running:
        words = f'protocol = "{protocol}", host = "{HOST}", port = {running.port}, tls = "{tls}"'
        plan = plan_of(f'{{ {words}, login = ["{login}"], username = "{{address}}" }}')
        return logins_of(plan, {}, {f"{HOST} A": ["127.0.0.1"]}, trust, (ADDRESS, PASSWORD))


IMAP = {
    "A1 CAPABILITY": "* CAPABILITY IMAP4REV1\r\na1 OK done",
    f'A2 LOGIN "TARO@{DOMAIN.upper()}" "A\\"B\\\\C"': "a2 OK in",
}
SMTP = {"AUTH LOGIN": "334 VXNlcm5hbWU6", encoded(ADDRESS): "334 UGFzc3dvcmQ6", encoded(PASSWORD): "235 in"}
POP3 = {f"USER {ADDRESS.upper()}": "+OK", f"PASS {PASSWORD}": "+OK in"}
APOP = {f"APOP {ADDRESS.upper()} F7509BFFA67E182655F615C65E811479": "+OK in"}


class Helo(dict[str, str]):
    """Answers, and those to EHLO, whatever name it has."""

    def get(self, line: str, otherwise: str = "") -> str:  # type: ignore[override]
        """The answer to a line."""
        return "250-mail\r\n250 AUTH LOGIN" if line.startswith("EHLO") else super().get(line, otherwise)


@pytest.mark.parametrize(
    ("protocol", "login", "greeting", "answers"),
    [
        ("imap", CLEARTEXT, "* OK", IMAP),
        ("pop3", CLEARTEXT, "+OK", POP3),
        ("pop3", ENCRYPTED, f"+OK {STAMP}", APOP),
        ("smtp", CLEARTEXT, "220 hi", Helo(SMTP)),
    ],
    ids=["IMAP LOGIN", "POP3 USER", "APOP", "SMTP AUTH LOGIN"],
)
def test_logs_in(trust: Trust, protocol: str, login: str, greeting: str, answers: dict[str, str]) -> None:
    """The protocol's own login, and the older mechanisms, are spoken as the RFCs write them; once for each server."""
    server = Answering(greeting, answers)

    assert found(trust, server, protocol, login) == []
    last = list(answers)[-1]
    assert server.heard.count(last) == 1


def test_no_password_over_a_fault(trust: Trust) -> None:
    """No password is sent to a server with another certificate, nor without TLS, nor where none is announced."""
    wrong = Answering("+OK", POP3, "other.example")
    plain, oauth2 = Answering("+OK", POP3), Answering("* OK", {"A1 CAPABILITY": "* CAPABILITY AUTH=XOAUTH2\r\na1 OK"})

    (finding,) = found(trust, wrong, "pop3", CLEARTEXT)
    assert (finding.code, "certificate-wrong-name" in finding.seen) == ("login-not-tried", True)
    assert [f.code for f in found(trust, plain, "pop3", CLEARTEXT, "plain")] == ["login-not-tried"]
    assert [f.code for f in found(trust, oauth2, "imap", "OAuth2")] == ["login-not-tried"]
    assert not any(line.startswith(("USER", "PASS", "AUTH")) for s in (wrong, plain, oauth2) for line in s.heard)


def test_no_bare_digest(trust: Trust) -> None:
    """A server that had APOP a moment ago, and now gives no timestamp, does not get the digest of the bare password."""
    server = Answering("+OK", {})
    server.greetings = itertools.chain([f"+OK {STAMP}"], server.greetings)
    (finding,) = found(trust, server, "pop3", ENCRYPTED, "plain")

    assert (finding.code, "no longer offered" in finding.seen) == ("login-failed", True)
    assert not any(line.startswith(("APOP", "AUTH")) for line in server.heard)
