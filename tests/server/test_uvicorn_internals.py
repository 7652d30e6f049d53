"""
The names of uvicorn that it does not promise are there, and mean what they meant.

Where one of these fails after an upgrade: read what uvicorn changed, adapt `Exchange`, `SingleServer` or `Workers`,
and only then change the tables here and the bound in pyproject.toml.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from uvicorn.protocols.http import httptools_impl

from autoconfig.server import uvicorn_internals
from autoconfig.server.supervisor import SingleServer, Workers
from autoconfig.server.uvicorn_internals import (
    STARTUP_FAILURE,
    STATUS_LINE,
    STRANGERS,
    HttpToolsProtocol,
    Multiprocess,
    Process,
    ServerState,
)
from autoconfig.web.fast_path.dispatch import Entry
from tests.support.relied_on import names_used, overridden

if TYPE_CHECKING:
    from autoconfig.web.asgi import Receive, Scope, Send

OVERRIDDEN: dict[type, dict[str, str]] = {
    SingleServer: {"startup": "self, sockets", "shutdown": "self, sockets"},
    Workers: {
        "run": "self",
        "init_processes": "self",
        "keep_subprocess_alive": "self",
        "handle_int": "self",
        "handle_term": "self",
        "handle_hup": "self",
    },
}


@pytest.mark.parametrize(("derived", "expected"), OVERRIDDEN.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_overridden(derived: type, expected: dict[str, str]) -> None:
    """Uvicorn has the methods that ours replace, with the same parameters, and they are coroutines where ours are."""
    assert expected == overridden(derived)
    for name in expected:
        ours, theirs = vars(derived)[name], getattr(derived.__base__, name)
        assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(theirs)


@pytest.mark.parametrize("derived", OVERRIDDEN, ids=lambda derived: derived.__name__)
def test_names(derived: type) -> None:
    """Uvicorn's classes have every name that ours use of them: as methods, or set when they are made."""
    made = {"__init__", "on_message_begin"}
    base: Any = derived.__base__
    set_there = {name for method in made & set(dir(base)) for name in getattr(base, method).__code__.co_names}
    used = names_used(derived)

    assert used >= SOME[derived]
    assert sorted(used - set(dir(base)) - set_there) == []


SOME: dict[type, set[str]] = {
    SingleServer: {"startup", "shutdown"},
    Workers: {"processes", "should_exit", "run"},
}
"""Of the names that are used, so that it is seen that they are found."""

OTHERS = {
    ServerState: {"default_headers", "connections", "tasks"},
    Process: {"pid", "exitcode", "is_ready"},
}


@pytest.mark.parametrize(("theirs", "names"), OTHERS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_others(theirs: Any, names: set[str]) -> None:
    """What is asked of the server's state and of a process is there."""
    assert sorted(names - set(dir(theirs)) - set(theirs.__init__.__code__.co_names)) == []


class Seen(asyncio.Transport):
    """A transport that notes what uvicorn's protocol does."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 1), "sockname": ("192.0.2.2", 2)})
        self.written, self.closed = b"", 0

    def write(self, data: Any) -> None:
        """Note it."""
        self.written += data

    def close(self) -> None:
        """Note it."""
        self.closed += 1

    def is_closing(self) -> bool:
        """Never."""
        return False

    def pause_reading(self) -> None:
        """Nothing is read."""

    def resume_reading(self) -> None:
        """Nothing is read."""


HEAD = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"


def talk(*pieces: bytes, shut_down: bool = False, accepted: bool = True) -> tuple[Seen, Scope, ServerState]:
    """Use uvicorn's protocol for one request as `Exchange` does: with another application, and nothing behind."""
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def go() -> tuple[Seen, Scope, ServerState]:
        config = uvicorn.Config(Entry, ws="none", lifespan="off", log_config=None, access_log=False)
        wire, state = Seen(), ServerState()
        protocol = HttpToolsProtocol(config, state, {}, asyncio.get_running_loop())
        protocol.app = app
        protocol.connection_made(wire)
        assert state.connections == {protocol}
        state.connections.discard(protocol)
        for piece in pieces:
            protocol.data_received(piece)
        if shut_down:
            protocol.shutdown()
        assert accepted is not bool(wire.written)
        await asyncio.gather(*state.tasks)
        protocol.connection_lost(None)
        return wire, scopes[0] if scopes else {}, state

    return asyncio.run(go())


def test_one_request() -> None:
    """The protocol calls the application that it is given, and is silent as long as it reads a request."""
    wire, scope, state = talk(HEAD, b"body")

    assert wire.written == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert scope["client"] == ("192.0.2.1", 1)
    assert scope["server"] == ("192.0.2.2", 2)
    assert not state.tasks


def test_shutdown() -> None:
    """A protocol that is shut down before the response ends the connection with it."""
    wire, *_ = talk(HEAD, b"body", shut_down=True)

    assert wire.written == b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"
    assert wire.closed


@pytest.mark.parametrize(
    "octets", [b"get / HTTP/1.1\r\n\r\n", b"NO / HTTP/1.1\r\n\r\n", b"GET * HTTP/1.1\r\nA:\0\r\n\r\n"]
)
def test_refusal(octets: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """What it does not read as a request it refuses while it reads, and no line is logged."""
    wire, scope, _ = talk(octets, accepted=False)

    assert wire.written.startswith(b"HTTP/1.1 400 ")
    assert (wire.closed > 0, scope) == (True, {})
    assert caplog.messages == []


def test_upgrade(caplog: pytest.LogCaptureFixture) -> None:
    """Nor is one logged for a client that wants another protocol."""
    head = HEAD.replace(b"Content-Length: 4", b"Connection: Upgrade\r\nUpgrade: h2c")
    wire, *_ = talk(head, shut_down=True)

    assert wire.written.count(b"HTTP/1.1 ") == 1
    assert caplog.messages == []


def test_strangers() -> None:
    """The lines that are not logged are uvicorn's."""
    source = inspect.getsource(httptools_impl)

    assert [line for line in STRANGERS if line not in source] == []


def test_status_line() -> None:
    """The first lines of answers, ready for the wire."""
    assert {status: STATUS_LINE[status] for status in (200, 431)} == {
        200: b"HTTP/1.1 200 OK\r\n",
        431: b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
    }


def test_startup_failure() -> None:
    """A worker that could not start says so by this exit code."""
    assert STARTUP_FAILURE == 3


def test_nothing_more() -> None:
    """No name is taken from uvicorn that is not tried here."""
    assert set(uvicorn_internals.__all__) <= globals().keys()
    assert {uvicorn.Server, Multiprocess} == {derived.__base__ for derived in OVERRIDDEN}
