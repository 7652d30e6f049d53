"""Through the entry and through the routes alone a request gets the same answer: status, headers, bytes, log lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.autodiscover_requests import READABLE, UNREADABLE, bodies, request_text
from tests.support.demo import demo_rows
from tests.web.conftest import ENTRY, PLANS, ROUTES, STRANGER, Down, Site, site_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.mapping.memory import MemoryFinder
    from tests.support.log_lines import LogLines

MOZILLA = "/mail/config-v1.1.xml"
SPELLINGS = [f"/.well-known/autoconfig{MOZILLA}", "/.well-known/mail-v1.xml", f"/v1.1{MOZILLA}"]
AUTODISCOVER = "/autodiscover/autodiscover.xml"
SCHEDULED = 4_000_000_000
LONG = ".".join(["a" * 60] * 4) + ".example"
_TIME = re.compile(rb'Time="[^"]*"')


class Pair(NamedTuple):
    """One server, asked in two ways."""

    entry: Site
    routes: Site

    def ask(self, path: str, host: str | bytes | None, **rest: Any) -> tuple[list[Any], list[Any]]:
        """All that both send; without the moment in Autodiscover's errors, and without what days do to max-age."""
        return tuple(  # type: ignore[return-value]
            [
                {**message, "body": _TIME.sub(b"", message["body"])}
                if "body" in message
                else {**message, "headers": sorted(message["headers"])}
                for message in way.exchange(path, host, **rest)
            ]
            for way in self
        )


def rows() -> MemoryFinder:
    """The demo, and rows of every other kind."""
    finder = demo_rows()
    finder.add("ended.example", "server-maintenance")
    finder.add("ended.example", None, valid_from=1)
    finder.add("will-end.example", "server-maintenance")
    finder.add("will-end.example", None, valid_from=SCHEDULED)
    finder.add("not-yet.example", "server-maintenance", valid_from=SCHEDULED)
    finder.add("no-plan.example", "no-such-plan")
    finder.add("no-params.example", "shared-standard")
    finder.add("d_e.example", "server-maintenance")
    finder.add("moved.example", "moved")
    finder.add("url.example", "url")
    finder.add(LONG, "server-maintenance")
    finder.add("autoconfig.own.example", "server-maintenance")
    return finder


NAMES = [
    *(name for name in rows()._rows),
    "stranger.example",
    "cs312.xbit.jp",
    "autoconf.xbit.jp",
    "AUTOCONFIG.SAMPLE.CO.JP",
    "10.0.0.1",
    "own.example",
]

MOVED = """
[plans.moved]
name = "Moved"
redirect_domain = "new.example"
[plans.url]
name = "Moved"
redirect_url = "https://new.example/autodiscover/autodiscover.xml"
"""


def pair_in(folder: Path, finder: MemoryFinder, **settings: object) -> Pair:
    """A server whose files are in a folder."""
    first = site_in(folder, ENTRY, finder, PLANS + MOVED, None, settings)
    first.run(first.upkeep.start())
    return Pair(first, Site(first.services, ROUTES))


SETTINGS: dict[str, dict[str, object]] = {
    "as it comes": {},
    "a default plan": {"default_plan": "server-maintenance"},
    "plain http redirected": {"plain_http": "redirect"},
    "plain http refused": {"plain_http": "refuse"},
}


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=list(SETTINGS))
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A server, not to be changed."""
    pair = pair_in(tmp_path_factory.mktemp("pair"), rows(), **request.param)
    yield pair
    pair.entry.close()
    pair.routes.runner.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
@pytest.mark.parametrize("path", [MOZILLA, *SPELLINGS, AUTODISCOVER, "/AutoDiscover/AutoDiscover.xml"])
def test_names(pair: Pair, name: str, method: str, path: str) -> None:
    """Every kind of name, under every name of ours, by every method, with and without an address."""
    body = request_text(f"taro@{name}").encode()
    headers = [(b"content-length", b"%d" % len(body))]
    for host in (name, f"autoconfig.{name}", f"autodiscover.{name}", "autoconf.xbit.jp", None):
        for query in (b"", f"emailaddress=taro%40{name}".encode(), f"emailaddress=a@{name}".encode()):
            entry, routes = pair.ask(path, host, method=method, query=query, body=body, headers=headers)
            assert routes == entry


PEERS: dict[str, dict[str, Any]] = {
    "by http": {"scheme": "http"},
    "by TLS": {"scheme": "https"},
    "the Unix socket": {"client": None, "scheme": "http"},
    "a proxy, TLS": {"client": ("127.0.0.1", 1), "scheme": "http", "headers": [(b"x-forwarded-proto", b"https")]},
    "a liar": {"client": STRANGER, "scheme": "http", "headers": [(b"x-forwarded-proto", b"https")]},
    "a header twice": {"headers": [(b"accept", b"a"), (b"accept", b"b")]},
    "a Host twice": {"headers": [(b"host", b"sample.co.jp")]},
    "another Host": {"headers": [(b"host", b"old-shop.example")]},
    "compressed": {"headers": [(b"content-length", b"400"), (b"content-encoding", b"gzip")]},
    "by its length": {"headers": [(b"content-length", b"400")]},
    "too large by its length": {"headers": [(b"content-length", b"70000")]},
    "too large": {"headers": [(b"content-length", b"400")], "body": b" " * 65537},
    "in pieces": {
        "headers": [(b"content-length", b"400")],
        "body": [request_text("taro@sample.co.jp").encode()[:99], request_text("taro@sample.co.jp").encode()[99:]],
    },
    "in many pieces, too large": {"headers": [(b"content-length", b"400")], "body": [b" " * 1024] * 66},
    "gone": {"headers": [(b"content-length", b"400")], "leaves": True},
}


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)
@pytest.mark.parametrize(("method", "path"), [("GET", MOZILLA), ("POST", AUTODISCOVER), ("GET", AUTODISCOVER)])
@pytest.mark.parametrize("name", ["sample.co.jp", "old-shop.example", "stranger.example"])
def test_peers(pair: Pair, peer: dict[str, Any], method: str, path: str, name: str) -> None:
    """However a request comes here, and whatever its body comes as."""
    for query in (b"", f"emailaddress=taro%40{name}".encode()):
        rest = {"body": request_text(f"taro@{name}").encode(), **peer}
        entry, routes = pair.ask(path, name, method=method, query=query, **rest)
        assert routes == entry


@pytest.mark.parametrize(
    "body", [*READABLE.values(), *UNREADABLE.values()], ids=[*READABLE, *(f"not: {name}" for name in UNREADABLE)]
)
def test_bodies(pair: Pair, body: bytes) -> None:
    """Every form of an Autodiscover request, and everything that is none."""
    pair.entry.finder._rows.setdefault("example.jp", rows()._rows["will-end.example"][:1])
    for headers in ([(b"content-length", b"%d" % len(body))], []):
        entry, routes = pair.ask(AUTODISCOVER, "x.example", method="POST", body=body, headers=headers)
        assert routes == entry


ODD = st.sampled_from(["", "", "", "%", "%40", "@", "+", "&", "=", "_", "A", ".", "%2e", "x=1&", "-", ":80"])
SOME = st.sampled_from(NAMES)
quietly = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quietly
@given(SOME, SOME, ODD, ODD, ODD, st.sampled_from(["", "autoconfig.", "autodiscover."]))
def test_any_query(pair: Pair, name: str, other: str, first: str, second: str, third: str, label: str) -> None:
    """Any query under any Host."""
    query = f"emailaddress={first}taro{second}@{name}{third}".encode()
    entry, routes = pair.ask(MOZILLA, f"{label}{other}".encode(), query=query)

    assert routes == entry


@quietly
@given(bodies(), SOME, st.binary(max_size=3), st.integers(0, 500))
def test_any_body(pair: Pair, body: bytes, name: str, new: bytes, at: int) -> None:
    """Any body of the clients' forms, whole and damaged, for names of ours."""
    asked = re.sub(rb"@[a-z0-9.-]+", b"@" + name.lower().encode(), body, count=1)
    for sent in (asked, asked[:at] + new + asked[at:]):
        headers = [(b"content-length", b"%d" % len(sent))]
        entry, routes = pair.ask(AUTODISCOVER, name, method="POST", body=sent, headers=headers)
        assert routes == entry


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ["sample.co.jp", "no-plan.example", "no-params.example", "stranger.example"])
@pytest.mark.parametrize("down", [False, True], ids=["", "database gone"])
def test_log_lines(tmp_path: Path, log_lines: LogLines, method: str, name: str, down: bool) -> None:
    """What an operator reads is the same too."""
    pair = pair_in(tmp_path, Down() if down else rows())
    path = MOZILLA if method == "GET" else AUTODISCOVER
    body = request_text(f"taro@{name}").encode()
    said = []
    for way in pair:
        way.ask(path, name, method=method, body=body, headers=[(b"content-length", b"%d" % len(body))])
        said.append([{key: value for key, value in line.items() if key != "timestamp"} for line in log_lines()])
    pair.entry.close()
    pair.routes.runner.close()

    assert said[0] == said[1]
    assert bool(said[0]) is (down or name.startswith("no-"))
