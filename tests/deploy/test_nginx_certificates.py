"""https at nginx: which certificate a name gets, and how another program gets one."""

from __future__ import annotations

import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.deploy.behind import Answer, Behind, exchange, written
from tests.deploy.programs import PATIENCE
from tests.deploy.site import AUTODISCOVER, DOCUMENT

pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages


def test_https_port_without_tls(behind: Behind) -> None:
    """Plain http on the port of https is refused in the same way."""
    connection = socket.create_connection(("127.0.0.1", behind.nginx.ports.https or 0), PATIENCE)
    answer = exchange(connection, written(f"{DOCUMENT}?e=secret", ["Host: x"]))

    assert answer is not None
    assert (answer.status, answer.headers["cache-control"]) == (400, "private, no-store")
    assert b"<" not in answer.body


def _certificate(folder: Path, openssl: str, name: str) -> None:
    """A certificate that signs itself, with its key in the same file, as lego writes it."""
    made = folder / f"{name}.pem"
    make = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make += ["-days", "7", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run([*make, "-keyout", f"{made}.key", "-out", str(made)], check=True, capture_output=True)
    made.write_text(made.read_text() + Path(f"{made}.key").read_text())


def _secured(behind: Behind, name: str | None, request: bytes, trusted: Path | None = None) -> Answer | None:
    context = ssl.create_default_context(cafile=str(trusted)) if trusted else ssl.create_default_context()
    if trusted is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", behind.nginx.ports.https or 0), PATIENCE)
    return exchange(context.wrap_socket(plain, server_hostname=name), request)


def test_certificate_of_a_name(behind: Behind, openssl: str) -> None:
    """A name whose certificate is put into the folder is served with it at once, as by https."""
    name, folder = "autodiscover.sample.co.jp", behind.folder / "nginx" / "certificates"
    _certificate(folder, openssl, name)
    answer = _secured(behind, name, written(AUTODISCOVER, [f"Host: {name}"]), folder / f"{name}.pem")

    assert answer is not None
    assert (answer.status, b"<Autodiscover" in answer.body) == (200, True)


@pytest.mark.parametrize(
    "name", ["autoconfig.yamada-law.example", "evil.example", None], ids=["no file", "stranger", "no name"]
)
def test_names_without_a_certificate(behind: Behind, name: str | None) -> None:
    """Where there is no certificate there is no handshake."""
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _secured(behind, name, written(DOCUMENT, ["Host: autoconfig.sample.co.jp"]))


def test_http_and_https_are_kept_apart(behind: Behind, openssl: str) -> None:
    """Where plain http gets another answer, such as a redirect, it does not get that of https."""
    victim, folder = behind.victim(), behind.folder / "nginx" / "certificates"
    _certificate(folder, openssl, f"autoconfig.{victim}")
    secured = [
        _secured(behind, f"autoconfig.{victim}", written(DOCUMENT, [f"Host: autoconfig.{victim}"])) for _ in "ab"
    ]

    assert [answer and answer.cache for answer in [*secured, behind.ask(f"autoconfig.{victim}")]] == [
        "MISS",
        "HIT",
        "MISS",
    ]


def test_proof_for_the_authority(behind: Behind) -> None:
    """What lego puts into its folder is shown, so that the authority sees that the name leads here."""
    folder = behind.folder / "nginx" / "acme" / ".well-known" / "acme-challenge"
    folder.mkdir(parents=True)
    (folder / "token").write_text("token.thumbprint")

    assert behind.ask("autoconfig.sample.co.jp", "/.well-known/acme-challenge/token").body == b"token.thumbprint"
    assert behind.ask("autoconfig.sample.co.jp", "/.well-known/acme-challenge/other").status == 404
