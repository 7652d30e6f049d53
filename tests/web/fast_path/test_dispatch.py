from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.web.asgi import ResponseStart
from autoconfig.web.fast_path.dispatch import SAMPLE, Entry, FastRoute
from autoconfig.web.metrics.counters import INDEX
from autoconfig.web.routes import fast_table, routes

if TYPE_CHECKING:
    from autoconfig.web.asgi import App, Message, Receive, Scope, Send
    from autoconfig.web.services import Services
    from tests.web.conftest import OpenSite

START = ResponseStart(200, [(b"x", b"y")])


class Ways:
    """An entry whose ways tell that they were taken."""

    def __init__(self, services: Services, *, respond: bool, reads_body: bool = False) -> None:
        self.taken: list[Any] = []
        self.sent: list[Message] = []
        self.answers = respond
        self.answered, self.clock, self.pause = False, [0.0], 0.0
        self.entry = Entry(
            services, {("GET", "/hot"): FastRoute(self.respond, reads_body, self.app("endpoint"), 0)}, self.app("rest")
        )

    def respond(
        self, _scope: Scope, _headers: object, message: Message | None, /
    ) -> tuple[ResponseStart, bytes] | None:
        """The short cut."""
        self.taken.append(("fast", message and message["body"]))
        return (START, b"fast") if self.answers else None

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


def scope(path: str = "/hot", method: str = "GET", *headers: tuple[bytes, bytes]) -> Scope:
    """A request."""
    return {"type": "http", "method": method, "path": path, "headers": list(headers), "client": ("203.0.113.9", 1)}


@pytest.mark.parametrize(
    ("asked", "way"),
    [
        pytest.param(scope("/hot"), "endpoint", id="in the table"),
        pytest.param(scope("/cold"), "rest", id="not in the table"),
        pytest.param(scope("/hot/"), "rest", id="nearly in the table"),
        pytest.param(scope("/hot", "HEAD"), "rest", id="another method"),
        pytest.param({"type": "websocket", "path": "/hot", "headers": []}, "rest", id="websocket"),
        pytest.param({"type": "lifespan"}, "rest", id="lifespan"),
    ],
)
def test_ways(open_site: OpenSite, asked: Scope, way: str) -> None:
    """What is not answered at once goes to the endpoint of the table, everything else by the routes."""
    ways = Ways(open_site().services, respond=False)
    ways.ask(asked)

    assert ways.taken[-1][0] == way


def test_quick(open_site: OpenSite) -> None:
    """What the short cut answers is sent, and nobody else is asked."""
    ways = Ways(open_site().services, respond=True)
    ways.ask(scope())

    assert ways.taken == [("fast", None)]
    assert ways.sent == [START, {"type": "http.response.body", "body": b"fast"}]


def test_header_twice(open_site: OpenSite) -> None:
    """A header that stands there twice is for the endpoint to judge."""
    ways = Ways(open_site().services, respond=True)
    ways.ask(scope("/hot", "GET", (b"host", b"a.example"), (b"host", b"b.example")))

    assert ways.taken == [("endpoint", None)]


@pytest.mark.parametrize(
    ("length", "messages", "taken"),
    [
        pytest.param(b"4", [(b"body", False)], [("fast", b"body"), ("endpoint", b"body")], id="whole"),
        pytest.param(
            b"4", [(b"bo", True), (b"dy", False)], [("fast", b"bo"), ("endpoint", b"bo", b"dy")], id="in pieces"
        ),
        pytest.param(b"40000", [(b"body", False)], [("fast", None), ("endpoint", b"body")], id="not read beforehand"),
    ],
)
def test_body(open_site: OpenSite, length: bytes, messages: list[tuple[bytes, bool]], taken: list[Any]) -> None:
    """A body that was read for the short cut is there for the endpoint too, with all that comes after it."""
    ways = Ways(open_site().services, respond=False, reads_body=True)
    sent = [{"type": "http.request", "body": body, "more_body": more} for body, more in messages]
    ways.ask(scope("/hot", "GET", (b"content-length", length)), *sent)

    assert ways.taken == taken


def test_body_that_nobody_reads(open_site: OpenSite) -> None:
    """Where a request has no use for a body, it is not waited for."""
    ways = Ways(open_site().services, respond=True)
    ways.ask(scope("/hot", "GET", (b"content-length", b"4")))

    assert ways.taken == [("fast", None)]


def test_limit(open_site: OpenSite) -> None:
    """Whoever asks too often is turned away before anything is looked at, told when to come back, and counted."""
    services = open_site(rate_limit=0.5, rate_burst=2).services
    ways = Ways(services, respond=True)
    for method in ("GET", "GET", "GET", "HEAD"):
        ways.ask(scope("/hot", method))
    start, body, head, nothing = ways.sent[4:8]

    assert ways.taken == [("fast", None)] * 2
    assert (start["status"], body["body"]) == (429, b"Too many requests from your network; ask again later.\n")
    assert (b"cache-control", b"private, no-store") in start["headers"]
    assert 1 <= int(dict(start["headers"])[b"retry-after"]) <= 2
    assert (head, nothing["body"]) == (start, b"")
    assert services.counters.counts[INDEX["limited"]] == 2


def test_sample(open_site: OpenSite) -> None:
    """The duration of one request in so many is measured, whichever way it took."""
    services = open_site().services
    ways = Ways(services, respond=True)
    ways.answered = True
    for path in ("/hot", "/cold") * SAMPLE:
        ways.ask(scope(path))

    assert sum(count for name, count in services.counters.named().items() if name.startswith("duration ")) == 2


def test_sample_at_once(open_site: OpenSite) -> None:
    """So is that of one in so many which a server answered without a task."""
    services = open_site().services
    ways = Ways(services, respond=True)
    for _ in range(SAMPLE):
        ways.entry.respond_at_once(scope(), b"")

    assert sum(count for name, count in services.counters.named().items() if name.startswith("duration ")) == 1


@pytest.mark.parametrize("respond", [True, False], ids=["short cut", "endpoint"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_slow_client(open_site: OpenSite, monkeypatch: pytest.MonkeyPatch, respond: bool, method: str) -> None:
    """However slowly a client sends its body and reads its answer, what is measured is ours alone."""
    services = open_site().services
    ways = Ways(services, respond=respond, reads_body=method == "POST")
    ways.entry.table["POST", "/hot"] = ways.entry.table["GET", "/hot"]
    ways.answered, ways.pause = True, 9.0
    monkeypatch.setattr("autoconfig.web.fast_path.dispatch.monotonic", lambda: ways.clock[0])
    for _ in range(SAMPLE):
        ways.ask(scope("/hot", method, (b"content-length", b"4")), {"type": "http.request", "body": b"body"})
    named = services.counters.named()
    counted = sum(count for name, count in named.items() if name.startswith("duration "))

    assert ways.clock[0] > 0
    assert counted == (1 if respond or method == "GET" else 0)  # an endpoint that reads a body waits for the client
    assert named["duration_microseconds"] == 0


@pytest.mark.parametrize(
    ("asked", "answers", "taken"),
    [
        pytest.param(scope(), True, [("fast", None)], id="answered"),
        pytest.param(scope(), False, [("fast", None)], id="not answered"),
        pytest.param(scope("/cold"), True, [], id="not in the table"),
        pytest.param(scope("/hot", "GET", (b"a", b"b"), (b"a", b"c")), True, [], id="a header twice"),
        pytest.param(scope("/hot", "GET", (b"content-length", b"4")), True, [("fast", b"body")], id="a body"),
        pytest.param(scope("/hot", "GET", (b"content-length", b"99999")), True, [("fast", None)], id="a long body"),
    ],
)
def test_at_once(open_site: OpenSite, asked: Scope, answers: bool, taken: list[Any]) -> None:
    """A server that does without a task gets what the short cut answers, counted as ever, and else nothing."""
    services = open_site().services
    ways = Ways(services, respond=answers, reads_body=True)
    answer = ways.entry.respond_at_once(asked, b"body")

    assert ways.taken == taken
    assert answer == ((START, b"fast") if answers and taken else None)
    assert (services.counters.counts[0], services.counters.named()["resolved row"]) == ((1, 1) if answer else (0, 0))


def test_at_once_is_limited(open_site: OpenSite) -> None:
    """Whoever asks too often is turned away at once too, before anything is looked at, and told the same."""
    services = open_site(rate_limit=0.001, rate_burst=2).services
    ways = Ways(services, respond=True)
    responses = [ways.entry.respond_at_once(scope(), b"") for _ in range(3)]
    ways.ask(scope())
    refused = responses[2]
    start, body = ways.sent

    assert ways.taken == [("fast", None)] * 2
    assert refused is not None
    assert [name for name, _ in start["headers"]] == [name for name, _ in refused[0]["headers"]]
    assert (start["status"], body["body"]) == (refused[0]["status"], refused[1])
    assert 490 <= int(dict(refused[0]["headers"])[b"retry-after"]) <= 500
    assert (services.counters.counts[0], services.counters.counts[INDEX["limited"]]) == (2, 2)


def test_counted_once(open_site: OpenSite) -> None:
    """
    A request that cannot be answered at once counts once against its client's rate; then its endpoint answers, and the
    short cut is not tried again.
    """
    services = open_site(rate_limit=0.001, rate_burst=2).services
    ways = Ways(services, respond=False)
    for _ in range(2):
        asked = scope()
        assert ways.entry.respond_at_once(asked, b"") is None
        ways.ask(asked)
    limited = ways.entry.respond_at_once(scope(), b"")

    assert [way for way, *_ in ways.taken] == ["fast", "endpoint"] * 2
    assert limited is not None
    assert limited[0]["status"] == 429


def test_hot_paths(open_site: OpenSite) -> None:
    """The table has what machines ask all day, and not what only some do."""
    services = open_site().services

    assert sorted(fast_table(services, routes(services))) == [
        ("GET", "/.well-known/autoconfig/mail/config-v1.1.xml"),
        ("GET", "/.well-known/mail-v1.xml"),
        ("GET", "/mail/config-v1.1.xml"),
        ("GET", "/v1.1/mail/config-v1.1.xml"),
        ("POST", "/AutoDiscover/AutoDiscover.xml"),
        ("POST", "/Autodiscover/Autodiscover.xml"),
        ("POST", "/autodiscover/autodiscover.xml"),
    ]
