"""A certificate authority of a test's own, and servers that have their certificates from it."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.support.servers.mariadb import MariaDB
from tests.support.servers.postgresql import PostgreSQL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.servers.process import ServerProcess

HOST = "localhost"
"""The one name that a server's certificate is good for."""

_DAY = dt.timedelta(days=1)


class Authority:
    """Issues certificates for a few days."""

    def __init__(self, name: str) -> None:
        self._key, self._name = ec.generate_private_key(ec.SECP256R1()), _named(name)
        self.certificate = self._issued(self._name, self._key.public_key(), ca=True)

    def certify(self, server: ServerProcess) -> tuple[Path, Path]:
        """Give a server a key and a certificate; the files of both."""
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        certificate = server.folder / "certificate.pem", self._issued(_named("a server"), key.public_key(), ca=False)
        for file, text in (certificate, (server.folder / "key.pem", private)):
            file.write_bytes(text)
            file.chmod(0o600)
            owner = server.folder.stat()
            os.chown(file, owner.st_uid, owner.st_gid)
        return certificate[0], server.folder / "key.pem"

    def _issued(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, ca: bool) -> bytes:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + 9 * _DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


AUTHORITY, OTHER = Authority("the right authority"), Authority("another authority")


class PostgreSQLWithTLS(PostgreSQL):
    """A server with a certificate of `AUTHORITY`; whoever is not `autoconfig` needs TLS and a password."""

    def launch(self, command: Sequence[str | Path]) -> None:
        """Start it with a new certificate."""
        (self.data / "pg_hba.conf").write_text("host all autoconfig all trust\nhostssl all all all scram-sha-256\n")
        certificate, key = AUTHORITY.certify(self)
        options = ("ssl=on", f"ssl_cert_file={certificate}", f"ssl_key_file={key}")
        super().launch([*command, *(part for option in options for part in ("-c", option))])


class MariaDBWithTLS(MariaDB):
    """A server with a certificate of `AUTHORITY`."""

    def launch(self, command: Sequence[str | Path]) -> None:
        """Start it with a new certificate."""
        certificate, key = AUTHORITY.certify(self)
        super().launch([*command, "--ssl=1", f"--ssl-cert={certificate}", f"--ssl-key={key}"])
