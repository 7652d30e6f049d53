"""Requests that were answered wrongly: the numbers are those of the reports."""

from __future__ import annotations

import contextlib
import html
import json
import re
import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.clients.readers.wire import Request
from tests.reported.asked import AUTODISCOVER, DOCUMENT, PLANS, PUBLIC, ROWS, RULE, SETTINGS, posted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reported.served import Served

__all__ = ["PLANS", "ROWS", "SETTINGS"]  # what `served` serves


@pytest.mark.parametrize("host", ["chem.uni.example", "uni.example"])
def test_1_pointers_lead_to_the_same_answer(served: Served, host: str) -> None:
    """Outlook gets the same settings from the URL in Autodiscover JSON, and from that of the redirect by http."""
    address = f"user@{host}"
    directly = posted(served, f"https://autodiscover.{host}{AUTODISCOVER}", address)
    asked = served.get(
        f"https://autodiscover.{host}/autodiscover/autodiscover.json?Email={address}&Protocol=Autodiscoverv1"
    )
    redirected = served.get(f"http://autodiscover.{host}{AUTODISCOVER}")
    urls = [json.loads(asked.body)["Url"], redirected.headers["location"]]

    assert (directly.status, b"<Server>mail.uni.example</Server>" in directly.body) == (200, True)
    assert [posted(served, url, address).body for url in urls] == [directly.body] * 2
    assert all(url.startswith(PUBLIC) for url in urls)
    assert served.get(urls[1]).body == served.get(f"https://autodiscover.{host}{AUTODISCOVER}").body


def test_1_another_domain_under_the_host(served: Served) -> None:
    """The host goes along for an address of another domain, too, for it is the host that decided."""
    host, address = "autodiscover.chem.uni.example", "user@guest.example"
    directly = posted(served, f"https://{host}{AUTODISCOVER}", address)
    asked = served.get(f"https://{host}/autodiscover/autodiscover.json/v1.0/{address}?Protocol=AutodiscoverV1")

    assert b"<LoginName>user@guest.example</LoginName>" in directly.body
    assert posted(served, json.loads(asked.body)["Url"], address).body == directly.body


def test_1_page(served: Served) -> None:
    """The code on the page leads to the same page, whose links and profile keep the host."""
    said = served.json("show", "user@chem.uni.example", "--host", "autoconfig.chem.uni.example")
    base = said["elsewhere"].removesuffix(AUTODISCOVER)
    phone = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/604.1"}
    page = served.get(f"{base}/setup?email=user@chem.uni.example", phone).body.decode()
    links = [html.unescape(link) for link in re.findall(r'(?:href|action)="(/[^"?]*(?:\?[^"]*)?)"', page)]
    kept = [link for link in links if "setup" in link or "mobileconfig" in link]
    profile = next(link for link in kept if "mobileconfig" in link)

    assert base == f"{PUBLIC}/for/chem.uni.example"
    assert "mail.uni.example" in page
    assert len(kept) > 2
    assert all(link.startswith("/for/chem.uni.example/") for link in kept)
    assert (
        served.get(PUBLIC + profile).body
        == served.get(
            "https://autoconfig.chem.uni.example/email.mobileconfig?email=user%40chem.uni.example&lang=en"
        ).body
    )


def test_1_explained(served: Served) -> None:
    """`show` names the host that decided, and where a client is sent; a row needs no host."""
    under = served.run("show", "user@guest.example", "--host", "autodiscover.chem.uni.example")
    row = served.json("show", "user@customer.example")

    assert f"the host rule {RULE}, under the host chem.uni.example" in under
    assert f"{PUBLIC}/for/chem.uni.example{AUTODISCOVER}" in under
    assert row["elsewhere"] == f"{PUBLIC}{AUTODISCOVER}"
    assert "no host rule" in served.run("show", "user@guest.example", code=1)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (DOCUMENT, {"X-Forwarded-For": "203.0.113.9, 127.0.0.1", "X-Forwarded-Proto": "https, http"}),
        ("/v1.1/customer.example", {"X-Forwarded-Proto": "http"}),
        ("/v1.1/customer.example", {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https, http"}),
        ("/v1.1/customer.example?emailaddress=user@customer.example", {"X-Forwarded-Proto": "http"}),
        ("/v1.1/chem.uni.example", {"X-Forwarded-Proto": "http"}),
        (f"{AUTODISCOVER}?email=user@customer.example", {"X-Forwarded-Proto": "http"}),
        (f"{AUTODISCOVER.upper()}?email=user@customer.example", {"X-Forwarded-Proto": "http"}),
        (f"/for/customer.example{AUTODISCOVER}", {"X-Forwarded-Proto": "http"}),
    ],
    ids=["two proxies", "by path", "no pairs", "an address", "by rule", "Autodiscover", "upper case", "with a host"],
)
def test_1_no_redirect_to_the_url_that_was_asked(redirecting: Served, path: str, headers: dict[str, str]) -> None:
    """Where a redirect would lead to itself, the document is served."""
    query = "" if "?" in path or path.startswith(("/v1.1", "/for")) else "?emailaddress=user@customer.example"
    answer = redirecting.get(f"http://autodiscover.provider.example{path}{query}", headers)

    assert (answer.status, b"mail." in answer.body) == (200, True)


def test_1_plan_that_redirects_to_itself(served: Served) -> None:
    """A plan's `redirect_url` that is the URL asked is not given out; from elsewhere it leads here, once."""
    elsewhere = posted(served, f"https://autodiscover.circle.example{AUTODISCOVER}", "user@circle.example")

    assert f"<RedirectUrl>{PUBLIC}{AUTODISCOVER}</RedirectUrl>" in elsewhere.body.decode()
    assert posted(served, f"{PUBLIC}{AUTODISCOVER}", "user@circle.example").status == 404
    assert served.get(f"{PUBLIC}{AUTODISCOVER}?email=user@circle.example").status == 404


@pytest.mark.parametrize("address", ["user@customer.example", "user@chem.uni.example", "user@guest.example"])
def test_1_redirects_end(redirecting: Served, address: str) -> None:
    """By plain http a client is sent on once, and gets what it would have had by https."""
    host = "autodiscover.chem.uni.example"
    for path in (f"{DOCUMENT}?emailaddress={address}", f"{AUTODISCOVER}?email={address}"):
        first = redirecting.get(f"http://{host}{path}")
        expected = redirecting.get(f"https://{host}{path}")
        target = first.headers["location"]

        assert (first.status, target.startswith("https://autodiscover.provider.example/")) == (302, True)
        if DOCUMENT in path:
            assert redirecting.get(target).body == expected.body
            assert redirecting.get(target.replace("https", "http", 1)).body == expected.body
        else:
            there = f"https://{host}{AUTODISCOVER}"
            assert posted(redirecting, target, address).body == posted(redirecting, there, address).body


@pytest.mark.parametrize("path", ["/.well-known/mail-v1.xml", "/v1.1/mail/config-v1.1.xml"])
@pytest.mark.parametrize("query", ["", "?emailaddress=taro@customer.example", "?emailaddress=taro@suite.example"])
def test_2_spellings_of_the_document(served: Served, path: str, query: str) -> None:
    """Paths of older and of other clients lead to the same document, with the same headers."""
    expected = served.get(f"https://autoconfig.customer.example{DOCUMENT}{query}")
    answer = served.get(f"https://autoconfig.customer.example{path}{query}")

    assert expected.status == 200
    assert (answer.status, answer.body) == (expected.status, expected.body)
    assert {**answer.headers, "date": ""} == {**expected.headers, "date": ""}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PROPFIND", "OPTIONS"])
@pytest.mark.parametrize(
    ("service", "target"),
    [("caldav", "https://dav.suite.example/all/"), ("jmap", "https://jmap.suite.example/session")],
)
def test_2_well_known_services(served: Served, method: str, service: str, target: str) -> None:
    """Calendars and JMAP are found from the domain, where the plan has a URL for all mailboxes."""
    document = served.get(f"https://suite.example{DOCUMENT}")
    answer = served.send(Request(f"https://suite.example/.well-known/{service}", method))

    assert (answer.status, answer.headers["location"]) == (307, target)
    assert answer.headers["cache-control"] == document.headers["cache-control"]


@pytest.mark.parametrize(
    "url",
    [
        "https://suite.example/.well-known/carddav",
        "http://suite.example/.well-known/carddav",
        "https://SUITE.example:443/.well-known/carddav",
        "https://customer.example/.well-known/caldav",
        "https://stranger.example/.well-known/jmap",
        "https://suite.example/.well-known/activesync",
    ],
    ids=["the URL asked", "the URL asked, by http", "another spelling", "no calendar", "not ours", "not one of them"],
)
def test_2_nothing_to_lead_to(served: Served, url: str) -> None:
    """Without such a URL, and where it is the one that was asked, there is nothing."""
    answer = served.get(url)

    assert (answer.status, answer.headers["cache-control"]) == (404, "private, no-store")


def test_2_other_methods(served: Served) -> None:
    """Nobody posts there."""
    answer = served.send(Request("https://suite.example/.well-known/caldav", "POST"))

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, PROPFIND")


@pytest.mark.parametrize(
    "url",
    [
        f"https://autoconfig.provider.example{DOCUMENT}?emailaddress=info@müller.example",
        f"https://autoconfig.müller.example{DOCUMENT}?emailaddress=info@müller.example",
        "https://autoconfig.provider.example/v1.1/müller.example",
    ],
    ids=["query", "Host and query", "path"],
)
def test_5_raw_octets(served: Served, url: str) -> None:
    """FairEmail, Himalaya and Nextcloud send an address as it was typed."""
    answer = served.get(url)

    assert (answer.status, b"<domain>xn--mller-kva.example</domain>" in answer.body) == (200, True)
    assert served.get(url.replace("info@", "in box@").replace("/v1.1/", "/v1.1/ ")).status == 400


@pytest.mark.parametrize("host", ["autoconfig.local.example", "AUTOCONFIG.local.example"], ids=["at once", "endpoint"])
def test_12_local_part(served: Served, host: str) -> None:
    """A user name that is the local part is filled in where the address was sent, and nobody keeps that answer."""
    with_address = served.get(f"https://{host}{DOCUMENT}?emailaddress=taro@local.example")
    without = served.get(f"https://{host}{DOCUMENT}")

    assert with_address.body.count(b"<username>taro</username>") == 2
    assert with_address.headers["cache-control"] == "private, no-store"
    assert without.body.count(b"<username>%EMAILLOCALPART%</username>") == 2
    assert without.headers["cache-control"].startswith("public")


def test_11_the_true_reason(served: Served) -> None:
    """An ended domain is unknown because of its row, whatever a default plan would say."""
    served.run("mapping", "set", "ended.example", "--plan", "standard")
    served.run("mapping", "end", "ended.example")
    for settings in ({}, {"default_plan": "standard"}):
        said = served.json("show", "user@ended.example", code=1, **settings)
        assert re.fullmatch(r"row \d+ says that the domain is not ours", said["reason"])
    stranger = served.json("show", "stranger.example", code=1)

    assert stranger["reason"] == "no row holds now, no host rule matches, and there is no default plan"


def test_11_null_of_a_query(served: Served, tmp_path: Path) -> None:
    """A query that gives no plan for a domain is the reason, also where there is a default plan."""
    database = tmp_path / "billing.db"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE customers (domain TEXT, plan TEXT)")
        connection.execute("INSERT INTO customers VALUES ('gone.example', NULL)")
        connection.commit()
    settings = {
        "database": f"sqlite:///{database}",
        "query": "SELECT plan FROM customers WHERE domain = :domain",
        "default_plan": "standard",
    }
    said = served.run("show", "gone.example", code=1, **settings)

    assert "nothing: the query gives no plan for the domain" in said


@pytest.mark.parametrize(
    "typed",
    ["ｕｓｅｒ＠ｃｕｓｔｏｍｅｒ．ｅｘａｍｐｌｅ", "mailto:user@customer.example", "User <user@customer.example>"],
)
def test_11_typed_as_on_the_page(served: Served, typed: str) -> None:
    """`show` reads what people paste as the page does."""
    assert served.json("show", typed)["address"] == "user@customer.example"
