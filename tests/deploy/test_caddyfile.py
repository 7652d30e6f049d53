from __future__ import annotations

import contextlib
import re
import socket
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn

from tests.deploy.programs import PATIENCE
from tests.deploy.site import AUTODISCOVER, CADDYFILE, DOCUMENT, REQUEST, Site, answer_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages


def test_valid(each_caddy: str) -> None:
    """Both Caddys take the file as it is, without any option of the operator's."""
    command = [each_caddy, "validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_formatted(each_caddy: str) -> None:
    """Both Caddys would format it in the same way."""
    done = subprocess.run([each_caddy, "fmt", str(CADDYFILE)], capture_output=True, text=True, check=True)

    assert done.stdout == CADDYFILE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "path", "method", "body", "expected"),
    [
        ("autoconfig.sample.co.jp", DOCUMENT, "GET", None, "<hostname>sample.co.jp</hostname>"),
        ("autodiscover.sample.co.jp", AUTODISCOVER, "POST", REQUEST, "<Server>sample.co.jp</Server>"),
        ("autodiscover.yamada-law.example", AUTODISCOVER, "GET", None, "<Autodiscover"),
        ("ua-auto-config.sample.co.jp", DOCUMENT, "GET", None, "<hostname>sample.co.jp</hostname>"),
        ("autoconfig.xn--wgv71a119e.example", DOCUMENT, "GET", None, "xn--wgv71a119e.example"),
        ("autoconfig.xbit.jp", "/", "GET", None, "<form"),
    ],
    ids=["autoconfig", "autodiscover, POST", "autodiscover, GET", "ua-auto-config", "IDN", "our own name"],
)
def test_served_names(site: Site, name: str, path: str, method: str, body: bytes | None, expected: str) -> None:
    """A name under which we serve gets a certificate for exactly that name, and its document."""
    answer = site.served(name, path, method, body)

    assert answer.status == 200
    assert expected in answer.text
    assert answer.names == [name]


@pytest.mark.parametrize(
    "name",
    [
        "autoconfig.nobody.example",
        "sample.co.jp",
        "mail.sample.co.jp",
        "autoconfig.autoconfig.sample.co.jp",
        "xautoconfig.sample.co.jp",
        "autoconfig.sample.co.jp.evil.example",
        "evil.example",
        "127.0.0.1",
    ],
    ids=["unknown", "the domain itself", "another label", "twice", "like a label", "longer", "stranger", "no name"],
)
def test_other_names(site: Site, name: str) -> None:
    """Any other name, and a client that says none, gets no handshake, and no certificate is made for it."""
    with pytest.raises(ssl.SSLError, match="internal error"):
        site.secured(name)
    assert name not in site.certificates()


def test_plain_documents(site: Site) -> None:
    """Documents are served without TLS as well, and an unknown name is 404."""
    assert "<hostname>sample.co.jp</hostname>" in site.plain("autoconfig.sample.co.jp").text
    assert "<hostname>sample.co.jp</hostname>" in site.plain("autodiscover.sample.co.jp", DOCUMENT).text
    assert site.plain("autoconfig.nobody.example").status_code == 404


@pytest.mark.parametrize("path", [AUTODISCOVER, "/Autodiscover/Autodiscover.xml"])
def test_plain_autodiscover(site: Site, path: str) -> None:
    """Without TLS Autodiscover's GET is sent to our public address by 302; a POST gets its settings."""
    got = site.plain("autodiscover.sample.co.jp", path)
    posted = site.plain("autodiscover.sample.co.jp", path, "POST", REQUEST)

    assert (got.status_code, got.headers["location"]) == (302, f"https://autoconfig.xbit.jp{AUTODISCOVER}")
    assert posted.status_code == 200
    assert "<Server>sample.co.jp</Server>" in posted.text
    assert site.plain("autodiscover.nobody.example", path).status_code == 404


def test_upgrade(site: Site) -> None:
    """A client that offers HTTP/2 gets its answer in HTTP/1.1, and what it sends behind its headers is its body."""
    lines = [
        f"POST {AUTODISCOVER} HTTP/1.1",
        "Host: autodiscover.sample.co.jp",
        "Connection: Upgrade, close",
        "Upgrade: h2c",
    ]
    with socket.create_connection(("127.0.0.1", site.http), PATIENCE) as connection:
        connection.sendall("\r\n".join([*lines, f"Content-Length: {len(REQUEST)}", "", ""]).encode())
        time.sleep(0.1)  # so that the body goes to the server by itself
        connection.sendall(REQUEST)
        status, text = answer_of(connection)

    assert status == 200
    assert "<Server>sample.co.jp</Server>" in text


def test_restarts(opened: Callable[..., Site], each_caddy: str) -> None:
    """
    A request that comes while the server is down waits for it; after Caddy was started without a server, names are
    served as soon as there is one.
    """
    site, name = opened(each_caddy), "autoconfig.sample.co.jp"
    site.start_server()
    site.start_caddy()
    assert site.served(name).status == 200
    with ThreadPoolExecutor() as waiting:
        assert site.server.stop() == 0
        early = waiting.submit(site.plain, name)
        site.start_server()

        assert early.result().status_code == 200
    site.server.stop()
    site.caddy.stop()
    site.start_caddy()
    try:
        assert site.secured(name).status == 502  # Caddy 2.6 has the certificate, and asks only before it gets one
    except ssl.SSLError as error:
        assert "internal error" in str(error)  # noqa: PT017 (Caddy 2.7 and later ask first)
    site.start_server()

    assert site.served(name).status == 200


def test_no_address_is_logged(opened: Callable[..., Site], each_caddy: str) -> None:
    """What cannot be answered is in the log with its reason and its host, and without what says whose mailbox it is."""
    site, name = opened(each_caddy), "autoconfig.sample.co.jp"
    site.start_caddy()
    targets = [
        ("GET", f"{DOCUMENT}?emailaddress=taro.secret@sample.co.jp"),
        ("GET", "/autodiscover/autodiscover.json/v1.0/taro.secret@sample.co.jp?Protocol=ActiveSync"),
        ("POST", AUTODISCOVER),
    ]
    headers = {"Host": name, "X-User-Identity": "taro.secret@sample.co.jp", "Referer": "http://x/?email=taro.secret@x"}

    def ask(target: tuple[str, str]) -> int:
        url = f"http://127.0.0.1:{site.http}{target[1]}"
        body = REQUEST.replace(b"taro", b"taro.secret") if target[0] == "POST" else None
        return httpx.request(
            target[0], url, content=body, headers=headers, timeout=PATIENCE, trust_env=False
        ).status_code

    with ThreadPoolExecutor() as asking:
        assert list(asking.map(ask, targets)) == [502] * 3
    site.caddy.stop()
    said = site.caddy.said()

    assert said.count('"logger":"http.log.error"') == 3
    assert said.count(f'"host":"{name}"') == 3
    assert "no such file" in said
    assert "secret" not in said


class Upstream:
    """Answers requests, and says which connections the other side ended by itself."""

    def __init__(self, place: Path) -> None:
        self.left = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with self._listener, contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while connection.recv(65536):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
            self.left.set()


def test_idle_connections(opened: Callable[..., Site], each_caddy: str) -> None:
    """
    Caddy ends an idle connection to the server before the server does, so that no POST meets one that is being closed:
    it could not be sent again.
    """
    site = opened(each_caddy)
    upstream = Upstream(site.socket)
    site.start_caddy()
    answer = site.plain("autodiscover.sample.co.jp", AUTODISCOVER, "POST", REQUEST)
    kept = re.search(r"^\s*keepalive (\d+)s$", CADDYFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert (answer.status_code, answer.text) == (200, "OK")
    assert upstream.left.wait(PATIENCE)
    assert kept is not None
    assert int(kept[1]) < uvicorn.Config("", log_config=None).timeout_keep_alive
    upstream.close()


def test_own_log(each_caddy: str, tmp_path: Path) -> None:
    """A log of the operator's own can be added, under a name."""
    (tmp_path / "autoconfig.d").mkdir()
    (tmp_path / "Caddyfile").write_text(CADDYFILE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "autoconfig.d" / "site.caddy").write_text("log own {\n\toutput discard\n}\n", encoding="utf-8")
    command = [each_caddy, "validate", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
