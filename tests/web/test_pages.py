from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest
from lxml import etree, html

from autoconfig.errors import AddressInvalid
from autoconfig.web import pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from autoconfig.mapping.timeline import Finder
    from tests.web.conftest import LogLines, OpenSite, Site

URL = "https://autoconfig.xbit.jp"
TLS = {"SSL": "SSL/TLS", "STARTTLS": "STARTTLS", "plain": "None"}
LOGIN = {"password-cleartext": "Normal password", "password-encrypted": "Encrypted password"}


def page_for(site: Site, typed: str, path: str = "/setup") -> httpx.Response:
    """The page that a browser shows when somebody typed this."""
    return site.fetch(f"{URL}{path}?{urlencode({'email': typed})}")


def shown(answer: httpx.Response) -> list[list[str]]:
    """The values of each server on a page, after its heading."""
    page = html.document_fromstring(answer.text)
    return [
        [heading.text_content(), *(value.text_content() for value in values.iter("dd"))]
        for heading, values in zip(page.iter("h3"), page.iter("dl"), strict=True)
    ]


@pytest.mark.parametrize("path", ["/", "/setup"])
@pytest.mark.parametrize("query", ["", "?email=", "?email=+", "?email=%20%E3%80%80", "?other=x"])
def test_form(site: Site, path: str, query: str) -> None:
    """Without an address there is a form that asks for one, and nothing else."""
    answer = site.fetch(f"{URL}{path}{query}")
    page = html.document_fromstring(answer.text)
    (form,) = page.forms

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (form.action, form.method, form.fields["email"]) == ("/setup", "GET", "")
    assert [label.get("for") for label in page.iter("label")] == ["email"]
    assert shown(answer) == []


@pytest.mark.parametrize(
    "domain",
    [
        "sample.co.jp",
        "hanako-flowers.example",
        "yamada-law.example",
        "vps-customer.example",
        "second-brand.example",
        "old-shop.example",
        "recommended.example",
        "xn--wgv71a119e.example",
    ],
)
def test_values(site: Site, domain: str) -> None:
    """People read the values that machines read."""
    address = f"taro@{domain}"
    document = etree.fromstring(site.fetch(f"{URL}/mail/config-v1.1.xml?emailaddress={address}").content)
    expected = [
        [
            f"{'Incoming' if server.tag == 'incomingServer' else 'Outgoing'} mail: {server.get('type', '').upper()}",
            server.findtext("hostname"),
            server.findtext("port"),
            TLS[server.findtext("socketType", "")],
            LOGIN[server.findtext("authentication", "")],
            server.findtext("username", "").replace("%EMAILADDRESS%", address),
        ]
        for server in document.xpath("//incomingServer | //outgoingServer")
    ]
    answer = page_for(site, address)

    assert answer.status_code == 200
    assert len(expected) == 3
    assert shown(answer) == expected


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("taro@sample.co.jp", "taro@sample.co.jp"),
        ("  taro@sample.co.jp\t", "taro@sample.co.jp"),
        ("\u3000taro@sample.co.jp\u3000", "taro@sample.co.jp"),
        ("taro＠sample.co.jp", "taro@sample.co.jp"),
        ("taro＠ｓａｍｐｌｅ．ｃｏ．ｊｐ", "taro@sample.co.jp"),
        ("ｔａｒｏ＠sample.co.jp", "ｔａｒｏ@sample.co.jp"),
        ("mailto:taro@sample.co.jp", "taro@sample.co.jp"),
        ("MAILTO:taro@SAMPLE.co.jp", "taro@sample.co.jp"),
        ("ta+ro@sample.co.jp", "ta+ro@sample.co.jp"),
        ("太郎@sample.co.jp", "太郎@sample.co.jp"),
        ("taro@日本語.example", "taro@xn--wgv71a119e.example"),
        ("a..b.@sample.co.jp", "a..b.@sample.co.jp"),
        ("<b>&'@sample.co.jp", "<b>&'@sample.co.jp"),
    ],
)
def test_typed(site: Site, typed: str, address: str) -> None:
    """An address is read as people type and paste it, and the profile is for the same one."""
    answer = page_for(site, typed)
    page = html.document_fromstring(answer.text)
    (link,) = page.xpath("//a[@class='button']/@href")

    assert answer.status_code == 200
    assert page.forms[0].fields["email"] == address
    assert link == f"/email.mobileconfig?email={quote(address, safe='')}"
    assert site.fetch(f"{URL}{link}").status_code == 200


def test_plus(site: Site) -> None:
    """In a link written by hand a plus inside the address is a plus."""
    answer = site.fetch(f"{URL}/setup?x=+&email=ta+ro@sample.co.jp+&y=+")

    assert shown(answer)[0][-1] == "ta+ro@sample.co.jp"


@pytest.mark.parametrize(
    "typed", ["taro", "@", "taro@", "@sample.co.jp", "a b", "taro@@", "taro@sample co.jp", "\0@a.b"]
)
def test_no_address(site: Site, typed: str) -> None:
    """What is no address is shown again, with a sentence about it."""
    answer = page_for(site, typed)

    assert answer.status_code == 400
    assert "This is not a mail address." in answer.text
    assert shown(answer) == []


def test_unknown(site: Site) -> None:
    """A domain that is not ours has a page that says so."""
    answer = page_for(site, "taro@stranger.example")

    assert answer.status_code == 404
    assert "There are no mail settings for this domain here." in answer.text
    assert html.document_fromstring(answer.text).forms[0].fields["email"] == "taro@stranger.example"


def test_moved_away(open_site: OpenSite) -> None:
    """A domain that moved away has no settings here."""
    site = open_site(plans='[plans.moved]\nname = "Moved"\nredirect_domain = "new.example"\n')
    site.finder.add("moved.example", "moved")

    assert page_for(site, "taro@moved.example").status_code == 404


def test_unusable(open_site: OpenSite, log_lines: LogLines) -> None:
    """A row whose plan is missing is not shown to the customer, but to the operator."""
    site = open_site()
    site.finder.add("broken.example", "no-such-plan")
    answer = page_for(site, "taro@broken.example")
    (line,) = log_lines()

    assert (answer.status_code, "no-such-plan" in answer.text) == (503, False)
    assert "Please try again later." in answer.text
    assert (line["domain"], line["plan"], "taro" in str(line)) == ("broken.example", "no-such-plan", False)


def test_down(open_site: OpenSite, down: Finder, log_lines: LogLines) -> None:
    """While the mapping cannot be asked, people are told to come back."""
    answer = page_for(open_site(down), "taro@sample.co.jp")

    assert (answer.status_code, answer.headers["retry-after"], len(log_lines())) == (503, "10", 1)
    assert "mapping.db" not in answer.text


def test_host_rule(site: Site) -> None:
    """Under the name of a shared server an address that nobody mapped is shown that server."""
    answer = site.ask("/setup", "autoconfig.cs312.xbit.jp", query=b"email=taro@unmapped.example")

    assert {values[1] for values in shown(answer)} == {"cs312.xbit.jp"}


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>",
        '"><script>alert(1)</script>@sample.co.jp',
        "'\"><img src=x onerror=alert(1)>@stranger.example",
        "{{ 7 * 7 }}@sample.co.jp",
        "</title><script>@sample.co.jp",
        "javascript:alert(1)@sample.co.jp",
        "a&quot;b&lt;@sample.co.jp",
    ],
)
def test_hostile(site: Site, typed: str) -> None:
    """Whatever was typed is shown as it was typed, never run."""
    answer = site.fetch(f"{URL}/setup?email={quote(typed)}")
    page = html.document_fromstring(answer.text)

    assert answer.status_code in {200, 400, 404}
    assert page.forms[0].fields["email"] == typed
    assert not page.xpath("//script | //img | //@onerror")
    assert all(link.startswith(("/style.css", "/email.mobileconfig?")) for link in page.xpath("//@href"))


@pytest.mark.parametrize("typed", ["", "taro@sample.co.jp", "taro", "taro@stranger.example"])
def test_headers(site: Site, typed: str) -> None:
    """A page loads nothing but its style sheet, is in no frame, in no cache and in no search engine."""
    headers = page_for(site, typed).headers

    assert headers["cache-control"] == "private, no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-robots-tag"] == "noindex"
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


def test_style(site: Site) -> None:
    """The style sheet that the pages name is there, and has nothing of anybody in it."""
    page = html.document_fromstring(site.fetch(f"{URL}/").text)
    answer = site.fetch(f"{URL}{page.xpath('//link/@href')[0]}")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert answer.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("path", ["/", "/setup", "/style.css"])
def test_methods(site: Site, path: str) -> None:
    """HEAD is answered; another method is told which ones there are."""
    get, head, post = (site.request(method, f"{URL}{path}") for method in ("GET", "HEAD", "POST"))

    assert (head.status_code, head.headers) == (200, get.headers)
    assert (post.status_code, post.headers["allow"], post.text) == (405, "GET, HEAD", "Method not allowed.\n")
    assert post.headers["cache-control"] == "private, no-store"


@pytest.fixture
def edited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A template that an operator edits."""
    folder = tmp_path / "templates"
    folder.mkdir()
    monkeypatch.setattr(pages, "templates", lambda: folder)
    pages._environment.cache_clear()
    yield folder / "setup.html"
    pages._environment.cache_clear()


@pytest.mark.parametrize("text", ["{{ nobody_knows }}", "{% if %}", None], ids=["name", "syntax", "missing"])
def test_broken_template(open_site: OpenSite, log_lines: LogLines, edited: Path, text: str | None) -> None:
    """A template that an operator broke is a 500 that tells nothing, and a log line that tells all but the address."""
    if text is not None:
        edited.write_text(text, encoding="utf-8")
    answer = page_for(open_site(), "taro@sample.co.jp")
    (line,) = log_lines()

    assert (answer.status_code, answer.text) == (500, "Something went wrong here.\n")
    assert answer.headers["cache-control"] == "private, no-store"
    assert (line["event"], "taro" in str(line)) == ("a template cannot be rendered", False)


@pytest.mark.parametrize("text", ["", "taro", "taro＠", "mailto:", "mailto:@sample.co.jp"])
def test_read_typed(text: str) -> None:
    """What is no address with all allowances made is none."""
    with pytest.raises(AddressInvalid):
        pages.read_typed(text)
