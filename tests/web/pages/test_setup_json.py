"""/setup.json says what the page says, for the same addresses and with the same statuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from lxml import etree, html

from autoconfig.explain.account_json import servers_json, services_json
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.web.brands import Brands
from autoconfig.web.executor import BoundedExecutor
from tests.support.demo import DOMAINS
from tests.web.conftest import PLANS, Down
from tests.web.pages.conftest import MOVED, RICH, URL, page_for, words

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.support.log_lines import LogLines
    from tests.web.conftest import OpenSite, Site

PORTAL = "https://my.provider.example"


def data_for(site: Site, typed: str, path: str = "/setup.json", **query: str) -> httpx.Response:
    """The JSON for what somebody typed."""
    return page_for(site, typed, path, **query)


def reduced(text: str) -> str:
    """A text without what layouts and lines change in it."""
    return "".join(text.replace("\N{WORD JOINER}", "").split())


@pytest.mark.parametrize("domain", DOMAINS)
def test_same_values(site: Site, domain: str) -> None:
    """The servers are those of `show --json` and of Mozilla's document, for an address and for the domain alone."""
    address = EmailAddress.parse(f"taro@{domain}")
    resolution = site.runner.run(site.services.resolve({}, Domain.parse(domain), None))
    document = etree.fromstring(site.fetch(f"{URL}/mail/config-v1.1.xml?emailaddress={address}").content)
    read = [
        (
            server.get("type"),
            server.findtext("hostname"),
            server.findtext("port"),
            [login.text for login in server.iter("authentication")],
            server.findtext("username", "").replace("%EMAILADDRESS%", str(address)).replace("%EMAILLOCALPART%", "taro"),
        )
        for server in document.iter("incomingServer", "outgoingServer")
    ]

    found: Any = data_for(site, str(address)).json()
    assert (found["address"], found["domain"]) == (str(address), domain)
    assert found["servers"] == servers_json(resolution.bound.account(resolution.domain, address))
    assert read == [
        (server["protocol"], server["host"], str(server["port"]), server["login"], server["username"])
        for server in found["servers"]
    ]
    of_domain = data_for(site, domain).json()
    assert (of_domain["address"], of_domain["profiles"]) == (None, [])
    assert of_domain["servers"] == servers_json(resolution.bound.account(resolution.domain, None))


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_nothing_but_the_page(site: Site, domain: str, language: str) -> None:
    """Each text stands on the page, and each link leads there; no other customer is named."""
    found: Any = data_for(site, f"taro@{domain}", lang=language).json()
    answer = page_for(site, f"taro@{domain}", lang=language)
    text = reduced(words(answer))
    said = [
        found["name"],
        *(entry[part][language] for entry in found["texts"] for part in ("title", "text") if entry[part]),
    ]

    assert [line for entry in said for line in entry.splitlines() if reduced(line) not in text] == []
    assert found["page"] == f"{URL}/setup?email=taro%40{domain}&lang={language}"
    assert [program["url"] for program in found["programs"]] == [
        f"{found['page']}&program={program['program']}" for program in found["programs"]
    ]
    others = {other for other in DOMAINS if other not in {domain, "vps-customer.example"}}
    assert not any(other in json.dumps(found) for other in others)


def test_profiles(site: Site) -> None:
    """The profiles' links work, and keep the sender's name and the language."""
    found: Any = data_for(site, "taro@sample.co.jp", name="Taro Yamada").json()["profiles"]

    assert [(profile["protocol"], profile["signed"]) for profile in found] == [("imap", False), ("pop3", False)]
    for profile in found:
        answer = site.fetch(profile["url"])

        assert answer.status_code == 200
        assert b"<string>Taro Yamada</string>" in answer.content
        assert f"EmailType{profile['protocol'].upper().removesuffix('3')}".encode() in answer.content


def test_program(site: Site) -> None:
    """A program's entry is what its page says, with the verdict as a word for programs."""
    found: Any = data_for(site, "taro@old-shop.example").json()
    outlook = next(program for program in found["programs"] if program["program"] == "outlook")

    assert outlook["verdict"] == "no-user-name"
    assert (outlook["source"], outlook["instead"], outlook["device"]) == ("none", ["thunderbird"], "outlook")
    assert outlook["text"]["en"] in words(page_for(site, "taro@old-shop.example", program="outlook"))
    assert [entry["id"] for entry in found["texts"]][:2] == ["unencrypted", "starttls"]


def test_more(open_site: OpenSite) -> None:
    """Services, webmail, manuals, notes and the provider's own words are there as on the page."""
    site = open_site(
        plans=PLANS + RICH,
        provider_name={"ja": "例社", "en": "Rei"},
        password_help="In our letter.",
        support_url="https://www.provider.example/help",
        support_phone="0123-456-789",
    )
    site.finder.add("rich.example", "rich")
    resolution = site.runner.run(site.services.resolve({}, Domain.parse("rich.example"), None))
    account = resolution.bound.account(resolution.domain, EmailAddress.parse("taro@rich.example"))
    found: Any = data_for(site, "taro@rich.example").json()

    assert found["services"] == services_json(account) != []
    assert found["webmail"] == account.webmail
    assert [entry["url"] for entry in found["documentation"]] == [entry.url for entry in account.documentation]
    assert found["texts"][-1]["id"] == "note"
    assert found["provider"] == {
        "name": {"ja": "例社", "en": "Rei"},
        "support_url": "https://www.provider.example/help",
        "support_phone": "0123-456-789",
        "password_help": {"ja": "In our letter.", "en": "In our letter."},
        "password_reset_url": None,
    }


PROBLEMS = {
    "no address": ("", 400, "unreadable"),
    "no mail address": ("x", 400, "unreadable"),
    "unknown": ("a@stranger.example", 404, "unknown"),
    "ended": ("a@ended.example", 404, "unknown"),
    "another service": ("a@gmail.com", 404, "elsewhere"),
    "moved": ("a@moved.example", 404, "moved"),
    "broken": ("a@broken.example", 503, "later"),
}


@pytest.mark.parametrize(("typed", "status", "code"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems(open_site: OpenSite, typed: str, status: int, code: str) -> None:
    """Where the page has no settings, the JSON has its title in both languages, with the page's status."""
    site = open_site(plans=PLANS + MOVED)
    site.finder.add("moved.example", "url")
    site.finder.add("broken.example", "no-such-plan")
    site.finder.add("ended.example", None)
    answer, page = data_for(site, typed), page_for(site, typed)
    found = answer.json()["error"]

    assert (answer.status_code, found["code"]) == (status, code)
    assert answer.headers.get("retry-after") == page.headers.get("retry-after")
    if typed:
        assert page.status_code == status
        for language in ("ja", "en"):
            text = words(page_for(site, typed, lang=language)).replace("\N{WORD JOINER}", "")
            assert found[language] in text
    assert ("moved_to" in found) is (code == "moved")


def test_unavailable(open_site: OpenSite) -> None:
    """Without the mapping it is a 503 that says when to try again, as the page."""
    answer = data_for(open_site(Down()), "taro@sample.co.jp")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert answer.json()["error"]["code"] == "later"


def test_host_rules(site: Site) -> None:
    """A host answers for its customer, and a path below /for/HOST for that host, with links that lead back there."""
    own = site.fetch("https://autoconfig.sample.co.jp/setup.json").json()
    ruled = data_for(site, "a@unlisted.example", "/for/cs312.xbit.jp/setup.json").json()

    assert (own["domain"], own["address"]) == ("sample.co.jp", None)
    assert ruled["servers"][0]["host"] == "cs312.xbit.jp"
    assert ruled["page"] == f"{URL}/for/cs312.xbit.jp/setup?email=a%40unlisted.example&lang=en"
    assert {urlsplit(profile["url"]).path for profile in ruled["profiles"]} == {"/for/cs312.xbit.jp/email.mobileconfig"}
    assert site.fetch(f"{URL}/setup.json").status_code == 400


def test_headers(site: Site) -> None:
    """No cache keeps it, no search engine lists it, and no other site reads it."""
    answer = data_for(site, "taro@sample.co.jp")
    other = site.fetch(f"{URL}/setup.json?email=x", headers=[(b"origin", PORTAL.encode())])

    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not any(name.startswith("access-control") for name in [*answer.headers, *other.headers])
    assert site.fetch(f"{URL}/setup.json", method="OPTIONS").status_code == 405
    assert site.fetch(f"{URL}/setup.json", method="POST").status_code == 405


ORIGINS = {
    "the portal": (PORTAL, True),
    "another site": ("https://evil.example", False),
    "with another scheme": ("http://my.provider.example", False),
    "with another port": (f"{PORTAL}:8443", False),
    "a longer name": (f"{PORTAL}.evil.example", False),
    "a file": ("null", False),
    "none": ("", False),
}


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS.values(), ids=ORIGINS)
def test_portal(open_site: OpenSite, origin: str, allowed: bool) -> None:
    """Scripts of the sites in `portal_origins` may read it, also its errors; caches know that it depends on them."""
    site = open_site(portal_origins=[PORTAL])
    headers = [(b"origin", origin.encode())]
    for query, status in (("?email=taro@sample.co.jp", 200), ("?email=a@stranger.example", 404)):
        answer = site.fetch(f"{URL}/setup.json{query}", headers=headers)

        assert answer.status_code == status
        assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers

    asked = [*headers, (b"access-control-request-method", b"GET")]
    preflight = site.fetch(f"{URL}/setup.json", method="OPTIONS", headers=asked)
    assert preflight.status_code == (204 if allowed else 405)
    assert preflight.headers.get("access-control-allow-origin") == (origin if allowed else None)
    assert ("access-control-allow-methods" in preflight.headers) is allowed
    assert "access-control-allow-origin" not in site.fetch(f"{URL}/setup?email=x", headers=headers).headers


def test_too_many(open_site: OpenSite) -> None:
    """While too many pages are being made, the portal can read that it is to try again."""
    site = open_site(portal_origins=[PORTAL])
    site.services.page_executor = BoundedExecutor("pages", 0)
    answer = site.fetch(f"{URL}/setup.json?email=taro@sample.co.jp", headers=[(b"origin", PORTAL.encode())])

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "later")
    assert answer.headers["access-control-allow-origin"] == PORTAL


def test_broken_template(open_site: OpenSite, tmp_path: Path, log_lines: LogLines) -> None:
    """A template that breaks while the server runs makes an error that can be read, and one line in the log."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "titles.html").write_text("{% macro title( %}", "utf-8")
    site = open_site()
    site.services.brands = Brands(site.services.settings.model_copy(update={"templates_dir": tmp_path}))
    log_lines()
    answers = [data_for(site, "taro@sample.co.jp") for _ in range(2)]
    (line,) = log_lines()

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(500, "broken")] * 2
    assert answers[0].json()["error"]["en"] == "This page cannot be shown at the moment"
    assert line["problem"].startswith("parts/titles.html, line 1: ")


def test_counted(open_site: OpenSite) -> None:
    """It counts as a page."""
    site = open_site()
    data_for(site, "taro@sample.co.jp")

    assert site.services.counters.named()["requests page served"] == 1


def test_framing(open_site: OpenSite) -> None:
    """The page may be framed by the sites in `frame_ancestors`, and by no other."""
    alone, framed = open_site(), open_site(frame_ancestors=[PORTAL, "https://b.example:8443"])
    policies = [page_for(site, "taro@sample.co.jp").headers["content-security-policy"] for site in (alone, framed)]

    assert [policy.rpartition("; ")[2] for policy in policies] == [
        "frame-ancestors 'none'",
        f"frame-ancestors {PORTAL} https://b.example:8443",
    ]
    assert policies[0].rpartition("; ")[0] == policies[1].rpartition("; ")[0]
    assert "x-frame-options" not in page_for(framed, "taro@sample.co.jp").headers
    assert html.document_fromstring(page_for(framed, "").text) is not None
