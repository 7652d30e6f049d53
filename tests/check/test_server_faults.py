from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support.limits import LIMIT, SHORT
from tests.support.mail_scripts import imap, pop3, sieve, smtp
from tests.support.peer_certificates import DAY, trusted
from tests.support.scripted_mail import MailServer, server_context, with_tls
from tests.support.server_checks import HOST, findings_of, plan_line, plan_of

if TYPE_CHECKING:
    from autoconfig.check.finding import Finding
    from autoconfig.check.tls_handshake import Trust
    from tests.support.scripted_mail import Script, Wire

GOOD = server_context(trusted().issue(HOST))
OTHER = server_context(trusted().issue("other.example"))


class ServerFault(NamedTuple):
    """An announced server, what is there instead, and the code of the only finding."""

    announced: str
    script: Script
    code: str | None
    seen: str = ""
    limit: float = LIMIT


IMAPS, IMAP_STARTTLS, IMAP_PLAIN = "imap ssl", "imap starttls", "imap plain"


def silence(wire: Wire) -> None:
    """Accept and say nothing."""
    wire.drain()


def greets_forever(wire: Wire) -> None:
    """A greeting without an end."""
    while True:
        wire.send("220-wait\r\n" * 100)


def one_line(wire: Wire) -> None:
    """A line of 10 MB."""
    wire.send(b"* OK " + b"A" * 10_000_000 + b"\r\n")
    wire.drain()


def drips(wire: Wire) -> None:
    """A byte a while, for ever."""
    while True:
        wire.send("*")
        time.sleep(0.05)


def escapes(wire: Wire) -> None:
    """Control characters, and octets that are not UTF-8."""
    wire.send(b"* \x1b[2J\x07\xff\xfe\xe2\x80\xae\r\n")
    wire.drain()


def without_tls(extensions: str) -> Script:
    """Agree to STARTTLS, and then send no TLS."""

    def play(wire: Wire) -> None:
        wire.send("220 hi\r\n")
        wire.line()
        wire.send(f"250-mail\r\n250 {extensions}\r\n")
        wire.line()
        wire.send(b"220 go on\r\n" + b"\x80\xff" * 20)
        wire.drain()

    return play


def answering(greeting: str, answer: str) -> Script:
    """Greet, answer the first command so, and leave."""

    def play(wire: Wire) -> None:
        wire.send(greeting)
        wire.line()
        wire.send(answer)

    return play


def ends_at_starttls(wire: Wire) -> None:
    """List no STARTTLS, and leave when it is asked for."""
    wire.send("* OK hi\r\n")
    wire.line()
    wire.send("* CAPABILITY IMAP4rev1\r\na1 OK done\r\n")
    wire.line()


FAULTS: dict[str, ServerFault] = {
    # TLS
    "wrong name": ServerFault(IMAPS, with_tls(OTHER, imap()), "certificate-wrong-name", "for other.example, not for"),
    "expired": ServerFault(
        "smtp ssl", with_tls(server_context(trusted().issue(HOST, begins=-9 * DAY, ends=-DAY)), smtp()),
        "certificate-expired", "expired on",
    ),
    "self-signed after STARTTLS": ServerFault(
        "smtp starttls", smtp(context=server_context(trusted().issue("localhost", is_self_signed=True))),
        "certificate-self-signed", "self-signed; for localhost, not for mail.sample.co.jp",
    ),
    "TLS 1.0": ServerFault(
        "pop3 ssl", with_tls(server_context(trusted().issue(HOST), newest=ssl.TLSVersion.TLSv1), pop3()), "tls-too-old"
    ),
    "another without SNI": ServerFault(
        IMAPS, with_tls(server_context(trusted().issue(HOST), bare=trusted().issue("cs312.xbit.jp")), imap()),
        "tls-sni-needed", "without SNI: for cs312.xbit.jp, not for mail.sample.co.jp",
    ),
    "another without SNI after STARTTLS": ServerFault(
        "pop3 starttls", pop3(context=server_context(trusted().issue(HOST), bare=trusted().issue("cs312.xbit.jp"))),
        "tls-sni-needed",
    ),
    "plain on a TLS port": ServerFault(IMAPS, imap(), "tls-not-spoken", "* OK ready"),
    "TLS garbage": ServerFault(IMAPS, lambda wire: wire.send(b"\x16\x03\x01\x00\x02\xff\xff"), "tls-failed"),
    "TLS garbage after STARTTLS": ServerFault("smtp starttls", without_tls("STARTTLS"), "tls-failed", r"\x80\xff"),
    "https": ServerFault("caldav", with_tls(OTHER, silence), "certificate-wrong-name"),
    # The connection
    "slow": ServerFault(IMAPS, with_tls(GOOD, silence), "server-slow", f"{SHORT:g} s", SHORT),
    "slow before TLS": ServerFault(IMAPS, silence, "server-slow", "", SHORT),
    "a byte at a time": ServerFault(IMAP_PLAIN, drips, "server-slow", "after *", SHORT),
    "silent plain port": ServerFault("pop3 plain", silence, "server-slow", "", SHORT),
    "TLS on a plain port": ServerFault(IMAP_PLAIN, with_tls(GOOD, imap()), "tls-on-plain-port", "TLSv1.3", 1.0),
    "TLS on a STARTTLS port": ServerFault("smtp starttls", with_tls(GOOD, smtp()), "tls-on-plain-port", "", 1.0),
    "endless greeting": ServerFault("smtp plain", greets_forever, "server-floods", "500 lines"),
    "10 MB in a line": ServerFault(IMAP_PLAIN, one_line, "server-floods", "64 KiB"),
    # Greetings
    "another protocol": ServerFault(IMAP_PLAIN, smtp(), "other-protocol", "220-mail.sample.co.jp"),
    "ssh": ServerFault("smtp plain", lambda wire: wire.send("SSH-2.0-OpenSSH_9.2p1\r\n"), "other-protocol"),
    "http for ManageSieve": ServerFault(
        "managesieve starttls", lambda wire: wire.send("HTTP/1.1 400 Bad\r\n\r\n"), "other-protocol"
    ),
    "escape sequences": ServerFault(IMAP_PLAIN, escapes, "other-protocol", r"* \x1b[2J\x07\xff\xfe\xe2\x80\xae"),
    "IMAP refuses": ServerFault(IMAP_PLAIN, imap(greeting="* BYE try later"), "greeting-refused", "* BYE try later"),
    "a referral elsewhere": ServerFault(
        IMAPS, with_tls(GOOD, imap(greeting="* BYE [REFERRAL imap://169.254.169.254/] go there")), "greeting-refused"
    ),
    "POP3 refuses": ServerFault("pop3 plain", pop3(greeting="-ERR too many"), "greeting-refused", "-ERR too many"),
    "SMTP refuses": ServerFault("smtp ssl", with_tls(GOOD, smtp(greeting="554-no\r\n554 go")), "greeting-refused"),
    "refuses without a word": ServerFault(IMAP_PLAIN, lambda _wire: None, "greeting-refused", "closed the connection"),
    "EHLO refused": ServerFault(
        "smtp plain", answering("220 hi\r\n", "502 no\r\n"), "dialogue-broken", "EHLO: 502 no"
    ),
    "nonsense": ServerFault(IMAP_PLAIN, answering("* OK hi\r\n", "no idea\r\n"), "dialogue-broken", "no idea"),
    "breaks off": ServerFault(
        IMAP_PLAIN, answering("* OK hi\r\n", ""), "dialogue-broken", "closed the connection"
    ),
    # STARTTLS
    "IMAP without STARTTLS": ServerFault(IMAP_STARTTLS, imap("LOGINDISABLED"), "starttls-missing", "BAD no"),
    "POP3 without STLS": ServerFault("pop3 starttls", pop3(), "starttls-missing", "-ERR no"),
    "SMTP without STARTTLS": ServerFault("smtp starttls", smtp(on_starttls="502 no"), "starttls-missing"),
    "IMAP ends at STARTTLS": ServerFault(IMAP_STARTTLS, ends_at_starttls, "starttls-missing", "closed the connection"),
    "SMTP masks STARTTLS": ServerFault(
        "smtp starttls", smtp(before="250-XXXXXXXA\r\n250-AUTH PLAIN\r\n", context=GOOD), "starttls-masked"
    ),
    "SMTP masks STARTTLS and breaks it": ServerFault("smtp starttls", without_tls("XXXXXXXA"), "starttls-masked"),
    "IMAP hides STARTTLS": ServerFault(IMAP_STARTTLS, imap(before="", context=GOOD), "starttls-masked"),
    "ManageSieve hides STARTTLS": ServerFault(
        "managesieve starttls", sieve(before="", context=GOOD), "starttls-masked"
    ),
    "STARTTLS fails": ServerFault("smtp starttls", smtp(before="250-STARTTLS\r\n"), "starttls-fails", "454 not now"),
    # Logins
    "IMAP login before TLS": ServerFault(
        IMAP_STARTTLS, imap(before="STARTTLS AUTH=PLAIN", context=GOOD), "plain-login-before-tls", "before TLS: PLAIN"
    ),
    "IMAP own login before TLS": ServerFault(
        IMAP_STARTTLS, imap(before="STARTTLS", context=GOOD), "plain-login-before-tls"
    ),
    "SMTP login before TLS": ServerFault(
        "smtp starttls", smtp(before="250-STARTTLS\r\n250-AUTH=LOGIN\r\n", context=GOOD), "plain-login-before-tls"
    ),
    "POP3 login before TLS": ServerFault(
        "pop3 starttls", pop3(before="STLS\r\nUSER\r\n", context=GOOD), "plain-login-before-tls"
    ),
    "IMAP without CRAM-MD5": ServerFault(
        "imap ssl encrypted", with_tls(GOOD, imap("AUTH=PLAIN")), "login-not-offered",
        "announced: password-encrypted; offered: PLAIN, the protocol's own",
    ),
    "SMTP without CRAM-MD5": ServerFault(
        "smtp ssl encrypted", with_tls(GOOD, smtp("250-AUTH PLAIN LOGIN\r\n")), "login-not-offered"
    ),
    "SMTP without AUTH": ServerFault("smtp ssl", with_tls(GOOD, smtp("")), "login-not-offered", "offered: nothing"),
    "IMAP without plain": ServerFault(
        IMAPS, with_tls(GOOD, imap("LOGINDISABLED AUTH=CRAM-MD5")), "login-not-offered", "offered: CRAM-MD5"
    ),
    "without OAuth2": ServerFault("imap ssl oauth2", with_tls(GOOD, imap()), "login-not-offered", "announced: OAuth2"),
    "APOP missing": ServerFault("pop3 plain encrypted", pop3("USER\r\n"), "apop-missing"),
    "no APOP without a stamp": ServerFault(
        "pop3 plain encrypted", pop3("", greeting="+OK <no stamp>"), "apop-missing", "offered: the protocol's own"
    ),
}  # fmt: skip

HEALTHY: dict[str, ServerFault] = {
    "IMAP": ServerFault(IMAPS, with_tls(GOOD, imap()), None),
    "IMAP with STARTTLS": ServerFault(IMAP_STARTTLS, imap(context=GOOD), None),
    "IMAP by LOGIN alone": ServerFault(IMAPS, with_tls(GOOD, imap("")), None),
    "encrypted password on a plain port": ServerFault("imap plain encrypted", imap(), None),
    "POP3 with STLS": ServerFault("pop3 starttls encrypted", pop3(context=GOOD), None),
    "POP3 without CAPA": ServerFault("pop3 ssl", with_tls(GOOD, pop3("")), None),
    "APOP": ServerFault("pop3 plain encrypted", pop3("", greeting="+OK <1896.697@dbc.mtview.ca.us>"), None),
    "SMTP with STARTTLS": ServerFault("smtp starttls encrypted", smtp(context=GOOD), None),
    "SMTP with TLS": ServerFault("smtp ssl", with_tls(GOOD, smtp("250-AUTH=PLAIN\r\n")), None),
    "ManageSieve": ServerFault("managesieve starttls", sieve(context=GOOD), None),
    "https": ServerFault("caldav", with_tls(GOOD, silence), None),
    "another certificate that suits without SNI": ServerFault(
        IMAPS, with_tls(server_context(trusted().issue(HOST), bare=trusted().issue("*.sample.co.jp")), imap()), None
    ),
}


def found(trust: Trust, fault: ServerFault) -> list[Finding]:
    """The findings about a server that shows the fault."""
    with MailServer(fault.script) as server:
        plan = plan_of(plan_line(fault.announced, server.port))
        findings = findings_of(plan, {}, {f"{HOST} A": ["127.0.0.1"]}, trust, fault.limit)
    assert {finding.server for finding in findings} <= {f"{HOST}:{server.port}"}
    return findings


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_fault(trust: Trust, fault: ServerFault) -> None:
    """Each fault is found under its own code and nothing besides; what the server said is shown as printable ASCII."""
    findings = found(trust, fault)

    assert [finding.code for finding in findings] == [fault.code], [finding.seen for finding in findings]
    (finding,) = findings
    assert (finding.code, fault.seen in finding.seen) == (fault.code, True), finding.seen
    assert finding.seen.isascii()
    assert finding.seen.isprintable()
    assert len(finding.seen) < 400
    assert all(finding.remedy.in_language(language) for language in ("ja", "en"))


@pytest.mark.parametrize("fault", HEALTHY.values(), ids=list(HEALTHY))
def test_healthy(trust: Trust, fault: ServerFault) -> None:
    """A server that is as announced has no finding."""
    assert found(trust, fault) == []
