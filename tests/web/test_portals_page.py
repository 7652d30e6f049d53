"""docs/portals.md: its examples are run, and its JSON is what the server says."""

from __future__ import annotations

import email
import json
import os
import subprocess
import sys
import tomllib
from email import policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html

from autoconfig.settings import load
from autoconfig.web.pages.verdict import Verdict
from tests.support.demo import DOMAINS
from tests.web.conftest import PLANS

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tests.web.conftest import OpenSite, Site

PAGE = Path(__file__).parents[2] / "docs" / "portals.md"
TEXT = PAGE.read_text(encoding="utf-8")
URL = "https://autoconfig.provider.example"
ADDRESS = "taro@hanako-flowers.example"


def blocks(language: str) -> list[str]:
    """The fenced blocks in one language."""
    return [part.partition("```")[0] for part in TEXT.split(f"```{language}\n")[1:]]


def test_json(open_site: OpenSite) -> None:
    """The two examples are what the server says, the first with one text and one program."""
    site = open_site(public_url=URL)
    found: Any = site.fetch(f"{URL}/setup.json?email={ADDRESS}").json()
    keys = {program: list(entry) for program, entry in ((e["program"], e) for e in found["programs"])}
    found["texts"], found["programs"] = found["texts"][:1], found["programs"][:1]
    written = json.dumps(found, ensure_ascii=False, indent=2)
    error = site.fetch(f"{URL}/setup.json?email=taro@unknown.example").text
    if os.environ.get("REWRITE"):
        PAGE.write_text(TEXT.replace(f"```json\n{blocks('json')[0]}", f"```json\n{written}\n", 1), encoding="utf-8")

    assert blocks("json") == [f"{written}\n", f"{error}\n"]
    for name in [*found, *keys["iphone"]]:
        assert f"`{name}`" in TEXT, name
    for verdict in Verdict:
        assert f"`{verdict.replace(' ', '-')}`" in TEXT


class Passing(BaseHTTPRequestHandler):
    """Passes a request to a site without sockets."""

    site: Site

    def do_GET(self) -> None:
        """Pass it on."""
        answer = self.site.fetch(f"{URL}{self.path}")
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def run(site: Site, address: str) -> tuple[int, bytes, str]:
    """Run the program of the page: its exit code, output and error."""
    handler = type("Handler", (Passing,), {"site": site})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        server.timeout = 60
        place = f"http://127.0.0.1:{server.server_address[1]}"
        command = [sys.executable, "-c", blocks("python")[0], place, address]
        environment = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
            server.handle_request()
            output, error = process.communicate(timeout=60)
    return process.returncode, output, error.decode()


@pytest.mark.parametrize("domain", [DOMAINS[1], "old-shop.example"])
def test_welcome_mail(site: Site, domain: str) -> None:
    """The program writes a mail with the customer's values, the link and the limits of programs, and no other."""
    code, output, error = run(site, f"taro@{domain}")
    mail: EmailMessage = email.message_from_bytes(output, policy=policy.default)
    text = mail.get_content()
    found: Any = site.fetch(f"{URL}/setup.json?lang=ja&email=taro@{domain}").json()

    assert (code, error) == (0, "")
    assert mail["to"] == f"taro@{domain}"
    assert found["page"] in text
    for server in found["servers"]:
        assert f"サーバー名： {server['host']}\n  ポート： {server['port']}\n" in text
        assert f"  ユーザー名： {server['username']}\n" in text
    for program in found["programs"]:
        assert (program["name"]["ja"] in text) is (
            program["verdict"] not in {"fits", "ended"} or program["program"] in _named_instead(found)
        )
    assert not any(other in text for other in DOMAINS if other != domain)


def _named_instead(found: Any) -> set[str]:
    return {
        name
        for program in found["programs"]
        if program["verdict"] not in {"fits", "ended"}
        for name in program["instead"]
    }


def test_welcome_mail_of_a_stranger(site: Site) -> None:
    """For a domain that is not ours it says so and fails."""
    code, output, error = run(site, "taro@unknown.example")

    assert (code, output) == (1, b"")
    assert error == "unknown.example のメール設定は見つかりませんでした\n"


def test_settings(tmp_path: Path, open_site: OpenSite) -> None:
    """The settings of the page are accepted, and do what it says of them."""
    (tmp_path / "second.svg").write_text('<svg viewBox="0 0 10 10"></svg>', encoding="utf-8")
    file = tmp_path / "autoconfig.toml"
    values: dict[str, Any] = {}
    for block in blocks("toml"):
        file.write_text(block, encoding="utf-8")
        load(file, {})
        values |= tomllib.loads(block)
    for brand in values["brand"][:1]:
        brand["provider_logo"] = tmp_path / brand["provider_logo"]
    plans = PLANS.replace("server = { required = true }, ", 'reseller = "main", server = { required = true }, ')
    site = open_site(plans=plans, **{**values, "public_url": URL})
    (frame,) = html.document_fromstring(blocks("html")[0]).iter("iframe")
    page = site.fetch(frame.get("src", ""))
    site.finder.add("third.example", "shared-standard", '{"reseller":"third","server":"cs1.xbit.jp"}')
    asked = (
        ("https://setup.second.example", "sample.co.jp", "Second Hosting"),
        (URL, "recommended.example", "Second Hosting"),
        (URL, "third.example", "Third"),
        (URL, "sample.co.jp", "Example Hosting"),
    )

    assert page.status_code == 200
    assert page.headers["content-security-policy"].endswith(f"frame-ancestors {values['frame_ancestors'][0]}")
    for start, domain, name in asked:
        provider = site.fetch(f"{start}/setup.json?email=a@{domain}").json()["provider"]

        assert (provider["name"]["en"], provider["support_phone"]) == (name, "03-1234-5678")
