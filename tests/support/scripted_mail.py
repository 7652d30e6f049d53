"""Servers on loopback that say what a test wants, also what no real one would."""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.peer_certificates import PeerCertificate

    Script = Callable[["Wire"], None]

LIMIT = 30.0
"""Seconds after which a connection that nobody uses is given up."""


def server_context(
    certificate: PeerCertificate, *, newest: ssl.TLSVersion | None = None, bare: PeerCertificate | None = None
) -> ssl.SSLContext:
    """TLS with a certificate; `bare` is for clients that send no SNI, and `newest` the newest version spoken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with tempfile.TemporaryDirectory() as folder:
        files = certificate.write(Path(folder))
        context.load_cert_chain(files.certificate, files.key)
    if newest is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = newest
            context.maximum_version = newest
    if bare is not None:
        other = server_context(bare)

        def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
            if name is None:
                connection.context = other

        context.sni_callback = choose
    return context


class Wire:
    """The server's end of a connection, in a thread of its own."""

    def __init__(self, connected: socket.socket) -> None:
        connected.settimeout(LIMIT)
        self._socket = connected

    def send(self, text: str | bytes) -> None:
        """Send a text as it is."""
        self._socket.sendall(text.encode() if isinstance(text, str) else text)

    def line(self) -> str:
        """The client's next line in upper case, without its CR LF; empty at the end."""
        found = bytearray()
        while not found.endswith(b"\n"):
            byte = self._socket.recv(1)
            if not byte:
                return ""
            found += byte
        return found.decode("latin-1").strip().upper()

    def drain(self) -> None:
        """Read whatever comes, until the client leaves."""
        while self._socket.recv(4096):
            pass

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Make TLS of it."""
        self._socket = context.wrap_socket(self._socket, server_side=True)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


class MailServer:
    """A server that plays a script for every connection."""

    def __init__(self, script: Script, address: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family)
        self.address: str = address
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._script = script
        self._wires: list[tuple[threading.Thread, Wire]] = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for thread, wire in self._wires:
            wire.close()
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            wire = Wire(connected)
            thread = threading.Thread(target=self._play, args=(wire,))
            self._wires.append((thread, wire))
            thread.start()

    def _play(self, wire: Wire) -> None:
        with contextlib.suppress(OSError):  # whoever checks may leave at any time
            self._script(wire)
        with contextlib.suppress(OSError):
            wire.close()


def with_tls(context: ssl.SSLContext, script: Script) -> Script:
    """A script with TLS from the first byte."""

    def play(wire: Wire) -> None:
        wire.start_tls(context)
        script(wire)

    return play
