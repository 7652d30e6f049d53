from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.mail.domain import Domain
from autoconfig.web.metrics.counters import BUCKETS, INDEX, Counters, RequestKind, RequestOutcome
from tests.support.autodiscover_requests import request_text

if TYPE_CHECKING:
    from autoconfig.mapping.timeline import Finder
    from tests.web.conftest import OpenSite, Site

INSIDE = ("127.0.0.1", 1)


def counted(site: Site) -> dict[str, int]:
    """What has been counted so far, without what was not and without durations."""
    named = site.services.counters.named()
    return {name: count for name, count in named.items() if count and not name.startswith("duration")}


def post(address: str, **rest: Any) -> dict[str, Any]:
    """An Autodiscover request."""
    return {"method": "POST", "body": request_text(address, **rest).encode()}


MOZILLA, AUTODISCOVER, JSON = (
    "/mail/config-v1.1.xml",
    "/autodiscover/autodiscover.xml",
    "/autodiscover/autodiscover.json",
)
ROW = {"resolved row": 1}
CASES: dict[str, tuple[str, str, dict[str, Any], dict[str, int]]] = {
    "served": (MOZILLA, "sample.co.jp", {}, {"requests mozilla served": 1, **ROW}),
    "served by address": (
        MOZILLA,
        "sample.co.jp",
        {"query": b"emailaddress=a@sample.co.jp"},
        {"requests mozilla served": 1, **ROW},
    ),
    "served the long way": (MOZILLA, "SAMPLE.co.jp", {}, {"requests mozilla served": 1, **ROW}),
    "HEAD": (MOZILLA, "sample.co.jp", {"method": "HEAD"}, {"requests mozilla served": 1, **ROW}),
    "host rule": (MOZILLA, "cs312.xbit.jp", {}, {"requests mozilla served": 1, "resolved host_rule": 1}),
    "unknown": (MOZILLA, "stranger.example", {}, {"requests mozilla unknown": 1}),
    "unusable": (MOZILLA, "broken.example", {}, {"requests mozilla unusable": 1}),
    "refused": (MOZILLA, "sample.co.jp", {"method": "PUT"}, {"requests mozilla refused": 1}),
    "by path": ("/v1.1/sample.co.jp", "x.example", {}, {"requests mozilla served": 1, **ROW}),
    "posted": (AUTODISCOVER, "x.example", post("a@sample.co.jp"), {"requests autodiscover served": 1, **ROW}),
    "invalid": (AUTODISCOVER, "x.example", post("nobody"), {"requests autodiscover invalid": 1}),
    "too large": (
        AUTODISCOVER,
        "x.example",
        {"method": "POST", "body": b" " * 70000},
        {"requests autodiscover refused": 1},
    ),
    "another schema": (
        AUTODISCOVER,
        "x.example",
        post("a@sample.co.jp", schema="urn:x"),
        {"requests autodiscover unknown": 1, **ROW},
    ),
    "redirected": (
        AUTODISCOVER,
        "autodiscover.sample.co.jp",
        {"scheme": "http"},
        {"requests autodiscover redirected": 1, **ROW},
    ),
    "JSON": (
        JSON,
        "x.example",
        {"query": b"Email=a@sample.co.jp&Protocol=AutodiscoverV1"},
        {"requests autodiscover_json served": 1, **ROW},
    ),
    "Apple": (
        "/email.mobileconfig",
        "x.example",
        {"query": b"email=a@sample.co.jp"},
        {"requests apple served": 1, **ROW},
    ),
    "Apple, invalid": ("/email.mobileconfig", "x.example", {}, {"requests apple invalid": 1}),
    "PACC": (
        "/.well-known/user-agent-configuration.json",
        "sample.co.jp",
        {},
        {"requests pacc unknown": 1},
    ),
    "page": ("/", "autoconf.xbit.jp", {}, {"requests page served": 1}),
    "page, unknown": ("/setup", "x.example", {"query": b"email=a@stranger.example"}, {"requests page unknown": 1}),
    "page's style": ("/style.css", "x.example", {}, {"requests page served": 1}),
    "certificate": (
        "/internal/tls-allowed",
        "x.example",
        {"query": b"domain=autoconfig.sample.co.jp", "client": INSIDE},
        {"requests tls_allowed served": 1},
    ),
    "no certificate": (
        "/internal/tls-allowed",
        "x.example",
        {"query": b"domain=autoconfig.stranger.example", "client": INSIDE},
        {"requests tls_allowed unknown": 1},
    ),
    "internal": ("/internal/healthz", "x.example", {"client": INSIDE}, {"requests internal served": 1}),
    "a stranger": ("/internal/healthz", "x.example", {}, {"requests internal unknown": 1}),
    "no such path": ("/x", "x.example", {}, {"requests other unknown": 1}),
    "no such method": ("/", "x.example", {"method": "PUT"}, {"requests page refused": 1}),
}


@pytest.mark.parametrize(("path", "host", "rest", "expected"), CASES.values(), ids=CASES)
def test_requests(open_site: OpenSite, path: str, host: str, rest: dict[str, Any], expected: dict[str, int]) -> None:
    """Each request is counted once, as what it asked for and what became of it; and once what led to its plan."""
    site = open_site()
    site.finder.add("broken.example", "no-such-plan")
    body = rest.get("body", b"")
    headers = [(b"content-length", b"%d" % len(body))] if body else []
    site.exchange(path, host, headers=headers, **rest)

    assert expected == counted(site)


def test_mapping_is_gone(open_site: OpenSite, down: Finder) -> None:
    """A mapping that cannot be asked is told from a plan that does not fit."""
    site = open_site(down)
    site.ask(MOZILLA, "sample.co.jp")

    assert counted(site) == {"requests mozilla unavailable": 1}


def test_bug(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug is counted as one, whichever way the request took."""
    site = open_site()

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(site.services, "resolve", broken)
    site.ask("/v1.1/sample.co.jp")
    site.ask("/setup", query=b"email=a@sample.co.jp")

    assert counted(site) == {"requests mozilla error": 1, "requests page error": 1}


def test_who_leaves_is_not_counted(open_site: OpenSite) -> None:
    """A client that is gone before its request was whole got no answer."""
    site = open_site()
    site.exchange(AUTODISCOVER, method="POST", leaves=True)

    assert counted(site) == {}


def test_default_plan(open_site: OpenSite) -> None:
    """The default plan is counted apart, and so is nothing that was only looked up."""
    site = open_site(default_plan="server-maintenance")
    site.ask(MOZILLA, "stranger.example")
    site.run(site.services.resolver.is_ours(Domain("sample.co.jp"), 0))

    assert counted(site) == {"requests mozilla served": 1, "resolved default": 1}


def test_reloads(open_site: OpenSite) -> None:
    """A plans.toml that was taken over, and one that was not."""
    site = open_site()
    site.run(site.upkeep.reload())
    site.services.plans.path.write_text("nonsense", encoding="utf-8")
    site.run(site.upkeep.reload(), site.upkeep.reload())

    assert counted(site) == {"reloads loaded": 1, "reloads refused": 2}


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0, BUCKETS[0]), (BUCKETS[0], BUCKETS[0]), (0.00011, BUCKETS[1]), (99.0, "+Inf")]
)
def test_duration(seconds: float, bucket: object) -> None:
    """A duration is in the first class that it fits into (Prometheus' `le`), and in the sum."""
    counters = Counters()
    counters.took(seconds)

    assert counters.counts[INDEX[f"duration {bucket}"]] == 1
    assert counters.named()["duration_microseconds"] == int(seconds * 1e6)


def test_names_are_bounded() -> None:
    """What is counted is laid out beforehand; no request makes it longer."""
    counters = Counters()
    counters.request(RequestKind.OTHER, 599, None)
    counters.request(RequestKind.OTHER, 200, RequestOutcome.UNUSABLE)

    assert len(counters.counts) == len(INDEX) == len(counters.named())
    assert counters.named()["requests other error"] == counters.named()["requests other unusable"] == 1
