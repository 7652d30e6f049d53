from __future__ import annotations

import datetime as dt
import ipaddress
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

from autoconfig.check.certificate import MOST_NAMES, CertificateFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def certificate(
    key: CertificateIssuerPrivateKeyTypes, names: Sequence[x509.GeneralName] | bytes = (), common_name: str = "a"
) -> x509.Certificate:
    """A self-signed certificate; names as bytes are the raw extension."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW).not_valid_after(NOW + dt.timedelta(days=9))
    if isinstance(names, bytes):
        raw = x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, names)
        builder = builder.add_extension(raw, critical=False)
    elif names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


EC = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("key", "described", "is_weak"),
    [
        (rsa.generate_private_key(65537, 2048), "RSA 2048", False),
        (rsa.generate_private_key(65537, 1024), "RSA 1024", True),
        (EC, "EC 256", False),
        (ec.generate_private_key(ec.SECP192R1()), "EC 192", True),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519", False),
        (dsa.generate_private_key(2048), "DSA 2048", True),
    ],
    ids=["RSA", "short RSA", "EC", "short EC", "Ed25519", "DSA"],
)
def test_keys(key: CertificateIssuerPrivateKeyTypes, described: str, is_weak: bool) -> None:
    """Keys that today's programs refuse are weak."""
    facts = CertificateFacts.of(certificate(key))

    assert (facts.key, facts.has_weak_key) == (described, is_weak)
    assert (facts.not_before, facts.not_after - facts.not_before) == (NOW, dt.timedelta(days=9))


def test_names() -> None:
    """Names are in lower case, addresses count, other kinds do not, and there is an end to them."""
    names = [x509.DNSName("Mail.Example.JP"), x509.IPAddress(ipaddress.ip_address("2001:db8::1"))]
    many = [x509.DNSName(f"m{number}.example.jp") for number in range(MOST_NAMES * 2)]
    other = [x509.RFC822Name("a@example.jp"), x509.UniformResourceIdentifier("https://example.jp")]

    assert CertificateFacts.of(certificate(EC, [*other, *names])).names == ("mail.example.jp", "2001:db8::1")
    assert len(CertificateFacts.of(certificate(EC, many)).names) == MOST_NAMES
    assert CertificateFacts.of(certificate(EC, many[:500])).covers("m499.example.jp")
    assert CertificateFacts.of(certificate(EC)).names == ()


@pytest.mark.parametrize("raw", [b"", b"\xff" * 20, b"\x30\x03\x82\x05a", b"\x30\x03\x82\x01\xff"])
def test_unreadable_names(raw: bytes) -> None:
    """A certificate whose names cannot be read is for no name, and is no error."""
    facts = CertificateFacts.of(certificate(EC, raw))

    assert (facts.names, facts.covers("a")) == ((), False)


def test_hostile_subject() -> None:
    """What a stranger writes into a certificate is printable ASCII here, and short."""
    facts = CertificateFacts.of(certificate(EC, [x509.DNSName("a\x1b[31m.example")], "\x1b]0;\u202e日本"))

    assert facts.subject.isascii()
    assert facts.subject.isprintable()
    assert facts.names == (r"a\x1b[31m.example",)
