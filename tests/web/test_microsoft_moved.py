"""A domain whose mail has moved to another provider: Outlook and phones are sent there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.autodiscover import MOBILESYNC, PATH, body_of, post, texts

if TYPE_CHECKING:
    from tests.web.conftest import OpenSite, Site

MOVED = """
[plans.url]
name = "Moved"
redirect_url = "https://new.example/autodiscover/autodiscover.xml?a=b&c=d"
[plans.domain]
name = "Moved"
params = { to = { required = true } }
redirect_domain = "{to}"
"""


@pytest.fixture
def moved(open_site: OpenSite) -> Site:
    """A server with two domains that moved away."""
    site = open_site(plans=MOVED)
    site.finder.add("url.example", "url")
    site.finder.add("domain.example", "domain", '{"to":"new.example"}')
    return site


@pytest.mark.parametrize(
    ("domain", "method", "action", "texts_"),
    [
        pytest.param(
            "url.example",
            "POST",
            "redirectUrl",
            ["https://new.example/autodiscover/autodiscover.xml?a=b&c=d"],
            id="URL",
        ),
        pytest.param(
            "url.example",
            "GET",
            "redirectUrl",
            ["https://new.example/autodiscover/autodiscover.xml?a=b&c=d"],
            id="URL, GET",
        ),
        pytest.param("domain.example", "POST", "redirectAddr", ["a&b@new.example"], id="domain"),
    ],
)
def test_moved_away(moved: Site, domain: str, method: str, action: str, texts_: list[str]) -> None:
    """A domain that moved away is sent where it moved to: Outlook asks there with the same mailbox, and no server."""
    answer = moved.ask(PATH, domain, method=method, body=body_of(f"a&amp;b@{domain}").encode())

    assert answer.status_code == 200
    assert texts(answer, "Action") == [action]
    assert texts(answer, action[0].upper() + action[1:]) == texts_
    assert texts(answer, "Protocol") == []


def test_moved_away_is_private(moved: Site) -> None:
    """A redirect that names the mailbox is kept by nobody; one to a URL may be, under the domain's own name."""
    posted = post(moved, body_of("taro@url.example"), "url.example")
    got = moved.ask(PATH, "autodiscover.url.example")

    assert posted.headers["cache-control"] == "private, no-store"
    assert got.headers["cache-control"] == "public, max-age=3600, s-maxage=5"


@pytest.mark.parametrize("domain", ["url.example", "domain.example"])
@pytest.mark.parametrize(
    "url",
    [
        "https://autoconfig.D/mail/config-v1.1.xml?emailaddress=taro@D",
        "https://autoconfig.D/mail/config-v1.1.xml",
        "https://D/.well-known/autoconfig/mail/config-v1.1.xml",
        "https://autoconfig.xbit.jp/v1.1/D",
        "https://autoconfig.xbit.jp/email.mobileconfig?email=taro@D",
        "https://ua-auto-config.D/.well-known/user-agent-configuration.json",
    ],
)
def test_moved_away_elsewhere(moved: Site, domain: str, url: str) -> None:
    """The other formats cannot say that a domain moved: a short 404, and the client asks its next source."""
    answer = moved.fetch(url.replace("D", domain))

    assert answer.status_code == 404
    assert answer.text.startswith("this domain has moved to another provider")
    assert answer.headers["cache-control"] == "private, no-store"


def test_moved_away_without_address(moved: Site) -> None:
    """Who asks without an address cannot be sent to one of another domain."""
    answer = moved.ask(PATH, "autodiscover.domain.example")

    assert (answer.status_code, answer.text) == (404, "this domain has moved to another one; ask with an address.\n")


def test_activesync_of_a_moved_domain(moved: Site) -> None:
    """A phone of a domain that moved to another one goes on there; of one that moved to a URL it gets the 601."""
    domain, url = (post(moved, body_of(f"taro@{name}.example", MOBILESYNC)) for name in ("domain", "url"))

    assert texts(domain, "Redirect") == ["taro@new.example"]
    assert texts(url, "ErrorCode") == ["601"]
