"""Certificates of servers that speak TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conftest import needs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.process import ServerProcess


def certified(server: ServerProcess, certificate: Path, key: Path) -> None:
    """Give a server a new certificate for `localhost`, which is its own authority."""
    server.run(
        needs("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", key, "-out", certificate,
    )  # fmt: skip
