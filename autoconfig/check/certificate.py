"""What checks want to know of a certificate, as plain values."""

from __future__ import annotations

import datetime as dt
import hashlib
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from autoconfig.check.ip_address import ip_address_of
from autoconfig.check.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_NAMES = 2000
"""
Names of one certificate that are kept; strangers decide how many there are. Authorities issue up to 250, and some more:
a name that is cut off would seem to be missing.
"""
_LEAST_RSA, _LEAST_EC = 2048, 224
"""Bits: fewer have less than 112 bits of security, and OpenSSL's security level 2 refuses them."""
_WEAK_HASHES = frozenset({"md2", "md4", "md5", "sha1"})
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """One certificate of a peer's chain; all texts are printable ASCII."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """DNS names (in lower case, perhaps with `*.` in front) and IP addresses; clients read only subjectAltName."""
    not_before: dt.datetime
    not_after: dt.datetime
    key: str
    """Such as `RSA 2048`."""
    has_weak_key: bool
    signature: str
    """The hash of the signature, such as `sha256`; empty if the algorithm has none."""
    has_weak_signature: bool
    is_self_issued: bool
    """Whether subject and issuer are the same name."""
    fingerprint: str
    """SHA-256 of the certificate, in hexadecimal digits."""

    @classmethod
    def of(cls, certificate: x509.Certificate) -> CertificateFacts:
        """Read a certificate; what cannot be read is left empty."""
        with warnings.catch_warnings():  # about strangers' certificates, such as a negative serial number
            warnings.simplefilter("ignore")
            return _read(certificate)

    @classmethod
    def of_der(cls, encoded: bytes) -> CertificateFacts | None:
        """Read a certificate; `None` for one that OpenSSL takes, and strict readers of RFC 5280 refuse."""
        try:
            return cls.of(x509.load_der_x509_certificate(encoded))
        except (x509.InvalidVersion, ValueError):
            return None

    def covers(self, host: str) -> bool:
        """Whether the certificate is for a host name or an IP address (RFC 9525 section 6.3)."""
        address = ip_address_of(host)
        if address is not None:
            return any(ip_address_of(name) == address for name in self.names)
        return any(_matches(name, host.lower()) for name in self.names)


def _read(certificate: x509.Certificate) -> CertificateFacts:
    key, weak = _key(certificate)
    try:
        signature = getattr(certificate.signature_hash_algorithm, "name", "")
    except (UnsupportedAlgorithm, ValueError):
        signature = ""
    try:
        not_before, not_after = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except ValueError:
        not_before = not_after = _EPOCH
    subject, issuer = _name(certificate, "subject"), _name(certificate, "issuer")
    return CertificateFacts(
        subject,
        issuer,
        tuple(_names(certificate)),
        not_before,
        not_after,
        key,
        weak,
        signature,
        signature in _WEAK_HASHES,
        subject == issuer,
        hashlib.sha256(_encoded(certificate)).hexdigest(),
    )


def _encoded(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def _name(certificate: x509.Certificate, which: str) -> str:
    try:
        name: x509.Name = getattr(certificate, which)
        return printable(name.rfc4514_string())
    except ValueError:
        return ""


def _names(certificate: x509.Certificate) -> Iterable[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = found.get_values_for_type(x509.DNSName)
        addresses = found.get_values_for_type(x509.IPAddress)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return ()
    return [printable(name.lower(), 255) for name in [*hosts, *map(str, addresses)][:MOST_NAMES]]


def _key(certificate: x509.Certificate) -> tuple[str, bool]:
    """The kind and size of the key, and whether it is weak."""
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return "", False
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}", key.key_size < _LEAST_RSA
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.key_size}", key.key_size < _LEAST_EC
    if isinstance(key, dsa.DSAPublicKey):  # no client accepts it any more
        return f"DSA {key.key_size}", True
    return type(key).__name__.removesuffix("PublicKey").strip("_"), False


def _matches(name: str, host: str) -> bool:
    """A `*` stands for exactly one label, the first one, and never in front of a top-level domain."""
    if not name.startswith("*."):
        return name == host
    _, _, parent = host.partition(".")
    return "." in parent and name[2:] == parent
