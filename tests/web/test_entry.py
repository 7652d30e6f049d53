from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from autoconfig.web.entry import Entry

if TYPE_CHECKING:
    from autoconfig.web.asgi import App, Receive, Scope, Send
    from tests.web.conftest import OpenSite


@pytest.mark.parametrize(
    ("scope", "way"),
    [
        pytest.param({"type": "http", "path": "/hot"}, "table", id="in the table"),
        pytest.param({"type": "http", "path": "/cold"}, "rest", id="not in the table"),
        pytest.param({"type": "http", "path": "/hot/"}, "rest", id="nearly in the table"),
        pytest.param({"type": "websocket", "path": "/hot"}, "rest", id="websocket"),
        pytest.param({"type": "lifespan"}, "rest", id="lifespan"),
    ],
)
def test_ways(scope: Scope, way: str) -> None:
    """Requests for a path in the table go by it, everything else by the routes."""
    taken = []

    def app(name: str) -> App:
        async def call(_scope: Scope, _receive: Receive, _send: Send) -> None:
            taken.append(name)

        return call

    async def receive() -> Scope:
        return {}

    async def send(message: Scope) -> None:
        """Nothing is sent."""

    entry = Entry({"/hot": app("table")}, app("rest"))
    asyncio.run(entry(scope, receive, send))

    assert taken == [way]


def test_hot_paths(open_site: OpenSite) -> None:
    """The table has what machines ask all day, and not what only some do."""
    from autoconfig.web.routes import hot_table, routes

    assert sorted(hot_table(routes(open_site().context))) == [
        "/.well-known/autoconfig/mail/config-v1.1.xml",
        "/AutoDiscover/AutoDiscover.xml",
        "/Autodiscover/Autodiscover.xml",
        "/autodiscover/autodiscover.xml",
        "/mail/config-v1.1.xml",
    ]
