from __future__ import annotations

import random
import socket
import ssl
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

import pytest

from tests.deploy.programs import PATIENCE, Program
from tests.deploy.site import AUTODISCOVER, DOCUMENT, REQUEST
from tests.support.ports import free_port, listens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.deploy.site import Site

pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages

HANDSHAKES, SECURED, PLAIN, ASKED, BEHIND = 2000, 3000, 3000, 1000, 1000
"""10,000 in all."""
THREADS = 8

HUNG_UP = {"ConnectionResetError", "BrokenPipeError", "RemoteDisconnected"}
"""What a client sees of an answer to a header that is no header, when it was still sending."""

OURS = ["autoconfig.sample.co.jp", "autodiscover.yamada-law.example", "autoconfig.xbit.jp"]
INNER = ["127.0.0.1", "localhost", "127.0.0.1:9123", "[::1]", "internal", "autoconfig.localhost", "unix", "0"]
PATHS = [
    DOCUMENT,
    AUTODISCOVER,
    "/",
    "/setup",
    "/v1.1/sample.co.jp",
    "/internal/readyz",
    "/internal/healthz",
    "/internal/tls-allowed?domain=autoconfig.sample.co.jp",
    "/internal/tls-allowed?domain=evil.example",
    "//internal/readyz",
    "/%69nternal/readyz",
    "/x/../internal/readyz",
    "/api/v1/names",
    "/email.mobileconfig?email=taro@sample.co.jp",
]
HEADERS = [
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "Forwarded",
    "X-Real-IP",
    "Via",
]
VALUES = [
    "127.0.0.1",
    "::1",
    "127.0.0.1, ::1",
    "for=127.0.0.1;host=localhost",
    "https",
    "unix",
    "",
    "x" * 900,
    "\x80\xff,",
]


class Spoofer:
    """Makes things up, the same in every run."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def stranger(self) -> str:
        """A name under which we do not serve."""
        number = self.random.randrange(10**6)
        label = self.random.choice(["autoconfig", "autodiscover", "ua-auto-config", "www", "autoconfig.autoconfig"])
        return self.random.choice(
            [
                f"{label}.evil{number}.example",
                f"autoconfig.sample.co.jp.evil{number}.example",
                f"x{number}.sample.co.jp",
                f"autoconfig.x{number}.sample.co.jp",
                f"evil{number}.xn--wgv71a119e.example",
                f"autoconfig_.evil{number}.example",
                "sample.co.jp",
                "localhost",
            ]
        )

    def host(self) -> str:
        """What stands in the Host header."""
        return self.random.choice(
            [*OURS, *INNER, self.stranger(), self.stranger(), "", "a" * 280, "-.-", "x y", "é.example"]
        )

    def headers(self) -> dict[str, bytes]:
        """Headers that only a proxy may set."""
        chosen = self.random.sample(HEADERS, self.random.randrange(1, len(HEADERS)))
        return {"Host": self.host().encode("latin-1")} | {
            name: self.random.choice([*VALUES, self.stranger()]).encode("latin-1") for name in chosen
        }

    def request(self) -> tuple[str, str, bytes | None, dict[str, bytes]]:
        """A request."""
        path, method = self.random.choice(PATHS), self.random.choice(["GET", "GET", "HEAD", "POST"])
        return method, path, REQUEST if method == "POST" else None, self.headers()


def judged(connection: HTTPConnection, request: tuple[str, str, bytes | None, dict[str, bytes]]) -> str:
    """What became of a request: its status, and whether it shows what is the operator's."""
    method, path, body, headers = request
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read()
    except (HTTPException, OSError) as error:
        connection.close()
        return type(error).__name__
    if answer.status == 204 or b'"status":' in text or b'"mapping":' in text:
        return f"shown: {request} {answer.status} {text!r}"
    return str(answer.status)


def spread(task: Callable[[int], Counter[str]], count: int) -> Counter[str]:
    """What became of `count` requests, made by several threads, each of which gets its seed."""
    with ThreadPoolExecutor(THREADS) as pool:
        return (
            sum((counted for counted in pool.map(task, range(THREADS), timeout=PATIENCE * 2)), Counter[str]())
            if count
            else Counter()
        )


def handshakes(site: Site, seed: int) -> Counter[str]:
    """Handshakes under names that are not ours."""
    spoofer, counted = Spoofer(seed), Counter[str]()
    context = ssl.create_default_context(cafile=str(site.trusted))
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for _ in range(HANDSHAKES // THREADS):
        with socket.create_connection(("127.0.0.1", site.https), PATIENCE) as plain:
            try:
                name = spoofer.random.choice([spoofer.stranger(), spoofer.stranger(), None])
                with context.wrap_socket(plain, server_hostname=name) as connection:
                    counted[f"certificate for {name}: {connection.cipher()}"] += 1
            except ssl.SSLError as error:
                counted[str(error.reason)] += 1
    return counted


class Secured(HTTPConnection):
    """A connection under one of our names, whatever its requests say."""

    def __init__(self, site: Site, name: str) -> None:
        super().__init__("127.0.0.1", site.https, timeout=PATIENCE)
        self.context, self.name = ssl.create_default_context(cafile=str(site.trusted)), name

    def connect(self) -> None:
        """With the handshake."""
        super().connect()
        self.sock = self.context.wrap_socket(self.sock, server_hostname=self.name)


def requests(connection: HTTPConnection, seed: int, count: int) -> Counter[str]:
    """Requests on a connection that is opened again when the other side closes it."""
    spoofer = Spoofer(seed)
    counted = Counter(judged(connection, spoofer.request()) for _ in range(count))
    connection.close()
    return counted


def asked(site: Site, seed: int) -> Counter[str]:
    """What Caddy would ask for such names, and for such that no client can send."""
    spoofer, counted = Spoofer(seed), Counter[str]()
    odd = [
        "",
        "%00",
        "%zz",
        "*",
        "*.sample.co.jp",
        "127.0.0.1",
        "[::1]",
        "..",
        "autoconfig.",
        "a" * 300,
        "%80",
        "autoconfig%2esample.co.jp%00",
    ]
    connection = HTTPConnection("127.0.0.1", site.ask, timeout=PATIENCE)
    for _ in range(ASKED // THREADS):
        name = spoofer.random.choice([spoofer.stranger(), spoofer.random.choice(odd)])
        connection.request("GET", f"/internal/tls-allowed?domain={name}")
        answer = connection.getresponse()
        answer.read()
        counted[f"allowed: {name}" if answer.status < 300 else str(answer.status)] += 1
    connection.close()
    return counted


@pytest.fixture(scope="module")
def site(opened: Callable[..., Site], caddy: str) -> Site:
    """A running site with the Caddy that Debian has."""
    made = opened(caddy)
    made.start_server()
    made.start_caddy()
    return made


@pytest.fixture
def behind(site: Site) -> Iterator[int]:
    """
    The port of a second server, which believes what proxies on this machine say about their clients.

    Here Caddy, which holds back what is internal, is left out.
    """
    port = free_port()
    config = str(site.folder / "demo" / "autoconfig.toml")
    serve = [sys.executable, "-m", "autoconfig", "serve", "--port", str(port), "--config", config]
    server = Program(serve, site.folder / "behind.log", {"AUTOCONFIG_STATE_DIR": str(site.folder / "behind")})
    server.start()
    server.wait_for("its port", lambda: listens(port))
    yield port
    server.stop()


def proxied(port: int, seed: int) -> Counter[str]:
    """Requests as a proxy passes them on that only adds its client, 203.0.113.9, to what this one made up."""
    spoofer, counted = Spoofer(seed), Counter[str]()
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for _ in range(BEHIND // THREADS):
        method, path, body, headers = spoofer.request()
        made_up = headers.get("X-Forwarded-For", b"")
        headers["X-Forwarded-For"] = b", ".join(part for part in (made_up, b"203.0.113.9") if part)
        counted[judged(connection, (method, path, body, headers))] += 1
    connection.close()
    return counted


def test_spoofed(site: Site, behind: int) -> None:
    """10,000 requests under made-up names and headers get no certificate, no page of the operator's and no 5xx."""
    for name in OURS:
        assert site.served(name, "/").status == 200
    certificates = site.certificates()
    parts = {
        "handshakes": spread(lambda seed: handshakes(site, seed), HANDSHAKES),
        "secured": spread(lambda seed: requests(Secured(site, OURS[seed % 3]), seed, SECURED // THREADS), SECURED),
        "plain": spread(
            lambda seed: requests(HTTPConnection("127.0.0.1", site.http, timeout=PATIENCE), seed, PLAIN // THREADS),
            PLAIN,
        ),
        "asked": spread(lambda seed: asked(site, seed), ASKED),
        "behind": spread(lambda seed: proxied(behind, seed), BEHIND),
    }

    assert sum(part.total() for part in parts.values()) == 10_000
    assert set(parts["handshakes"]) <= {"TLSV1_ALERT_INTERNAL_ERROR"}
    assert set(parts["asked"]) <= {"400", "404"}
    for part in ("secured", "plain", "behind"):
        wrong = {what for what in parts[part] if not (what.isdigit() and int(what) < 500)}
        assert wrong <= HUNG_UP, part
    assert site.certificates() == certificates
    assert "error" not in site.server.said()
    assert site.server.process is not None
    assert site.server.process.poll() is None
