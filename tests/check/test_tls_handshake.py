from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from autoconfig.check.certificate import CertificateFacts
from autoconfig.check.step_clock import StepClock
from autoconfig.check.stream import Stream, StreamEnd, StreamFailed
from autoconfig.check.tls_handshake import Trust
from autoconfig.check.tls_verdict import flaws_of, names_of, sni_flaw
from tests.support.limits import LIMIT
from tests.support.peer_certificates import DAY, PeerCertificate, signed_by_sha1, stranger, trusted, unreadable
from tests.support.scripted_mail import MailServer, server_context, with_tls

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.check.tls_handshake import Handshake
    from tests.support.scripted_mail import Wire

HOST = "mail.sample.co.jp"


def shaken(trust: Trust, context: ssl.SSLContext, name: str | None = HOST) -> Handshake:
    """The handshake with a server that has this TLS."""

    async def shake(port: int) -> Handshake:
        async with Stream.opened("127.0.0.1", port, StepClock(LIMIT)) as stream, stream.step():
            return await stream.start_tls(name, trust)

    with MailServer(with_tls(context, lambda wire: wire.send("* OK\r\n"))) as server:
        return asyncio.run(shake(server.port))


def issue(*names: str, **how: object) -> PeerCertificate:
    """A certificate of the trusted authority."""
    return trusted().issue(*(names or (HOST,)), **how)  # type: ignore[arg-type]


CERTIFICATES: dict[str, tuple[PeerCertificate, str, str]] = {
    "wrong name": (issue("other.example", "*.sample.co.jp.example"), "certificate-wrong-name", "for other.example, *."),
    "wildcard too deep": (issue("*.co.jp"), "certificate-wrong-name", "for *.co.jp, not for mail.sample.co.jp"),
    "expired": (issue(begins=-9 * DAY, ends=-DAY), "certificate-expired", "expired on 20"),
    "not yet valid": (issue(begins=DAY), "certificate-not-yet-valid", "not valid before 20"),
    "self-signed": (issue(is_self_signed=True), "certificate-self-signed", "self-signed"),
    "everything at once": (
        issue("snakeoil", begins=-9 * DAY, ends=-DAY, is_self_signed=True),
        "certificate-self-signed",
        "self-signed; for snakeoil, not for mail.sample.co.jp; expired on 20",
    ),
    "incomplete chain": (issue(with_chain=False), "certificate-chain-incomplete", "issuer, CN=Trusted CA"),
    "unknown authority": (stranger().issue(HOST), "certificate-untrusted", "issued by CN=Stranger CA"),
    "weak key": (issue(bits=1024), "certificate-weak-key", "CN=mail.sample.co.jp has a weak key, RSA 1024 bits"),
    "expires soon": (issue(ends=13 * DAY), "certificate-expires-soon", "expires on 20"),
}


@pytest.mark.parametrize(("certificate", "code", "seen"), CERTIFICATES.values(), ids=list(CERTIFICATES))
def test_certificate(trust: Trust, certificate: PeerCertificate, code: str, seen: str) -> None:
    """Each fault of a certificate has one code, and the finding says what else is wrong with it."""
    (flaw,) = flaws_of(shaken(trust, server_context(certificate)), HOST)

    assert (flaw.code, seen in flaw.seen) == (code, True), flaw


def test_weak_signature(trust: Trust, openssl: str, tmp_path: Path) -> None:
    """A signature with SHA-1 has a code of its own."""
    certificate = signed_by_sha1(openssl, HOST, trusted(), tmp_path)
    (flaw,) = flaws_of(shaken(trust, server_context(certificate)), HOST)

    assert flaw == ("certificate-weak-signature", f"CN={HOST} is signed with sha1")


@pytest.mark.parametrize("names", [(HOST,), ("*.sample.co.jp",), ("sample.co.jp", "MAIL.sample.co.jp")])
def test_healthy(trust: Trust, names: tuple[str, ...]) -> None:
    """A certificate for the name, or with a wildcard for its first label, has no fault."""
    shake = shaken(trust, server_context(issue(*names)))

    assert (flaws_of(shake, HOST), shake.version, shake.name) == ([], "TLSv1.3", HOST)
    assert [found.subject for found in shake.chain] == [f"CN={names[0]}", "CN=Trusted CA"]


@pytest.mark.parametrize(
    ("newest", "codes"), [("TLSv1", ["tls-too-old"]), ("TLSv1_1", ["tls-too-old"]), ("TLSv1_2", [])]
)
def test_version(trust: Trust, newest: str, codes: list[str]) -> None:
    """A server that speaks nothing newer than TLS 1.1 is found, and its certificate is judged all the same."""
    shake = shaken(trust, server_context(issue(), newest=ssl.TLSVersion[newest]))

    assert [flaw.code for flaw in flaws_of(shake, HOST)] == codes


def test_without_name(trust: Trust) -> None:
    """A note tells of clients without SNI that see a certificate which does not suit, and only of those."""
    context = server_context(issue(), bare=issue("default.example"))
    shake, bare = shaken(trust, context), shaken(trust, context, None)
    suiting = shaken(trust, server_context(issue("*.sample.co.jp")), None)

    assert flaws_of(shake, HOST) == []
    assert sni_flaw(shake, bare, HOST) == (
        "tls-sni-needed",
        "without SNI: for default.example, not for mail.sample.co.jp",
    )
    assert sni_flaw(shake, suiting, HOST) is None
    assert sni_flaw(shake, "the TLS handshake failed", HOST) is not None


def test_address(trust: Trust) -> None:
    """An IP address is never sent as SNI."""
    assert shaken(trust, server_context(issue()), "127.0.0.1").name is None


def hang(wire: Wire) -> None:
    """Read and say nothing."""
    wire.drain()


def forever(wire: Wire) -> None:
    """Begin a TLS record, and then send without end."""
    while True:
        wire.send(b"\x16\x03\x03\x40\x00" + bytes(16384))


@pytest.mark.parametrize(
    ("script", "limit", "end", "seen"),
    [
        (lambda wire: wire.send("* OK [CAPABILITY] \x1b[31mready\r\n"), LIMIT, "NO_TLS", r"* OK [CAPABILITY] \x1b[31m"),
        (lambda wire: wire.send("HTTP/1.1 400 Bad Request\r\n\r\n"), LIMIT, "NO_TLS", "HTTP/1.1 400 Bad Request"),
        (lambda wire: wire.send(b"\x16\x03\x03\x00\x04" + b"\xff" * 4), LIMIT, "TLS_FAILED", ""),
        (lambda wire: wire.send(b"\x15\x03\x03\x00\x02\x02\x28"), LIMIT, "TLS_FAILED", "alert"),
        (lambda _wire: None, LIMIT, "TLS_FAILED", "closed the connection"),
        (hang, 0.2, "SLOW", "0.2 s"),
        (forever, LIMIT, "TOO_MUCH", "64 KiB"),
    ],
    ids=["plain", "http", "garbage", "alert", "end", "silence", "flood"],
)
def test_no_handshake(trust: Trust, script: object, limit: float, end: str, seen: str) -> None:
    """Whatever a server sends instead of TLS ends in a failure that says what it was."""

    async def shake(port: int) -> None:
        async with Stream.opened("127.0.0.1", port, StepClock(limit)) as stream, stream.step():
            await stream.start_tls(HOST, trust)

    with MailServer(script) as server, pytest.raises(StreamFailed) as caught:  # type: ignore[arg-type]
        asyncio.run(shake(server.port))

    assert (caught.value.end, seen in str(caught.value)) == (StreamEnd[end], True), caught.value
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()


def test_unreadable_certificate(trust: Trust) -> None:
    """A certificate that OpenSSL takes and strict readers do not, such as one of version 10, is a failed handshake."""
    with pytest.raises(StreamFailed, match="the server's certificate cannot be read") as caught:
        shaken(trust, server_context(unreadable(issue(), b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09")))

    assert caught.value.end is StreamEnd.TLS_FAILED


def test_no_certificates_to_trust(tmp_path: Path) -> None:
    """A file without a certificate, or none at all, is named."""
    (tmp_path / "empty.pem").write_text("nothing")

    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(OSError, match=name):
            Trust(tmp_path / name)


def test_machine_roots(trust: Trust) -> None:
    """Without a file the machine's roots are trusted, and the tests' authority is none of them."""
    (flaw,) = flaws_of(shaken(Trust(), server_context(issue())), HOST)

    assert flaw.code == "certificate-untrusted"
    assert trust is not None


def test_common_name_only() -> None:
    """Of a certificate without subjectAltName it is told that the name in its subject does not count."""
    now = dt.datetime.now(dt.UTC)
    facts = CertificateFacts(f"CN={HOST}", "", (), now, now, "", False, "", False, False, "")

    assert names_of(facts) == f"no name: programs read subjectAltName, not CN={HOST}"
    assert names_of(replace(facts, subject="")) == "no name"


def test_covers() -> None:
    """An IP address is covered by an address alone, a name by names alone."""
    now = dt.datetime.now(dt.UTC)
    names = ("192.0.2.1", "2001:db8::1", "*.example.jp")
    facts = CertificateFacts("", "", names, now, now, "", False, "", False, False, "")

    assert [facts.covers(host) for host in ("192.0.2.1", "2001:DB8:0::1", "A.Example.JP")] == [True] * 3
    assert [facts.covers(host) for host in ("192.0.2.2", "example.jp", "a.b.example.jp")] == [False] * 3
