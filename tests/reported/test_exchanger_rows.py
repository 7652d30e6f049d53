"""Requests to a customer's own mail host: the numbers are those of the reports."""

from __future__ import annotations

import pytest

from tests.clients.readers.wire import Answer
from tests.reported.asked import AUTODISCOVER, DOCUMENT, PLANS, PUBLIC, ROWS, SETTINGS, hosts, posted
from tests.reported.served import Served, serving

MX = "https://autoconfig.mail.customer.example"


@pytest.mark.parametrize(
    "url",
    [
        f"{MX}{DOCUMENT}",
        f"{MX}/.well-known/mail-v1.xml",
        f"http://autoconfig.mail.customer.example{DOCUMENT}",
        f"https://AUTOCONFIG.mail.customer.example{DOCUMENT}",
    ],
    ids=["https", "GNOME", "http", "another spelling"],
)
def test_3_exchanger(served: Served, url: str) -> None:
    """A customer's mail host answers for an address of another domain: its hosts, and user names of the address."""
    answer = served.get(f"{url}?emailaddress=user@brand2.example")
    text = answer.body.decode()

    assert (answer.status, hosts(answer)) == (200, {"mx.mail.customer.example"})
    assert '<emailProvider id="brand2.example">' in text
    assert "<domain>brand2.example</domain>" in text
    assert text.count("<username>user@brand2.example</username>") == 2
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (f"{MX}{DOCUMENT}?emailaddress=user@ended.example", 404),
        (f"https://mail.customer.example{DOCUMENT}?emailaddress=user@brand2.example", 404),
        (f"https://autodiscover.mail.customer.example{DOCUMENT}?emailaddress=user@brand2.example", 404),
        (f"https://autoconfig.x.mail.customer.example{DOCUMENT}?emailaddress=user@brand2.example", 404),
        (f"https://autoconfig.plain.customer.example{DOCUMENT}?emailaddress=user@brand2.example", 404),
        (f"{PUBLIC}{DOCUMENT}?emailaddress=user@brand2.example", 404),
        (f"{PUBLIC}/v1.1/mail.customer.example?emailaddress=user@brand2.example", 404),
        (f"{MX}/v1.1/mail.customer.example?emailaddress=user@brand2.example", 404),
        (f"{MX}/email.mobileconfig?email=user@brand2.example", 404),
        (f"{MX}/setup?email=user@brand2.example", 404),
        (f"{MX}{AUTODISCOVER}?email=user@brand2.example", 404),
        (f"{MX}{DOCUMENT}", 200),
        (f"{MX}{DOCUMENT}?emailaddress=user@own.example", 200),
    ],
    ids=[
        "ended",
        "not autoconfig",
        "autodiscover",
        "below it",
        "does not say so",
        "public_url",
        "by path, public_url",
        "by path",
        "profile",
        "page",
        "Autodiscover",
        "its own document",
        "has a row",
    ],
)
def test_3_nothing_else(served: Served, url: str, status: int) -> None:
    """It answers nothing else, under no other name, and for no domain that something else speaks for."""
    if "ended" in url:
        served.run("mapping", "set", "ended.example", "--plan", "standard")
        served.run("mapping", "end", "ended.example")
    answer = served.get(url)

    assert answer.status == status
    assert ("mx.mail.customer.example" in answer.body.decode()) == url.endswith(f"{MX}{DOCUMENT}")
    assert posted(served, f"{MX}{AUTODISCOVER}", "user@brand2.example").status == 404


def test_3_order(redirecting: Served, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A host rule comes before it, the default plan after it; plain http is never sent away from it."""
    url = f"autoconfig.mail.customer.example{DOCUMENT}?emailaddress=user@brand2.example"
    plans = (
        PLANS
        + r"""[[host]]
match = "mail\\.customer\\.example"
plan = "university"
"""
    )
    folder = tmp_path_factory.mktemp("order")
    with serving(folder / "rule", plans, ROWS, SETTINGS) as server:
        assert hosts(server.get(f"https://{url}")) == {"mail.uni.example"}
    with serving(folder / "default", PLANS, ROWS, {**SETTINGS, "default_plan": "standard"}) as server:
        assert hosts(server.get(f"https://{url}")) == {"mx.mail.customer.example"}
    assert hosts(redirecting.get(f"http://{url}")) == {"mx.mail.customer.example"}


def test_3_explained(served: Served) -> None:
    """`show` says that it is a mail exchanger's row, and `mapping set` writes one."""
    asked = ("show", "user@brand2.example", "--host", "autoconfig.mail.customer.example")
    said = served.json(*asked)
    row = served.json("mapping", "set", "x.own.example", "--plan", "standard", "--exchanger")["after"]

    assert (said["how"], said["row_of"], said["elsewhere"]) == ("exchanger row", "mail.customer.example", None)
    assert "of mail.customer.example" in served.run(*asked)
    assert hosts(Answer("", 200, {}, served.run(*asked, "--format", "mozilla").encode())) == {
        "mx.mail.customer.example"
    }
    served.run(*asked, "--format", "microsoft", code=1)
    assert row["params"] == {"exchanger": "yes"}
