from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.formats import pacc
from autoconfig.mail.domain import Domain

if TYPE_CHECKING:
    from autoconfig.mapping.timeline import Finder
    from tests.web.conftest import OpenSite, Site

PATH = "/.well-known/user-agent-configuration.json"
NOT_FOUND = "No mail settings for this name here.\n"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("host", "cached"),
    [
        ("ua-auto-config.sample.co.jp", "public, max-age=300, s-maxage=5"),
        ("UA-Auto-Config.Sample.co.jp:443", "public, max-age=300, s-maxage=5"),
        ("ua-auto-config.sample.co.jp.", "private, no-store"),
    ],
    ids=["exact", "other case and a port", "final dot"],
)
def test_document(site: Site, host: str, cached: str, method: str) -> None:
    """Under its own name a domain has the document; caches keep it for minutes, if the Host is spelled exactly."""
    answer = site.ask(PATH, host, method=method)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == cached
    if method == "GET":
        assert answer.json()["protocols"].keys() == {"imap", "pop3", "smtp", "submit"}
        assert all(server == {"host": "sample.co.jp"} for server in answer.json()["protocols"].values())


@pytest.mark.parametrize(
    "query",
    [b"", b"emailaddress=taro@yamada-law.example", b"email=taro@sample.co.jp&lang=ja", b"x=%FF%"],
    ids=["none", "another's address", "an address", "nonsense"],
)
def test_query(site: Site, query: bytes) -> None:
    """Nothing of the query changes the bytes: their digest stands in the DNS."""
    bare, asked = (site.ask(PATH, "ua-auto-config.sample.co.jp", query=each) for each in (b"", query))

    assert (bare.content, bare.headers) == (asked.content, asked.headers)


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("sample.co.jp", id="the domain itself"),
        pytest.param("autoconfig.sample.co.jp", id="autoconfig"),
        pytest.param("autodiscover.sample.co.jp", id="autodiscover"),
        pytest.param("autoconfig.xbit.jp", id="our name"),
        pytest.param("ua-auto-config.stranger.example", id="a stranger"),
        pytest.param("ua-auto-config.ua-auto-config.sample.co.jp", id="twice"),
        pytest.param("ua-auto-config", id="the label alone"),
        pytest.param("ua-auto-config.", id="the label and a dot"),
        pytest.param("", id="empty"),
    ],
)
@pytest.mark.parametrize("query", [b"", b"emailaddress=taro@sample.co.jp"], ids=["bare", "with an address"])
def test_other_hosts(site: Site, host: str | None, query: bytes) -> None:
    """Under every other name there is nothing, whatever the query says."""
    answer = site.ask(PATH, host, query=query)

    assert (answer.status_code, answer.text) == (404, NOT_FOUND)
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("domain", "sentence"),
    [
        ("old-shop.example", "IMAP server is not on port 993"),
        ("hanako-flowers.example", "SMTP server is not on port 465"),
    ],
)
def test_inexpressible(site: Site, domain: str, sentence: str) -> None:
    """A plan that the format has no words for is not published, and a sentence says why."""
    answer = site.ask(PATH, f"ua-auto-config.{domain}")

    assert answer.status_code == 404
    assert sentence in answer.text
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("plain_http", ["serve", "redirect", "refuse"])
def test_never_a_redirect(open_site: OpenSite, plain_http: str) -> None:
    """Whatever is set for Mozilla's document, this one is never a redirect: readers take one for a failure."""
    site = open_site(plain_http=plain_http)
    statuses = [
        site.ask(PATH, "ua-auto-config.sample.co.jp", scheme=scheme).status_code for scheme in ("http", "https")
    ]

    assert statuses == [200, 200]


def test_host_rule(open_site: OpenSite) -> None:
    """A shared server's own name has a document if its plan needs no domain and can be said."""
    site = open_site(
        plans="""
        [plans.a]
        name = "A"
        params = { server = { required = true } }
        servers = [
          { protocol = "imap", host = "{server}", port = 993, tls = "ssl", \
             login = ["password-encrypted"], username = "{address}" },
          { protocol = "smtp", host = "{server}", port = 465, tls = "ssl", \
             login = ["password-encrypted"], username = "{address}" },
        ]
        [[host]]
        match = '(?P<server>cs\\d+\\.xbit\\.jp)'
        plan = "a"
        """
    )
    answer = site.ask(PATH, "ua-auto-config.cs7.xbit.jp")

    assert answer.json()["protocols"]["imap"] == {"host": "cs7.xbit.jp"}


def test_scheduled(open_site: OpenSite) -> None:
    """Before a scheduled change clients keep the document no longer than until it."""
    site = open_site()
    site.finder.add("sample.co.jp", "shared-managed", valid_from=int(time.time()) + 60)
    cache_control = site.ask(PATH, "ua-auto-config.sample.co.jp").headers["cache-control"]

    assert 0 <= int(cache_control.removeprefix("public, max-age=").partition(",")[0]) <= 60


def test_same_as_the_record(site: Site) -> None:
    """The digest for the DNS, of the document written directly, is of the bytes that are served."""
    answer = site.ask(PATH, "ua-auto-config.日本語.example")
    resolution = site.runner.run(site.services.resolve({}, Domain.parse("日本語.example"), None))
    document = pacc.document(resolution.bound.account(resolution.domain, None))

    assert pacc.txt_record(document) == pacc.txt_record(answer.content)


def test_down(open_site: OpenSite, down: Finder) -> None:
    """A mapping that cannot be asked is 503: clients come back."""
    answer = open_site(down).ask(PATH, "ua-auto-config.sample.co.jp")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
def test_methods(site: Site, method: str) -> None:
    """It is only read."""
    answer = site.ask(PATH, "ua-auto-config.sample.co.jp", method=method)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
