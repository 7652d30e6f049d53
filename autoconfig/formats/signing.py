"""
Sign profiles: CMS SignedData with the content inside, DER, SHA-256, the certificate and its chain (RFC 5652).

Only this module uses the library cryptography, which costs memory and time: it is imported only when there is a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import SigningInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.x509 import Certificate


class Identity(NamedTuple):
    """A private key, its certificate, and the certificates between that one and a root."""

    key: PrivateKeyTypes
    certificate: Certificate
    chain: tuple[Certificate, ...]

    @property
    def begins(self) -> datetime:
        """The moment before which devices call a profile unverified."""
        return self.certificate.not_valid_before_utc

    @property
    def expires(self) -> datetime:
        """The moment after which devices call a new profile unverified."""
        return self.certificate.not_valid_after_utc

    @property
    def complete(self) -> bool:
        """Whether the chain has the certificate's issuer, or the certificate is self-signed."""
        issuers = {other.subject for other in (self.certificate, *self.chain)}
        return self.certificate.issuer in issuers


def read_identity(key_file: Path, certificate_files: Sequence[Path]) -> Identity:
    """
    Read a key with its certificates, and check that it can sign.

    Args:
        key_file: PEM, RSA or elliptic curve, not encrypted.
        certificate_files: PEM; the certificate that fits the key, in any position, and its chain.

    Raises:
        SigningInvalid: a file cannot be read or is not PEM, the key is encrypted or of another kind, or it fits none of
            the certificates.
    """
    from cryptography.exceptions import UnsupportedAlgorithm

    key = _key(key_file, _content(key_file))
    certificates = [certificate for file in certificate_files for certificate in _certificates(file, _content(file))]
    fitting = [certificate for certificate in certificates if _fits(key, certificate)]
    if not fitting:
        files = " and ".join(map(str, certificate_files))
        raise SigningInvalid(f"{key_file}: fits none of the certificates in {files}; name the key of one of them")
    chain = tuple(dict.fromkeys(other for other in certificates if other not in fitting))
    # A renewed certificate may be made for the same key, and the old one left in the file.
    identity = Identity(key, max(fitting, key=lambda certificate: certificate.not_valid_after_utc), chain)
    try:
        signed(identity, b"")
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise SigningInvalid(f"{key_file}: cannot sign: {error}; use RSA or an elliptic curve") from error
    return identity


def signed(identity: Identity, content: bytes) -> bytes:
    """Sign the content; the signature contains it."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(identity.certificate, identity.key, SHA256())  # type: ignore[arg-type] # other: TypeError
    for certificate in identity.chain:
        builder = builder.add_certificate(certificate)
    # Without Binary, line ends would become CRLF inside the signature.
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def _fits(key: PrivateKeyTypes, certificate: Certificate) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return certificate.public_key() == key.public_key()
    except (ValueError, UnsupportedAlgorithm):  # a kind of key that the library does not know
        return False


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SigningInvalid(f"{file}: cannot be read: {error.strerror}; check path and permissions") from error


def _key(file: Path, pem: bytes) -> PrivateKeyTypes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise SigningInvalid(f"{file}: is encrypted; write the key without a passphrase") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SigningInvalid(f"{file}: is not a private key in PEM") from error


def _certificates(file: Path, pem: bytes) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(pem)
    except ValueError as error:
        raise SigningInvalid(f"{file}: has no certificates in PEM") from error
