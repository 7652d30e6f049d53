from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import httpx
import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.resources import templates
from autoconfig.server.upkeep import Upkeep
from autoconfig.settings import Settings
from autoconfig.web.app import application
from autoconfig.web.services import Services
from tests.support.as_server import AsServer
from tests.support.demo import demo_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.timeline import Finder, Row, Timeline
    from autoconfig.web.asgi import Message

STRANGER = ("203.0.113.9", 40000)
"""A client on the internet."""

PLANS = (templates() / "demo" / "plans.toml").read_text(encoding="utf-8")
ENTRY, ROUTES = "entry", "routes"

FAST = {"rate_limit": 1_000_000.0, "rate_burst": 1_000_000}
"""Tests ask more often than any client may."""


class OpenSite(Protocol):
    """Opens a server as a test needs it."""

    def __call__(
        self,
        finder: Finder | None = None,
        *,
        plans: str = PLANS,
        clock: Callable[[], float] | None = None,
        **settings: object,
    ) -> Site:
        """Without arguments: the demo."""
        ...


class Site:
    """A server without sockets, asked as a client would."""

    def __init__(self, services: Services, way: str) -> None:
        self.services, self.upkeep = services, Upkeep(services)
        entry = application(services)
        self.app: Any = AsServer(entry) if way == ENTRY else entry._rest
        self.runner = asyncio.Runner()

    @property
    def finder(self) -> MemoryFinder:
        """The rows, to add to."""
        assert isinstance(self.services.finder, MemoryFinder)
        return self.services.finder

    def request(self, method: str, url: str, **rest: Any) -> httpx.Response:
        """Ask as httpx does; a URL as people write it."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=STRANGER)
            async with httpx.AsyncClient(transport=transport) as client:
                return await client.request(method, url, **rest)

        return self.runner.run(ask())

    def fetch(self, url: str, method: str = "GET", **rest: Any) -> httpx.Response:
        """Ask with the URL's query byte for byte."""
        parts = urlsplit(url)
        return self.ask(
            parts.path, parts.netloc, method=method, scheme=parts.scheme, query=parts.query.encode(), **rest
        )

    def ask(self, path: str, host: str | bytes | None = "autoconfig.sample.co.jp", **rest: Any) -> httpx.Response:
        """Ask with exactly these bytes."""
        messages = self.exchange(path, host, **rest)
        start = messages[0]
        assert start["type"] == "http.response.start"
        body = b"".join(message.get("body", b"") for message in messages[1:])
        answer = httpx.Response(start["status"], headers=start["headers"], stream=httpx.ByteStream(body))
        answer.read()
        return answer

    def exchange(
        self,
        path: str,
        host: str | bytes | None = "autoconfig.sample.co.jp",
        *,
        method: str = "GET",
        scheme: str = "https",
        query: bytes = b"",
        headers: Sequence[tuple[bytes, bytes]] = (),
        body: bytes | Sequence[bytes] = b"",
        client: tuple[str, int] | None = STRANGER,
        leaves: bool = False,
        version: str = "1.1",
    ) -> list[Message]:
        """All that the application sends; a client that `leaves` does so before the last piece of its body."""
        named = [] if host is None else [(b"host", host.encode() if isinstance(host, str) else host)]
        pieces = [body] if isinstance(body, bytes) else list(body)
        incoming: list[Message] = [
            {"type": "http.request", "body": piece, "more_body": index < len(pieces) - 1 or leaves}
            for index, piece in enumerate(pieces)
        ]
        sent: list[Message] = []

        async def receive() -> Message:
            if not incoming and not leaves:
                await asyncio.Future()  # until the answer is there
            return incoming.pop(0) if incoming else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": version,
            "method": method,
            "scheme": scheme,
            "path": path,
            "raw_path": path.encode("utf-8", "surrogateescape"),
            "query_string": query,
            "root_path": "",
            "headers": [*named, *headers],
            "client": client,
            "server": ("127.0.0.1", 8080),
        }
        self.runner.run(self.app(scope, receive, send))
        return sent

    def run(self, *steps: Any) -> None:
        """Await these."""
        for step in steps:
            self.runner.run(step)

    def close(self) -> None:
        """Give back what is held."""
        with self.runner:
            self.runner.run(self.services.close())


class Down(MemoryFinder):
    """A mapping that cannot be asked."""

    async def find(self, name: Domain) -> Timeline[Row]:
        """See `Finder`."""
        raise MappingUnavailable(f"/var/lib/mapping.db: disk I/O error at {name}")


def site_in(folder: Path, way: str, finder: Finder | None, plans: str, clock: Any, settings: dict[str, object]) -> Site:
    """A server whose files are in a folder."""
    file = folder / "plans.toml"
    file.write_text(plans, encoding="utf-8")
    values = {
        "public_url": "https://autoconfig.xbit.jp",
        "profile_identifier": "jp.xbit.autoconfig",
        **FAST,
        **settings,
    }
    configured = Settings.model_validate({**values, "plans": file, "state_dir": folder / "state"})
    services = Services(configured, finder or demo_rows(), **({"clock": clock} if clock else {}))
    return Site(services, way)


@pytest.fixture(params=[ENTRY, ROUTES], scope="session")
def way(request: pytest.FixtureRequest) -> str:
    """Through the fast path, or through the routes alone: the answers are the same."""
    return str(request.param)


@pytest.fixture(scope="session")
def site(way: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo, not to be changed."""
    site = site_in(tmp_path_factory.mktemp("site"), way, None, PLANS, None, {})
    site.run(site.upkeep.start())
    yield site
    site.close()


@pytest.fixture
def open_site(way: str, tmp_path: Path) -> Iterator[OpenSite]:
    """Opens a server of the test's own."""
    opened: list[Site] = []

    def open_(
        finder: Finder | None = None,
        *,
        plans: str = PLANS,
        clock: Callable[[], float] | None = None,
        **settings: object,
    ) -> Site:
        opened.append(site_in(tmp_path, way, finder, plans, clock, settings))
        opened[-1].run(opened[-1].upkeep.start())
        return opened[-1]

    yield open_
    for site in opened:
        site.close()


@pytest.fixture
def down() -> Finder:
    """A mapping that cannot be asked."""
    return Down()
