"""
One TLS handshake that fails for no certificate: it gives what the peer presents, and what is wrong with it.

The home of pyOpenSSL: Python 3.11's `ssl` gives no chain of a peer that does not verify.
"""

from __future__ import annotations

import contextlib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from OpenSSL import SSL, crypto

from autoconfig.check.certificate import CertificateFacts
from autoconfig.check.ip_address import ip_address_of

if TYPE_CHECKING:
    from pathlib import Path

    from OpenSSL.crypto import X509

MOST_CERTIFICATES = 10
"""Certificates of a presented chain that are kept."""
_CIPHERS = b"DEFAULT:@SECLEVEL=0"
"""Whatever the peer has, so that a weak peer is described and not just refused."""
_LEGACY_SERVER_CONNECT = 0x4
"""SSL_OP_LEGACY_SERVER_CONNECT: also servers without RFC 5746, which Thunderbird still connects to."""
_CHUNK = 16384
"""Bytes of the longest TLS record's content."""


@dataclass(frozen=True, slots=True)
class ChainProblem:
    """Something that OpenSSL's verification found."""

    number: int
    """X509_V_ERR_…, from OpenSSL's x509_vfy.h."""
    depth: int
    """The place of the certificate in the chain; 0 is the server's own."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a peer presented in one handshake."""

    version: str
    """Such as `TLSv1.3`."""
    name: str | None
    """The name sent as SNI, if any."""
    chain: tuple[CertificateFacts, ...]
    """As presented, the server's own certificate first, without others that cannot be read; `MOST_CERTIFICATES`."""
    problems: tuple[ChainProblem, ...]
    """Nothing if the chain leads to a trusted root and all of it is valid now; host names are not compared here."""

    @property
    def leaf(self) -> CertificateFacts:
        """The server's own certificate."""
        return self.chain[0]


class Trust:
    """The roots to trust, read once for all handshakes."""

    def __init__(self, ca_file: Path | None = None) -> None:
        """
        Trust the certificates in `ca_file` (PEM), else the roots of this machine.

        Raises:
            OSError: the file cannot be read, or has no certificate.
        """
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_VERSION)
        context.set_cipher_list(_CIPHERS)
        context.set_options(_LEGACY_SERVER_CONNECT)
        context.set_verify(SSL.VERIFY_PEER, _remember)
        if ca_file is not None:
            ca_file.read_bytes()  # for an error that names the reason
            try:
                context.load_verify_locations(str(ca_file))
            except SSL.Error as error:
                raise OSError(None, "has no certificate in PEM", str(ca_file)) from error
        else:
            roots = ssl.get_default_verify_paths()
            if roots.cafile or roots.capath:
                context.load_verify_locations(roots.cafile, roots.capath)
        self.context = context


def _remember(connection: SSL.Connection, _certificate: X509, number: int, depth: int, _ok: int) -> bool:
    """Note a problem, and go on."""
    if number:
        connection.get_app_data().append(ChainProblem(number, depth))
    return True


class HandshakeFailed(Exception):
    """The peer did not complete the handshake; the text has OpenSSL's reasons."""


class SessionEnded(Exception):
    """The peer closed the TLS session."""


class TLSSession:
    """TLS without a socket: bytes from the network in, bytes for the network out."""

    def __init__(self, trust: Trust, name: str | None) -> None:
        """`name`: a host name in A-labels, which is sent as SNI; an IP address is not (RFC 6066 section 3)."""
        self._connection = SSL.Connection(trust.context, None)
        self._connection.set_connect_state()
        self._problems: list[ChainProblem] = []
        self._connection.set_app_data(self._problems)
        self._name = name if name is not None and ip_address_of(name) is None else None
        if self._name is not None:
            self._connection.set_tlsext_host_name(self._name.encode("ascii"))

    def feed(self, raw: bytes) -> None:
        """Take bytes from the network."""
        if raw:  # OpenSSL takes no bytes for an error
            self._connection.bio_write(raw)

    def outgoing(self) -> bytes:
        """Bytes for the network."""
        sent = b""
        with contextlib.suppress(SSL.WantReadError):
            while True:
                sent += self._connection.bio_read(_CHUNK)
        return sent

    def shake(self) -> Handshake | None:
        """
        Go on with the handshake; `None` until it is complete.

        Raises:
            HandshakeFailed: it cannot be completed.
        """
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return None
        except SSL.Error as error:
            raise HandshakeFailed(_reasons(error)) from error
        chain = (self._connection.get_peer_cert_chain() or [])[:MOST_CERTIFICATES]
        if not chain:
            raise HandshakeFailed("the server presents no certificate")
        encoded = (crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate) for certificate in chain)
        leaf, *others = map(CertificateFacts.of_der, encoded)
        if leaf is None:
            raise HandshakeFailed("the server's certificate cannot be read")
        facts = (leaf, *(other for other in others if other is not None))
        version = self._connection.get_protocol_version_name()
        return Handshake(version, self._name, facts, tuple(dict.fromkeys(self._problems)))

    def read(self) -> bytes:
        """
        Return what the peer said, as far as it is there.

        Raises:
            SessionEnded: the session is closed, or broken by bytes other than TLS.
        """
        said = b""
        try:
            while True:
                said += self._connection.recv(_CHUNK)
        except SSL.WantReadError:
            return said
        except SSL.Error as error:
            if said:
                return said
            raise SessionEnded from error

    def write(self, data: bytes) -> None:
        """
        Encrypt for the peer; see `outgoing`.

        Raises:
            SessionEnded: the session is closed.
        """
        try:
            self._connection.send(data)
        except SSL.Error as error:
            raise SessionEnded from error


def _reasons(error: SSL.Error) -> str:
    """OpenSSL's texts, which have nothing of the peer's in them."""
    entries = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return ", ".join(dict.fromkeys(entry[-1] for entry in entries)) or "the connection ended"
