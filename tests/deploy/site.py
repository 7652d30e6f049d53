"""A provider's machine on loopback: the server over the demo, and Caddy before it with deploy/caddy/Caddyfile."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import sys
from pathlib import Path
from typing import NamedTuple

import httpx

from autoconfig.cli.init import init
from tests.deploy.programs import PATIENCE, Program
from tests.support.ports import free_port, listens

ROOT = Path(__file__).parents[2]
CADDYFILE = ROOT / "deploy" / "caddy" / "Caddyfile"

DOCUMENT = "/mail/config-v1.1.xml"
AUTODISCOVER = "/autodiscover/autodiscover.xml"
REQUEST = b"<Autodiscover><Request><EMailAddress>taro@sample.co.jp</EMailAddress></Request></Autodiscover>"


TRIES = 3


class Secured(NamedTuple):
    """What a client got over TLS."""

    status: int
    text: str
    names: list[str]
    """Those that the certificate is for."""


class Site:
    """The server and Caddy; both can be stopped and started."""

    def __init__(self, folder: Path, caddy: str, options: str = "local_certs") -> None:
        """`options` go where the operator's own go: they say who signs certificates."""
        self.folder, self.socket = folder, folder / "http.sock"
        self.http, self.https, self.ask = (free_port() for _ in range(3))
        self.storage = folder / "certificates"
        self.trusted = self.storage / "pki" / "authorities" / "local" / "root.crt"
        init(folder / "demo", demo=True)
        config = str(folder / "demo" / "autoconfig.toml")
        serve = [sys.executable, "-m", "autoconfig", "serve", "--uds", str(self.socket), "--config", config]
        self.server = Program(serve, folder / "server.log")
        shutil.copy(CADDYFILE, folder / "Caddyfile")
        lab = f"""
            admin off
            default_bind 127.0.0.1
            http_port {self.http}
            https_port {self.https}
            skip_install_trust
            storage file_system {self.storage}
            {options}
        """
        (folder / "autoconfig.d").mkdir()
        (folder / "autoconfig.d" / "lab.caddy").write_text(lab, encoding="utf-8")
        places = {
            "AUTOCONFIG_UPSTREAM": f"unix/{self.socket}",
            "AUTOCONFIG_ASK": f"127.0.0.1:{self.ask}",
            "HOME": str(folder),
        }
        run = [caddy, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
        self.caddy = Program(run, folder / "caddy.log", places)

    def start_server(self) -> None:
        """Start the server, and wait until it answers."""
        self.server.start()
        self.server.wait_for("the server's socket", self._answers)

    def start_caddy(self) -> None:
        """Start Caddy, and wait until it takes connections."""
        self.caddy.start()
        self.caddy.wait_for("Caddy's ports", lambda: all(map(listens, (self.http, self.https, self.ask))))

    def stop(self) -> None:
        """End both."""
        self.caddy.stop()
        self.server.stop()

    def secured(self, name: str, path: str = DOCUMENT, method: str = "GET", body: bytes | None = None) -> Secured:
        """
        What a client gets that knows nothing but the name, and trusts the certificate authority.

        Raises:
            OSError: there was no handshake, or not with a certificate for the name.
        """
        context = ssl.create_default_context(cafile=str(self.trusted))
        with (
            socket.create_connection(("127.0.0.1", self.https), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=name) as connection,
        ):
            certificate = connection.getpeercert()
            assert certificate is not None
            names = [str(pair[1]) for pair in certificate["subjectAltName"]]
            lines = [f"{method} {path} HTTP/1.1", f"Host: {name}", "Connection: close"]
            if body is not None:
                lines.append(f"Content-Length: {len(body)}")
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + (body or b""))
            status, text = answer_of(connection)
        return Secured(status, text, names)

    def served(self, name: str, path: str = DOCUMENT, method: str = "GET", body: bytes | None = None) -> Secured:
        """
        As `secured`, for a name that has to be served.

        Of two new names at the same moment Caddy 2.6 may refuse one ("on-demand rate limit exceeded", although none is
        set), and serves it when it asks again.
        """
        for _ in range(TRIES - 1):
            with contextlib.suppress(ssl.SSLError):
                return self.secured(name, path, method, body)
        return self.secured(name, path, method, body)

    def plain(self, name: str, path: str = DOCUMENT, method: str = "GET", body: bytes | None = None) -> httpx.Response:
        """What a client gets without TLS."""
        url = f"http://127.0.0.1:{self.http}{path}"
        return httpx.request(method, url, content=body, headers={"Host": name}, timeout=PATIENCE, trust_env=False)

    def certificates(self) -> set[str]:
        """The names for which Caddy has certificates."""
        return {file.stem for file in self.storage.glob("certificates/*/*/*.crt")}

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(self.socket))
            except OSError:
                return False
            connection.sendall(b"GET /internal/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return answer_of(connection)[0] == 200


def answer_of(connection: socket.socket) -> tuple[int, str]:
    """Status and the rest of an answer, after which the connection is closed; 0 if there is none."""
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionError:  # what came before counts
        pass
    first, _, rest = received.partition(b"\r\n")
    return (int(first.split()[1]) if first.startswith(b"HTTP/") else 0), rest.decode(errors="replace")
