from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from autoconfig.mail.domain import Domain
from autoconfig.plans import read_plans
from autoconfig.resolver import FixedPlans, Policy, Resolver
from autoconfig.web.cache_control import DocumentHeaders
from autoconfig.web.host_header import AskedHost
from tests.support.demo import demo_rows
from tests.web.conftest import PLANS

if TYPE_CHECKING:
    import httpx

    from tests.web.conftest import OpenSite, Site

PUBLIC = "public, max-age=3600, s-maxage=5"
PRIVATE = "private, no-store"
MOZILLA, MICROSOFT = "/mail/config-v1.1.xml", "/autodiscover/autodiscover.xml"


class SharedCache:
    """A proxy that obeys Cache-Control and, as badly configured ones do, ignores the query."""

    class _Kept(NamedTuple):
        answer: httpx.Response
        until: float

    def __init__(self, site: Site) -> None:
        self._site = site
        self._kept: dict[tuple[str, str, str], SharedCache._Kept] = {}
        self.hits = 0

    def fetch(self, url: str, now: float = 0) -> httpx.Response:
        """The answer that is kept, else a fresh one."""
        scheme, _, rest = url.partition("://")
        host, _, target = rest.partition("/")
        key = (scheme, host, target.partition("?")[0])
        kept = self._kept.get(key)
        if kept and now < kept.until:
            self.hits += 1
            return kept.answer
        answer = self._site.fetch(url)
        directives = answer.headers["cache-control"]
        if "private" not in directives and "no-store" not in directives:
            found = re.search(r"s-maxage=(\d+)", directives) or re.search(r"max-age=(\d+)", directives)
            if found:
                self._kept[key] = self._Kept(answer, now + int(found[1]))
        return answer


@pytest.mark.parametrize("path", [MOZILLA, f"/.well-known/autoconfig{MOZILLA}", MICROSOFT, "/v1.1/sample.co.jp"])
@pytest.mark.parametrize(
    ("host", "query", "expected"),
    [
        pytest.param("autoconfig.sample.co.jp", "", PUBLIC, id="its own"),
        pytest.param("sample.co.jp", "", PUBLIC, id="its own, bare"),
        pytest.param("autodiscover.sample.co.jp:443", "", PUBLIC, id="its own, with a port"),
        pytest.param("autoconfig.sample.co.jp", "?emailaddress=taro@sample.co.jp", PUBLIC, id="its own address"),
        pytest.param("autoconfig.sample.co.jp", "?emailaddress=nonsense", PUBLIC, id="no address"),
        pytest.param("autoconfig.sample.co.jp", "?emailaddress=a@yamada-law.example", PRIVATE, id="another's address"),
        pytest.param("autoconfig.xbit.jp", "?emailaddress=taro@sample.co.jp", PRIVATE, id="under our name"),
        pytest.param("AutoConfig.SAMPLE.co.jp", "", PUBLIC, id="its own, in capitals"),
        pytest.param("autoconfig.ｓample.co.jp", "", PRIVATE, id="in full-width letters"),
        pytest.param("autoconfig.sample.co.jp.", "", PRIVATE, id="with a trailing dot"),
    ],
)
def test_whose(site: Site, path: str, host: str, query: str, expected: str) -> None:
    """A document is public only if the domain answered for is the Host's own."""
    answer = site.fetch(f"https://{host}{path}{query}")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, expected)


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", PUBLIC), ("?emailaddress=taro@old-shop.example", PRIVATE)],
    ids=["for every mailbox", "for one"],
)
def test_names_the_mailbox(site: Site, query: str, expected: str) -> None:
    """A document that has the mailbox in it is nobody else's."""
    answer = site.fetch(f"https://autoconfig.old-shop.example{MOZILLA}{query}")

    assert (b"taro.old-shop.example" in answer.content) == bool(query)
    assert answer.headers["cache-control"] == expected


@pytest.mark.parametrize(
    ("path", "expected"), [("SAMPLE.co.jp", PUBLIC), ("ｓample.co.jp", PRIVATE), ("sample。co.jp", PRIVATE)]
)
def test_spelling_of_the_path(site: Site, path: str, expected: str) -> None:
    """A path that was mapped to the domain gets the document, and no cache keeps it under each spelling."""
    answer = site.fetch(f"https://autoconfig.sample.co.jp/v1.1/{path}")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, expected)


def test_by_path_under_another_host(site: Site) -> None:
    """By its path a domain is asked for under our name, which is not its own."""
    assert site.fetch("https://autoconfig.xbit.jp/v1.1/sample.co.jp").headers["cache-control"] == PRIVATE


def test_host_rule(site: Site) -> None:
    """Under a host of the provider's own, its settings are public; those of an address there are not."""
    url = f"https://autoconfig.cs312.xbit.jp{MOZILLA}"

    assert site.fetch(url).headers["cache-control"] == PUBLIC
    assert site.fetch(f"{url}?emailaddress=a@elsewhere.example").headers["cache-control"] == PRIVATE


@pytest.mark.parametrize(
    ("seconds", "least", "most"),
    [
        pytest.param(1800, 1700, 1800, id="half an hour"),
        pytest.param(86400, 3600, 3600, id="tomorrow"),
        pytest.param(20, 0, 20, id="in a moment"),
    ],
)
def test_until_the_next_row(open_site: OpenSite, seconds: int, least: int, most: int) -> None:
    """A client keeps a document no longer than until the name's next row takes effect, and never over an hour."""
    site = open_site()
    site.finder.add("sample.co.jp", "legacy-os", valid_from=int(time.time()) + seconds)
    found = re.fullmatch(r"public, max-age=(\d+), s-maxage=5", site.ask(MOZILLA).headers["cache-control"])

    assert found
    assert least <= int(found[1]) <= most


@pytest.mark.parametrize(
    ("now", "seconds"),
    [(10_000 - 3601, 3600), (10_000 - 3600, 3600), (10_000 - 3599, 3599), (9_999, 1), (9_999.5, 0), (10_001, 0)],
    ids=["over an hour", "an hour", "under an hour", "a second", "half a second", "since then"],
)
def test_whole_seconds(now: float, seconds: int) -> None:
    """They are whole ones and never too many, also where the row's time came while it was answered."""
    finder, domain = demo_rows(), Domain("sample.co.jp")
    finder.add(domain.name, "legacy-os", valid_from=10_000)
    resolver = Resolver(finder, FixedPlans(read_plans(PLANS.encode())), Policy())
    found = asyncio.run(resolver.resolve(domain, None, min(now, 9_999)))
    headers = DocumentHeaders("text/xml").of(found, AskedHost("autoconfig", domain), now, names_mailbox=False)

    assert (b"cache-control", b"public, max-age=%d, s-maxage=5" % seconds) == headers[-1]


def test_until_ours_begins(open_site: OpenSite) -> None:
    """A host rule's answer is kept no longer than until the name gets a row of its own."""
    site = open_site()
    site.finder.add("cs312.xbit.jp", "legacy-os", valid_from=int(time.time()) + 1000)

    assert "max-age=3600" not in site.ask(MOZILLA, "autoconfig.cs312.xbit.jp").headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        pytest.param(MOZILLA, "autoconfig.stranger.example", 404, id="unknown"),
        pytest.param("/no-such-path", "autoconfig.sample.co.jp", 404, id="no such path"),
        pytest.param("/internal/healthz", "autoconfig.sample.co.jp", 404, id="not for everybody"),
        pytest.param("/email.mobileconfig", "autoconfig.sample.co.jp", 400, id="no address"),
        pytest.param("/setup", "autoconfig.sample.co.jp", 405, id="method"),
    ],
)
def test_errors(site: Site, path: str, host: str, status: int) -> None:
    """Nobody keeps an error."""
    answer = site.ask(path, host, method="DELETE" if status == 405 else "GET")

    assert (answer.status_code, answer.headers["cache-control"]) == (status, PRIVATE)


@pytest.mark.parametrize(
    ("attack", "victim"),
    [
        pytest.param(
            "autoconfig.yamada-law.example/mail/config-v1.1.xml?emailaddress=x@hanako-flowers.example",
            "autoconfig.yamada-law.example/mail/config-v1.1.xml",
            id="mozilla",
        ),
        pytest.param(
            "yamada-law.example/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=x@hanako-flowers.example",
            "yamada-law.example/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=taro@yamada-law.example",
            id="mozilla, well-known",
        ),
        pytest.param(
            "autodiscover.yamada-law.example/autodiscover/autodiscover.xml?emailaddress=x@hanako-flowers.example",
            "autodiscover.yamada-law.example/autodiscover/autodiscover.xml",
            id="microsoft",
        ),
        pytest.param(
            "autoconfig.hanako-flowers.example/v1.1/yamada-law.example?emailaddress=x@hanako-flowers.example",
            "autoconfig.hanako-flowers.example/v1.1/yamada-law.example",
            id="by path",
        ),
    ],
)
def test_poisoning(site: Site, attack: str, victim: str) -> None:
    """A customer cannot put own hosts into a shared cache under another customer's name."""
    cache = SharedCache(site)
    poison = cache.fetch(f"https://{attack}")
    answer = cache.fetch(f"https://{victim}")

    assert b"cs312.xbit.jp" in poison.content
    assert b"pop.yamada-law.example" in answer.content
    assert b"cs312" not in answer.content


def test_shared_cache(site: Site) -> None:
    """What is public is kept by the cache of these tests, for five seconds."""
    cache = SharedCache(site)
    url = f"https://autoconfig.yamada-law.example{MOZILLA}"
    answers = [cache.fetch(url, now) for now in (0, 4, 6)]

    assert cache.hits == 1
    assert len({answer.content for answer in answers}) == 1
