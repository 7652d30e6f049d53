from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from autoconfig.web.fast_path.dispatch import COUNTED, SAMPLE, Entry, FastRoute
from autoconfig.web.fast_path.request_bytes import CommonRequest
from autoconfig.web.metrics.counters import INDEX
from autoconfig.web.routes import fast_table, routes

if TYPE_CHECKING:
    from autoconfig.web.asgi import App, Message, Receive, Scope, Send
    from autoconfig.web.fast_path.responses import FastDocument, FastResponse
    from autoconfig.web.services import Services
    from tests.web.conftest import OpenSite

STRANGER = ("203.0.113.9", 1)
START = {"type": "http.response.start", "status": 204, "headers": []}


class Ways:
    """An entry whose ways tell that they were taken."""

    def __init__(self, services: Services, *, respond: bool = True) -> None:
        self.taken: list[Any] = []
        self.sent: list[Message] = []
        self.answers = respond
        self.answered, self.clock, self.pause = False, [0.0], 0.0
        document = cast("FastDocument", self)
        hot = FastRoute({True: document}, False, self.app("endpoint"), 0)
        self.entry = Entry(services, {"GET /hot": hot, "POST /hot": hot}, self.app("rest"))

    def answer(self, domain: bytes, local: bytes) -> FastResponse | None:
        """As the short cut's document."""
        self.taken.append(("fast", domain, local))
        return (200, b"x: y\r\n\r\n", b"fast") if self.answers else None

    def app(self, name: str) -> App:
        """An application that reads the body, if there is one to be read."""

        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            body: list[Any] = []
            while scope["type"] == "http":
                message = await receive()
                body.append(message.get("body"))
                if not message.get("more_body"):
                    break
            self.taken.append((name, *body))
            if self.answered:
                await send(START)
                self.clock[0] += self.pause  # the client reads slowly
                await send({"type": "http.response.body", "body": b""})

        return call

    def ask(self, scope: Scope, *messages: Message) -> None:
        """Send a request."""
        waiting = list(messages) or [{"type": "http.request"}]

        async def receive() -> Message:
            self.clock[0] += self.pause if scope["method"] == "POST" else 0
            return waiting.pop(0)

        async def send(message: Message) -> None:
            self.clock[0] += self.pause
            self.sent.append(message)

        asyncio.run(self.entry(scope, receive, send))

    def at_once(self) -> FastResponse | None:
        """Send a common request, as a server does."""
        asked = CommonRequest("GET /hot", True, b"taro", b"d.example", None, None)
        return self.entry.respond_at_once(self.entry.table["GET /hot"], asked, STRANGER, "https")


def scope(path: str = "/hot", method: str = "GET", *headers: tuple[bytes, bytes]) -> Scope:
    """A request."""
    return {"type": "http", "method": method, "path": path, "headers": list(headers), "client": STRANGER}


@pytest.mark.parametrize(
    ("asked", "way"),
    [
        pytest.param(scope("/hot"), "endpoint", id="in the table"),
        pytest.param({**scope(), COUNTED: True}, "endpoint", id="not answered at once"),
        pytest.param(scope("/cold"), "rest", id="not in the table"),
        pytest.param(scope("/hot/"), "rest", id="nearly in the table"),
        pytest.param(scope("/hot", "HEAD"), "rest", id="another method"),
        pytest.param({"type": "websocket", "path": "/hot", "headers": []}, "rest", id="websocket"),
        pytest.param({"type": "lifespan"}, "rest", id="lifespan"),
    ],
)
def test_ways(open_site: OpenSite, asked: Scope, way: str) -> None:
    """What is in the table goes to its endpoint, everything else to the routes."""
    ways = Ways(open_site().services)
    ways.ask(asked)

    assert [name for name, *_ in ways.taken] == [way]


@pytest.mark.parametrize("respond", [True, False])
def test_at_once(open_site: OpenSite, respond: bool) -> None:
    """A server that does without a task gets what the short cut answers, counted as ever, and else nothing."""
    services = open_site().services
    ways = Ways(services, respond=respond)

    assert ways.at_once() == ((200, b"x: y\r\n\r\n", b"fast") if respond else None)
    assert ways.taken == [("fast", b"d.example", b"taro")]
    assert (services.counters.counts[0], services.counters.named()["resolved row"]) == (respond, respond)


def test_limit(open_site: OpenSite) -> None:
    """Whoever asks too often is turned away before anything is looked at, told when to come back, and counted."""
    services = open_site(rate_limit=0.5, rate_burst=2).services
    ways = Ways(services)
    for method in ("GET", "GET", "GET", "HEAD"):
        ways.ask(scope("/hot", method))
    start, body, head, nothing = ways.sent

    assert [way for way, *_ in ways.taken] == ["endpoint"] * 2
    assert (start["status"], body["body"]) == (429, b"Too many requests from your network; ask again later.\n")
    assert (b"cache-control", b"private, no-store") in start["headers"]
    assert 1 <= int(dict(start["headers"])[b"retry-after"]) <= 2
    assert (head, nothing["body"]) == (start, b"")
    assert services.counters.counts[INDEX["limited"]] == 2


def test_at_once_is_limited(open_site: OpenSite) -> None:
    """Whoever asks too often is turned away at once too, before anything is looked at, and told the same."""
    services = open_site(rate_limit=0.001, rate_burst=2).services
    ways = Ways(services)
    refused = [ways.at_once() for _ in range(3)][2]
    ways.ask(scope())
    start, body = ways.sent
    assert refused is not None
    status, head, text = refused
    headers = dict(line.split(b": ") for line in head.split(b"\r\n") if line)

    assert [way for way, *_ in ways.taken] == ["fast"] * 2
    assert [name for name, _ in start["headers"]] == list(headers)
    assert (start["status"], body["body"]) == (status, text)
    assert 490 <= int(headers[b"retry-after"]) <= 500
    assert (services.counters.counts[0], services.counters.counts[INDEX["limited"]]) == (2, 2)


def test_counted_once(open_site: OpenSite) -> None:
    """A request that cannot be answered at once counts once against its client's rate; then its endpoint answers."""
    services = open_site(rate_limit=0.001, rate_burst=2).services
    ways = Ways(services, respond=False)
    for _ in range(2):
        assert ways.at_once() is None
        ways.ask({**scope(), COUNTED: True})
    limited = ways.at_once()

    assert [way for way, *_ in ways.taken] == ["fast", "endpoint"] * 2
    assert limited is not None
    assert limited[0] == 429


def test_sample(open_site: OpenSite) -> None:
    """The duration of one request in so many is measured, whichever way it took."""
    services = open_site().services
    ways = Ways(services)
    ways.answered = True
    for path in ("/hot", "/cold") * SAMPLE:
        ways.ask(scope(path))
    for _ in range(SAMPLE):
        ways.at_once()

    assert sum(count for name, count in services.counters.named().items() if name.startswith("duration ")) == 3


@pytest.mark.parametrize(("method", "samples"), [("GET", 1), ("POST", 0)])
def test_slow_client(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch, method: str, samples: int) -> None:
    """However slowly a client reads, what is measured is ours alone; what waits for a body is not measured."""
    services = open_site().services
    ways = Ways(services)
    ways.answered, ways.pause = True, 9.0
    monkeypatch.setattr("autoconfig.web.fast_path.dispatch.monotonic", lambda: ways.clock[0])
    for _ in range(SAMPLE):
        ways.ask(scope("/hot", method, (b"content-length", b"4")), {"type": "http.request", "body": b"body"})
    named = services.counters.named()

    assert ways.clock[0] > 0
    assert sum(count for name, count in named.items() if name.startswith("duration ")) == samples
    assert named["duration_microseconds"] == 0


def test_hot_paths(open_site: OpenSite) -> None:
    """The table has what machines ask all day, and not what only some do."""
    services = open_site().services

    assert sorted(fast_table(services, routes(services))) == [
        "GET /.well-known/autoconfig/mail/config-v1.1.xml",
        "GET /.well-known/mail-v1.xml",
        "GET /mail/config-v1.1.xml",
        "GET /v1.1/mail/config-v1.1.xml",
        "POST /AutoDiscover/AutoDiscover.xml",
        "POST /Autodiscover/Autodiscover.xml",
        "POST /autodiscover/autodiscover.xml",
    ]
