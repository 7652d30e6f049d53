"""Certificates that mail servers present, right and wrong ones, from an authority of the tests' own."""

from __future__ import annotations

import datetime as dt
import ssl
import subprocess
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

    PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

DAY = dt.timedelta(days=1)


class PeerFiles(NamedTuple):
    """Where a server finds its certificate."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class PeerCertificate:
    """A server's private key and the chain that it sends, in PEM."""

    key: bytes
    chain: bytes

    def write(self, folder: Path, name: str = "server") -> PeerFiles:
        """Put both into files that everybody may read: servers run as users of their own."""
        files = PeerFiles(folder / f"{name}.pem", folder / f"{name}.key")
        files.certificate.write_bytes(self.chain)
        files.key.write_bytes(self.key)
        return files


@cache
def _rsa(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@dataclass(frozen=True)
class PeerAuthority:
    """A root, and an intermediate that issues."""

    name: str
    root_key: PrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    intermediate_key: PrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def root(self) -> bytes:
        """The certificate to trust."""
        return _issued(f"{self.name} Root", self.root_key, f"{self.name} Root", self.root_key, ca=True)

    @property
    def intermediate(self) -> bytes:
        """What a server has to send beside its own certificate."""
        return _issued(f"{self.name} CA", self.intermediate_key, f"{self.name} Root", self.root_key, ca=True)

    def issue(
        self,
        *names: str,
        begins: dt.timedelta = -DAY,
        ends: dt.timedelta = 60 * DAY,
        bits: int | None = None,
        with_chain: bool = True,
        is_self_signed: bool = False,
    ) -> PeerCertificate:
        """A certificate for names, valid from and until so long after now; with `bits` its key is an RSA key."""
        key: PrivateKey = _rsa(bits) if bits else ec.generate_private_key(ec.SECP256R1())
        issuer = (names[0], key) if is_self_signed else (f"{self.name} CA", self.intermediate_key)
        own = _issued(names[0], key, *issuer, names=names, begins=begins, ends=ends)
        return PeerCertificate(_pem(key), own + (self.intermediate if with_chain and not is_self_signed else b""))


def signed_by_sha1(openssl: str, name: str, authority: PeerAuthority, folder: Path) -> PeerCertificate:
    """A certificate that today's libraries refuse to sign; the command line of OpenSSL still does."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(_named(name)).sign(key, hashes.SHA256())
    texts = {
        "request.pem": request.public_bytes(Encoding.PEM),
        "ca.pem": authority.intermediate,
        "ca.key": _pem(authority.intermediate_key),
        "extensions": f"subjectAltName = DNS:{name}\n".encode(),
    }
    for file, text in texts.items():
        (folder / file).write_bytes(text)
    command = [
        openssl,
        "x509",
        "-req",
        "-sha1",
        "-days",
        "60",
        "-in",
        "request.pem",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
    ]
    done = subprocess.run([*command, "-extfile", "extensions"], cwd=folder, check=True, capture_output=True)
    return PeerCertificate(_pem(key), done.stdout + texts["ca.pem"])


def unreadable(certificate: PeerCertificate, old: bytes, new: bytes) -> PeerCertificate:
    """The same with other octets in the server's own certificate: OpenSSL takes it, and strict readers do not."""
    own, *others = (one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(certificate.chain))
    assert own.count(old) == 1
    chain = [own.replace(old, new), *others]
    return PeerCertificate(certificate.key, "".join(map(ssl.DER_cert_to_PEM_cert, chain)).encode())


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _issued(
    subject: str,
    key: PrivateKey,
    issuer: str,
    signing: PrivateKey,
    *,
    names: tuple[str, ...] = (),
    begins: dt.timedelta = -400 * DAY,
    ends: dt.timedelta = 400 * DAY,
    ca: bool = False,
) -> bytes:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    return builder.sign(signing, hashes.SHA256()).public_bytes(Encoding.PEM)


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@cache
def trusted() -> PeerAuthority:
    """The authority whose root the checks of the tests trust."""
    return PeerAuthority("Trusted")


@cache
def stranger() -> PeerAuthority:
    """An authority that nobody trusts."""
    return PeerAuthority("Stranger")
