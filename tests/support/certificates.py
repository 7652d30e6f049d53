"""Keys and certificates as a provider has them: a root, an intermediate, and a leaf that signs."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

    Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

DAY = dt.timedelta(days=1)
KINDS = ("RSA", "EC")


def key(kind: str, number: int = 0) -> Key:
    """One of the private keys of a kind, made once: `RSA` (2048 bits), `RSA-4096`, `EC` (P-256) or `Ed25519`."""
    return _key(kind, number)


@cache
def _key(kind: str, _number: int) -> Key:
    if kind.startswith("RSA"):
        return rsa.generate_private_key(65537, int(kind.partition("-")[2] or 2048))
    return ed25519.Ed25519PrivateKey.generate() if kind == "Ed25519" else ec.generate_private_key(ec.SECP256R1())


class Chain(NamedTuple):
    """A leaf's key and the certificates up to the root, in PEM."""

    key: bytes
    leaf: bytes
    intermediate: bytes
    root: bytes

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Key and full chain in files, as certbot names them."""
        files = folder / "privkey.pem", folder / "fullchain.pem"
        files[0].touch(0o600)
        files[0].write_bytes(self.key)
        files[1].write_bytes(self.leaf + self.intermediate)
        return files


def chain(kind: str = "EC", *, number: int = 0, ends: dt.timedelta = 90 * DAY, now: dt.datetime | None = None) -> Chain:
    """A leaf that ends so long after `now`; another `number` is another key."""
    moment = now or dt.datetime.now(dt.UTC)
    root, intermediate = key("EC", -1), key("EC", -2)
    issue = _Issue(moment - 400 * DAY)
    return Chain(
        pem_of(key(kind, number)),
        issue("mail.provider.example", key(kind, number), "Intermediate", intermediate, moment + ends, ca=False),
        issue("Intermediate", intermediate, "Root", root, moment + 400 * DAY),
        issue("Root", root, "Root", root, moment + 400 * DAY),
    )


def pem_of(private: Key, passphrase: bytes | None = None) -> bytes:
    """The key as a file has it."""
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


class _Issue:
    def __init__(self, begins: dt.datetime) -> None:
        self._begins = begins

    def __call__(
        self, subject: str, private: Key, issuer: str, signing: Key, ends: dt.datetime, *, ca: bool = True
    ) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(issuer))
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        return builder.sign(signing, hashes.SHA256()).public_bytes(Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
