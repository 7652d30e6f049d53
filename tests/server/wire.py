"""A client's connection without a network: what goes over the wire, and the server's end of it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from autoconfig.mapping.memory import MemoryFinder
from autoconfig.resources import templates
from autoconfig.settings import Settings
from autoconfig.web.app import application
from autoconfig.web.services import Services

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    from autoconfig.server.http_protocol import Connection
    from autoconfig.web.fast_path.dispatch import Entry

BODY = (
    b'<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/'
    b'requestschema/2006"><Request><EMailAddress>taro@sample.co.jp</EMailAddress></Request></Autodiscover>'
)
PATH, AUTODISCOVER = b"/mail/config-v1.1.xml", b"/autodiscover/autodiscover.xml"


def request(
    target: bytes = PATH, *headers: bytes, method: bytes = b"GET", version: bytes = b"1.1", body: bytes = b""
) -> bytes:
    """A request as it goes over the wire."""
    lines = [b"%b %b HTTP/%b" % (method, target, version), b"Host: autoconfig.sample.co.jp", *headers]
    return b"\r\n".join([*lines, b"", body])


def post(body: bytes = BODY, *headers: bytes) -> bytes:
    """An Autodiscover request."""
    return request(AUTODISCOVER, b"Content-Length: %d" % len(BODY), *headers, method=b"POST", body=body)


def chunked(*trailers: bytes, target: bytes = AUTODISCOVER, body: bytes = BODY, method: bytes = b"POST") -> bytes:
    """A request in chunks, with these trailers."""
    head = request(target, b"Transfer-Encoding: chunked", method=method)
    return head + b"%x\r\n%b\r\n" % (len(body), body) + b"\r\n".join([b"0", *trailers, b"", b""])


class Wire(asyncio.Transport):
    """The server's end of a connection, without a network."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed, self.ended = b"", False, asyncio.Event()
        self.paused = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Who is there."""
        return {"peername": ("203.0.113.9", 40000), "sockname": ("127.0.0.1", 8080)}.get(name, default)

    def write(self, data: Any) -> None:
        """Bytes to the client."""
        self.written += data

    def is_closing(self) -> bool:
        """Whether the server has closed it."""
        return self.closed

    def close(self) -> None:
        """The server closes it."""
        self.closed = True
        self.ended.set()

    def pause_reading(self) -> None:
        """Nothing comes but by `data_received`; it is noted that nothing more should."""
        self.paused = True

    def resume_reading(self) -> None:
        """Nothing comes but by `data_received`."""
        self.paused = False


class Server:
    """The demo over uvicorn's protocol, or ours."""

    def __init__(self, entry: Entry) -> None:
        self.entry, self.counters, self.runner = entry, entry._counters, asyncio.Runner()
        self.config = Config(entry, ws="none", access_log=False, log_config=None, proxy_headers=False, lifespan="off")
        self.config.load()
        self.state = ServerState()
        self.state.default_headers = [(b"date", b"today")]

    def talk(
        self,
        kind: type[HttpToolsProtocol | Connection],
        pieces: Sequence[bytes],
        *,
        settle: bool = True,
        paused: bool = False,
    ) -> Wire:
        """Send these pieces; with `settle` the server may work between them."""

        async def go() -> Wire:
            wire = Wire()
            protocol = kind(self.config, self.state, {}, asyncio.get_running_loop())
            protocol.connection_made(wire)
            if paused:
                protocol.pause_writing()
            for piece in pieces:
                if not wire.closed:
                    protocol.data_received(piece)
                if settle:
                    await asyncio.sleep(0.005)
            if not settle:
                return wire
            if paused:
                protocol.resume_writing()
            for _ in range(100):
                if not self.state.tasks:
                    break
                await asyncio.sleep(0.005)
            closed = wire.closed
            protocol.connection_lost(None)  # which closes it too
            await asyncio.gather(*self.state.tasks)
            wire.closed = closed
            return wire

        return self.runner.run(go())


@contextlib.contextmanager
def demo_server(folder: Path, **settings: object) -> Iterator[Server]:
    """The demo's plans, kept in this folder, with one domain; any rate is allowed unless `settings` say otherwise."""
    file = folder / "plans.toml"
    file.write_bytes((templates() / "demo" / "plans.toml").read_bytes())
    finder = MemoryFinder()
    finder.add("sample.co.jp", "server-maintenance")
    values = {"plans": file, "state_dir": folder / "state", "rate_limit": 1_000_000, "rate_burst": 1_000_000}
    configured = Settings.model_validate({**values, **settings})
    services = Services(configured, finder)
    served = Server(application(services))
    served.runner.run(services.load())
    with served.runner:
        yield served
        served.runner.run(services.close())
