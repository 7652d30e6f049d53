from __future__ import annotations

import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.conftest import needs
from tests.deploy.internal_targets import INTERNAL, NAME, TARGETS, TOLD
from tests.deploy.programs import PATIENCE
from tests.deploy.site import answer_of

if TYPE_CHECKING:
    from tests.deploy.site import Site

pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages


HEADERS = {
    "Host of the inner side": ["Host: 127.0.0.1:9123"],
    "Host localhost": ["Host: localhost"],
    "no Host": [],
    "two Hosts": [f"Host: {NAME}", "Host: 127.0.0.1"],
    "X-Forwarded-For": [f"Host: {NAME}", "X-Forwarded-For: 127.0.0.1"],
    "Forwarded": [f"Host: {NAME}", "Forwarded: for=127.0.0.1;proto=https;host=localhost"],
    "X-Real-IP": [f"Host: {NAME}", "X-Real-IP: 127.0.0.1", "CF-Connecting-IP: 127.0.0.1"],
    "X-Original-URL": [f"Host: {NAME}", f"X-Original-URL: {INTERNAL}", f"X-Rewrite-URL: {INTERNAL}"],
    "X-Forwarded-Prefix": [f"Host: {NAME}", "X-Forwarded-Prefix: /x", f"X-Forwarded-Uri: {INTERNAL}"],
    "method override": [f"Host: {NAME}", "X-HTTP-Method-Override: GET", "X-Forwarded-Host: localhost"],
}


def _asked(site: Site, lines: list[str], *, secured: bool) -> tuple[int, str]:
    """The answer to a request that is sent as it stands."""
    request = ("\r\n".join([*lines, "Connection: close", "", ""])).encode("latin-1")
    port = site.https if secured else site.http
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as plain:
        if not secured:
            plain.sendall(request)
            return answer_of(plain)
        context = ssl.create_default_context(cafile=str(site.trusted))
        with context.wrap_socket(plain, server_hostname=NAME) as connection:
            connection.sendall(request)
            return answer_of(connection)


def _shows_nothing(answer: tuple[int, str]) -> bool:
    """Whether an answer tells nothing that is the operator's: no state, and no 204, which would allow a certificate."""
    status, text = answer
    return status != 204 and not any(told in text for told in TOLD)


@pytest.fixture(scope="module", autouse=True)
def certificate(site: Site) -> None:
    """Our name has its certificate."""
    site.served(NAME)


@pytest.mark.parametrize("secured", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_targets(site: Site, target: str, *, secured: bool) -> None:
    """However the path is written, nobody outside reaches the operator's pages, and nothing breaks."""
    answer = _asked(site, [f"GET {target} HTTP/1.1", f"Host: {NAME}"], secured=secured)

    assert _shows_nothing(answer), answer
    assert answer[0] < 500, answer


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("target", [INTERNAL, "/", "//internal/readyz"])
def test_headers(site: Site, target: str, headers: list[str], version: str) -> None:
    """Whatever headers say, nobody outside reaches the operator's pages, and nothing breaks."""
    for secured in (False, True):
        answer = _asked(site, [f"GET {target} HTTP/{version}", *headers], secured=secured)

        assert _shows_nothing(answer), answer
        assert answer[0] < 500, answer


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"])
def test_methods(site: Site, method: str) -> None:
    """No other method leads to the operator's pages."""
    answer = _asked(site, [f"{method} {INTERNAL} HTTP/1.1", f"Host: {NAME}", "Content-Length: 0"], secured=True)

    assert _shows_nothing(answer), answer
    assert 400 <= answer[0] < 500, answer


@pytest.mark.parametrize("target", [INTERNAL, "//internal/readyz", "/x/../internal/readyz", "/%69nternal/readyz"])
def test_http2(site: Site, target: str) -> None:
    """HTTP/2 leads no further."""
    place = f"{NAME}:{site.https}"
    command = [needs("curl", "curl"), "--silent", "--http2", "--path-as-is", "--cacert", str(site.trusted)]
    command += [
        "--resolve",
        f"{place}:127.0.0.1",
        "--write-out",
        "%{http_version} %{http_code}",
        f"https://{place}{target}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout.endswith("2 404"), done.stdout
    assert _shows_nothing((404, done.stdout))


@pytest.mark.parametrize("target", [INTERNAL, "/internal/tls-allowed/../readyz", "/", "/mail/config-v1.1.xml"])
def test_what_caddy_asks(site: Site, target: str) -> None:
    """Where Caddy asks, only its question is answered, even to this machine."""
    with socket.create_connection(("127.0.0.1", site.ask), PATIENCE) as connection:
        host = f"127.0.0.1:{site.ask}"
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        status, text = answer_of(connection)

    assert status == 404
    assert _shows_nothing((status, text))
