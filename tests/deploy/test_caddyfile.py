from __future__ import annotations

import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.deploy.site import AUTODISCOVER, CADDYFILE, DOCUMENT, REQUEST, Site

if TYPE_CHECKING:
    from collections.abc import Callable


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
