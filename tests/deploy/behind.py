"""The server over the demo with nginx before it, as deploy/nginx has it, and what somebody gets from either."""

from __future__ import annotations

import contextlib
import http.client
import re
import select
import socket
import sys
import threading
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.cli.init import init
from tests.deploy.nginx import Nginx
from tests.deploy.programs import PATIENCE, Program
from tests.deploy.site import DOCUMENT
from tests.support import commands

if TYPE_CHECKING:
    from pathlib import Path

WELL_KNOWN = f"/.well-known/autoconfig{DOCUMENT}"
SPELLINGS = [DOCUMENT, WELL_KNOWN, "/.well-known/mail-v1.xml", f"/v1.1{DOCUMENT}"]
PACC = "/.well-known/user-agent-configuration.json"
LONG = ".".join(["l" * 60] * 3) + ".example"
"""A domain of 190 characters: with a name of 64 before it, an address is too long."""

ABOVE, EXCHANGER = "above.example", "mx.above.example"
"""A domain that speaks for names below it, and one that takes mail for others."""

LOCAL = "local.example"
"""A domain whose user names are local parts."""
DAV = "dav.example"
"""A domain in whose documents each mailbox has a calendar of its own."""
_PLANS = """
[plans.dav]
extends = "shared-managed"
name = "Calendars"
servers = [{ protocol = "caldav", url = "https://dav.{domain}/{address}/", login = ["password-encrypted"], \
  username = "{address}" }]
[plans.local]
name = "Local parts"
servers = [
  { protocol = "imap", host = "pop.{domain}", port = 993, tls = "ssl", \
    login = ["password-cleartext"], username = "{local}" },
  { protocol = "smtp", host = "pop.{domain}", port = 465, tls = "ssl", \
    login = ["password-cleartext"], username = "{local}" },
]
"""

KEPT = ("content-type", "cache-control", "location", "allow", "x-content-type-options")
"""Headers that have to be the server's own."""

_LAST_DOT = re.compile(r"\.(?=:|$)")


class Answer(NamedTuple):
    """What somebody got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def cache(self) -> str | None:
        """What nginx says of its cache; `None` if it had nothing to do with it."""
        return self.headers.get("x-cache")

    @property
    def same(self) -> tuple[int, dict[str, str], bytes]:
        """What has to be the same without nginx."""
        return self.status, {name: self.headers[name] for name in KEPT if name in self.headers}, self.body


def exchange(connection: socket.socket, request: bytes) -> Answer | None:
    """The answer to a request that is sent as it stands; `None` if the other side hung up without one."""
    with connection:
        connection.settimeout(PATIENCE)
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection, method=request.partition(b" ")[0].decode("latin-1"))
        try:
            answer.begin()
            body = answer.read()
        except (http.client.BadStatusLine, ConnectionError):
            return None
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)


def written(target: str, headers: list[str], method: str = "GET", body: bytes = b"", version: str = "1.1") -> bytes:
    """A request, letter by letter."""
    lengths = [f"Content-Length: {len(body)}"] if body else []
    lines = [f"{method} {target} HTTP/{version}", *headers, "Connection: close", *lengths]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class Relay:
    """Stands between nginx and the server, and keeps what nginx sent."""

    def __init__(self, place: Path, server: Path) -> None:
        self.sent = b""
        self._server = server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def requests(self) -> int:
        """How many requests went to the server."""
        return self.sent.count(b" HTTP/1.1\r\n")

    def close(self) -> None:
        """Take no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with self._listener, contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, socket.socket(socket.AF_UNIX) as far, contextlib.suppress(OSError):
            far.connect(str(self._server))
            while True:
                for source in select.select([near, far], [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is near:
                        self.sent += data
                    (far if source is near else near).sendall(data)


class Behind:
    """The server over the demo and some victims, with nginx before it."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder, self.program = folder, program
        self.config = folder / "demo" / "autoconfig.toml"
        init(folder / "demo", demo=True)
        with (folder / "demo" / "plans.toml").open("a", encoding="utf-8") as plans:
            plans.write(_PLANS)
        names = [f"v{number:03}.example" for number in range(200)]
        names += [f"autoconfig.{name}" for name in names[:3]] + [LONG]
        file = folder / "victims.csv"
        rows = [f"{name},shared-managed," for name in names] + [
            f"x{name},shared-standard,cs312.xbit.jp" for name in names
        ]
        rows += [f"{DAV},dav,", f"{LOCAL},local,"]
        rows = [f"{row},," for row in rows] + [f"{ABOVE},shared-managed,,yes,", f"{EXCHANGER},shared-managed,,,yes"]
        file.write_text("\n".join(["name,plan,server,subdomains,exchanger", *rows, ""]), encoding="utf-8")
        self.autoconfig("mapping", "sync", str(file))
        self.socket = folder / "http.sock"
        serve = [sys.executable, "-m", "autoconfig", "serve", "--uds", str(self.socket), "--config", str(self.config)]
        self.server = Program(serve, folder / "server.log")
        self.relay = Relay(folder / "relay.sock", self.socket)
        # One worker has kept an answer before it reads the next request. Of several, one may still be about to do so
        # while its client, who has the whole answer, asks another one.
        self.nginx = Nginx(program, folder / "nginx", f"unix:{folder / 'relay.sock'}", workers="1")
        self._victims = iter(names[3:200])

    def autoconfig(self, *arguments: str) -> None:
        """Run a command of ours."""
        commands.run("--config", self.config, *arguments)

    def start(self) -> None:
        """Start both."""
        self.server.start()
        self.server.wait_for("the server", self._ready)
        if self.nginx.process is None:
            self.nginx.begin()

    def stop(self) -> None:
        """End both."""
        self.nginx.stop()
        self.server.stop()
        self.relay.close()

    def victim(self) -> str:
        """A domain that nobody asked for yet."""
        return next(self._victims)

    def sent(self, request: bytes) -> Answer | None:
        """What nginx answers to a request as it stands."""
        return exchange(socket.create_connection(("127.0.0.1", self.nginx.ports.http), PATIENCE), request)

    def ask(self, host: str, target: str = DOCUMENT, method: str = "GET", body: bytes = b"", *headers: str) -> Answer:
        """What nginx answers."""
        answer = self.sent(written(target, [f"Host: {host}", *headers], method, body))
        assert answer is not None
        return answer

    def direct(self, host: str, target: str = DOCUMENT, method: str = "GET", body: bytes = b"") -> Answer:
        """
        What the server itself answers to somebody outside, for the Host as nginx sends it: without the last dot.

        With the dot the server would keep the answer from caches, as nothing tells it how they compare names.
        """
        return self.answered([f"Host: {_LAST_DOT.sub('', host)}"], target, method, body)

    def answered(
        self, headers: list[str], target: str, method: str = "GET", body: bytes = b"", version: str = "1.1"
    ) -> Answer:
        """The same, with any headers."""
        outside = ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: http"]
        kept = [line for line in headers if not line.lower().startswith("x-forwarded-")]
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            answer = exchange(connection, written(target, [*kept, *outside], method, body, version))
        assert answer is not None
        return answer

    def logs(self) -> str:
        """Everything that nginx wrote, once it has ended."""
        return "".join(file.read_text(encoding="utf-8") for file in (self.folder / "nginx" / "log").iterdir())

    def _ready(self) -> bool:
        try:
            return self.direct("autoconfig.sample.co.jp").status == 200
        except OSError:
            return False
