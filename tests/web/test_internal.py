from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.memory import MemoryFinder

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.timeline import Finder, Row, Timeline
    from tests.web.conftest import OpenSite, Site

INSIDE, PROXY, STRANGER = ("127.0.0.1", 40000), ("127.0.0.1", 40000), ("203.0.113.9", 40000)
PATHS = ["/internal/healthz", "/internal/readyz", "/internal/tls-allowed"]


def allowed(site: Site, name: str, **rest: Any) -> httpx.Response:
    """Whether a name may have a certificate."""
    return site.ask("/internal/tls-allowed", "localhost", query=f"domain={name}".encode(), client=INSIDE, **rest)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"])
@pytest.mark.parametrize("path", [*PATHS, "/internal/", "/internal/no-such", "/internal"])
def test_strangers(site: Site, path: str, method: str) -> None:
    """For everybody else there is nothing there: not a byte differs from any other path, whatever the method."""
    query = "?domain=autoconfig.sample.co.jp"
    hidden, nothing = (site.request(method, f"https://sample.co.jp{asked}{query}") for asked in (path, "/no-such-path"))

    assert hidden.status_code == nothing.status_code == 404
    assert hidden.headers.raw == nothing.headers.raw
    assert hidden.content == nothing.content


@pytest.mark.parametrize(
    ("client", "forwarded", "status"),
    [
        pytest.param(INSIDE, None, 200, id="this machine"),
        pytest.param(("::1", 1), None, 200, id="this machine, IPv6"),
        pytest.param(("127.8.8.8", 1), None, 200, id="this machine, another address"),
        pytest.param(None, None, 200, id="the Unix socket"),
        pytest.param(STRANGER, None, 404, id="a stranger"),
        pytest.param(STRANGER, b"127.0.0.1", 404, id="a stranger who lies"),
        pytest.param(PROXY, b"203.0.113.9", 404, id="a stranger behind the proxy"),
        pytest.param(PROXY, b"127.0.0.1, 203.0.113.9", 404, id="a stranger behind the proxy who lies"),
        pytest.param(PROXY, b"garbage", 404, id="nobody knows who behind the proxy"),
        pytest.param(None, b"203.0.113.9", 404, id="a stranger behind the Unix socket"),
        pytest.param(PROXY, b"127.0.0.1", 200, id="this machine behind the proxy"),
        pytest.param(("10.0.0.5", 1), None, 404, id="a neighbour"),
    ],
)
@pytest.mark.parametrize("path", PATHS[:2])
def test_who(site: Site, path: str, client: tuple[str, int] | None, forwarded: bytes | None, status: int) -> None:
    """Only internal networks see it, judged after proxies have been heard."""
    headers = [(b"x-forwarded-for", forwarded)] if forwarded is not None else []

    assert site.ask(path, "localhost", client=client, headers=headers).status_code == status


def test_setting(open_site: OpenSite) -> None:
    """The setting says which networks are internal, and which proxies are believed."""
    site = open_site(internal_networks=["10.0.0.0/8"], trusted_proxies=["192.0.2.0/24"])

    assert site.ask("/internal/healthz", client=("10.0.0.5", 1)).status_code == 200
    assert site.ask("/internal/healthz", client=INSIDE).status_code == 404
    forwarded = [(b"x-forwarded-for", b"10.0.0.5")]
    assert site.ask("/internal/healthz", client=("192.0.2.7", 1), headers=forwarded).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_methods(site: Site, path: str) -> None:
    """Who sees it is told which methods there are, and may ask by HEAD."""
    answer = site.ask(path, client=INSIDE, method="POST")
    head = site.ask(path, client=INSIDE, method="HEAD", query=b"domain=autoconfig.sample.co.jp")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert (head.status_code, head.content) == (204 if path.endswith("tls-allowed") else 200, b"")


def test_healthz(open_site: OpenSite, down: Finder) -> None:
    """The process is alive as long as it answers, whatever the database does."""
    answer = open_site(down).ask("/internal/healthz", client=INSIDE)

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "private, no-store"


def test_ready(site: Site) -> None:
    """A server with plans and a mapping is ready, and lists the plans."""
    answer = site.ask("/internal/readyz", client=INSIDE)

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "reasons": {},
        "mapping": "ok",
        "copy_age_seconds": None,
        "replica_age_seconds": None,
        "plans": ["legacy-os", "server-maintenance", "server-setup", "shared-managed", "shared-standard", "xserver"],
        "plans_fault": None,
        "profile_certificate": None,
    }


def test_not_ready(open_site: OpenSite, down: Finder) -> None:
    """A server that cannot ask the mapping is not ready, and says why."""
    answer = open_site(down).ask("/internal/readyz", client=INSIDE)

    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["mapping"] == "/var/lib/mapping.db: disk I/O error at readiness.invalid"
    assert answer.json()["reasons"] == {"mapping": answer.json()["mapping"]}


class Copy(MemoryFinder):
    """Rows of a local copy that last had everything ten minutes ago."""

    problem: str | None = None

    def stale(self) -> str | None:
        """Why it could not be brought up to date."""
        return self.problem

    def gauges(self) -> Mapping[str, float]:
        """Its age."""
        return {"copy_age_seconds": 600.04}


@pytest.mark.parametrize(
    ("problem", "limit", "status", "mapping"),
    [
        (None, None, 200, "ok"),
        (None, 601, 200, "ok"),
        (None, 600, 503, "the local copy is 600 s old, which is over copy_max_age = 600"),
        ("away", None, 200, "served from the local copy as of 600 s ago: away"),
        ("away", 601, 200, "served from the local copy as of 600 s ago: away"),
        ("away", 600, 503, "the local copy is 600 s old, which is over copy_max_age = 600: away"),
    ],
    ids=["no limit", "under it", "over it", "away", "away, under it", "away, over it"],
)
def test_copy(open_site: OpenSite, problem: str | None, limit: int | None, status: int, mapping: str) -> None:
    """A copy's age is shown, and counts only where there is a limit to it; why it grows is said."""
    finder = Copy()
    finder.problem = problem
    answer = open_site(finder, copy_max_age=limit).ask("/internal/readyz", client=INSIDE)

    assert answer.status_code == status
    assert answer.json()["mapping"] == mapping
    assert answer.json()["reasons"] == ({} if status == 200 else {"copy_too_old": mapping})
    assert answer.json()["copy_age_seconds"] == answer.json()["replica_age_seconds"] == 600.0


class Cached(MemoryFinder):
    """A mapping that cannot be asked, with so many names in memory."""

    known = 0

    async def find(self, name: Domain) -> Timeline[Row]:
        """See `Finder`."""
        raise MappingUnavailable(f"db.example: is gone, asked for {name}")

    def gauges(self) -> Mapping[str, float]:
        """Its figures."""
        return {"cache_known_names": self.known, "mapping_age_seconds": 75.4}


@pytest.mark.parametrize(("known", "status"), [(0, 503), (1, 200)], ids=["nothing known", "served on"])
def test_served_from_memory(open_site: OpenSite, known: int, status: int) -> None:
    """A server that can answer from memory while its database is gone is ready, and says so; one that knows nothing
    is not.
    """
    finder = Cached()
    finder.known = known
    answer = open_site(finder).ask("/internal/readyz", client=INSIDE)
    fault = "db.example: is gone, asked for readiness.invalid"

    assert answer.status_code == status
    assert answer.json()["status"] == ("ready" if known else "not ready")
    assert answer.json()["mapping"] == (f"served from the cache as of 75 s ago: {fault}" if known else fault)


def test_watch_failed(open_site: OpenSite) -> None:
    """What the last look at the database found wrong makes it not ready, until a later look finds it well again."""
    site = open_site()
    site.services.finder_fault = "gone"

    assert site.ask("/internal/readyz", client=INSIDE).json()["mapping"] == "gone"
    site.run(site.upkeep.tick())
    assert site.ask("/internal/readyz", client=INSIDE).status_code == 200


def test_bad_plans(open_site: OpenSite) -> None:
    """A plans.toml that is bad is named, while the server is ready with the plans from before."""
    site = open_site()
    site.services.settings.plans.write_text("[plans.x", encoding="utf-8")
    site.run(site.upkeep.reload())
    answer = site.ask("/internal/readyz", client=INSIDE)

    assert answer.status_code == 200
    assert "plans.toml" in answer.json()["plans_fault"]
    assert len(answer.json()["plans"]) == 6


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("autoconfig.sample.co.jp", 204),
        ("autodiscover.sample.co.jp", 204),
        ("ua-auto-config.sample.co.jp", 204),
        ("AutoConfig.SAMPLE.co.jp", 204),
        ("autoconfig.sample.co.jp.", 404),
        ("autoconfig.xn--wgv71a119e.example", 204),
        ("autoconfig.日本語.example", 404),
        ("autoconfig.cs312.xbit.jp", 204),
        ("autodiscover.cs999.xbit.jp", 204),
        ("autoconfig.xbit.jp", 204),
        ("AUTOCONFIG.XBIT.JP", 204),
        ("autoconfig.xbit.jp.", 404),
        ("autoconfig.broken.example", 204),
        ("autoconfig.ending.example", 204),
        ("sample.co.jp", 404),
        ("www.sample.co.jp", 404),
        ("mail.sample.co.jp", 404),
        ("xautoconfig.sample.co.jp", 404),
        ("autoconfig.autoconfig.sample.co.jp", 404),
        ("autoconfig.www.sample.co.jp", 404),
        ("autoconfig-sample.co.jp", 404),
        ("cs312.xbit.jp", 404),
        ("autoconfig.cs31.xbit.jp", 404),
        ("xbit.jp", 404),
        ("autodiscover.xbit.jp", 404),
        ("autoconfig.ended.example", 404),
        ("autoconfig.cs777.xbit.jp", 404),
        ("autoconfig.scheduled.example", 404),
        ("autoconfig.stranger.example", 404),
        ("192.0.2.1", 404),
        ("autoconfig.192.0.2.1", 404),
        ("2001:db8::1", 404),
        ("[2001:db8::1]", 404),
        ("*.sample.co.jp", 404),
        ("autoconfig.sample.co.jp:443", 404),
        ("autoconfig.sample.co.jp..", 404),
        ("autoconfig..sample.co.jp", 404),
        (".sample.co.jp", 404),
        ("autoconfig.", 404),
        ("autoconfig", 404),
        ("", 404),
        (".", 404),
        (" autoconfig.sample.co.jp", 404),
        ("autoconfig.ｓample.co.jp", 404),
        ("autoconfig。sample.co.jp", 404),
        ("AUTOCONFIG．SAMPLE．CO．JP", 404),
        ("autoconfig.sample.co.jp\u00ad", 404),
        ("taro@autoconfig.sample.co.jp", 404),
        ("\0", 404),
        ("a" * 10000, 404),
    ],
)
def test_tls_allowed(open_site: OpenSite, name: str, expected: int) -> None:
    """A name may have a certificate if it is spelled as clients ask us: because of a row, a rule or `public_url`."""
    site = open_site(default_plan="server-maintenance")
    now = int(time.time())
    site.finder.add("broken.example", "no-such-plan")
    site.finder.add("ended.example", "server-maintenance")
    site.finder.add("ended.example", None)
    site.finder.add("cs777.xbit.jp", None)
    site.finder.add("scheduled.example", "server-maintenance", valid_from=now + 1000)
    site.finder.add("ending.example", "server-maintenance")
    site.finder.add("ending.example", None, valid_from=now + 1000)
    raw, encoded = allowed(site, name), allowed(site, quote(name, safe=""))

    assert (raw.status_code, encoded.status_code) == (expected, expected)
    assert raw.headers["cache-control"] == "private, no-store"
    assert raw.content == (b"" if expected == 204 else b"No mail settings for this name here.\n")
    assert ("content-length" in raw.headers) is (expected == 404)


@pytest.mark.parametrize("query", [b"", b"name=autoconfig.sample.co.jp", b"domain=%FF", b"domain"])
def test_no_name(site: Site, query: bytes) -> None:
    """Without a name there is no certificate."""
    assert site.ask("/internal/tls-allowed", "autoconfig.sample.co.jp", query=query, client=INSIDE).status_code == 404


def test_tls_allowed_while_down(open_site: OpenSite, down: Finder) -> None:
    """While the mapping cannot be asked nobody knows, and the one who asks may come back; our own name goes on."""
    site = open_site(down)

    assert allowed(site, "autoconfig.sample.co.jp").status_code == 503
    assert allowed(site, "autoconfig.sample.co.jp").headers["retry-after"] == "10"
    assert allowed(site, "autoconfig.xbit.jp").status_code == 204
