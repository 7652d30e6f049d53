"""What stands in front of the server in production: TLS by name, and web sites; tests put faults in their place."""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import threading
from functools import partial
from typing import TYPE_CHECKING, Self

from tests.support.scripted_mail import server_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Collection

    from tests.support.peer_certificates import PeerCertificate

    Answer = bytes | Callable[[socket.socket], object]
    Answers = dict[str, Answer]
    """By path; other paths are answered as without a fault."""

LIMIT = 30.0
"""Seconds after which a connection that nobody uses is given up."""
LOOPBACK, PLAIN_LOOPBACK = "127.0.0.1", "127.0.0.2"
"""Where both ports listen, and where only the one of plain http does."""
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nNot Found"
"""A web site's answer to a path that it does not have."""


class WebFront:
    """
    Passes requests for some hosts to a server, with the headers that say who asked; it is a web site for all others.

    `answers` has what is answered instead, for a scheme and a host; `contexts` the TLS of single names.
    """

    def __init__(
        self, upstream: int, hosts: Collection[str], certificate: PeerCertificate, at: str = LOOPBACK, *ports: int
    ) -> None:
        """`ports`: of https and http; without them free ones, and plain http on `PLAIN_LOOPBACK` besides."""
        self._upstream, self._hosts = upstream, hosts
        self.answers: dict[tuple[str, str], Answer | Answers] = {}
        self.contexts: dict[str, ssl.SSLContext] = {}
        self.renamed: dict[str, str] = {}
        """Hosts that are passed on under another name."""
        self.asked: list[tuple[str, str, str]] = []
        """Method, URL without query, and query of each request."""
        self._context = server_context(certificate)
        self._context.sni_callback = self._choose
        both = zip(("https", "http"), ports or (0, 0), strict=True)
        self._servers = [_Server((at, port), partial(self._serve, scheme)) for scheme, port in both]
        if not ports:
            self._servers.append(_Server((PLAIN_LOOPBACK, self.http), partial(self._serve, "http")))
        self._threads = [threading.Thread(target=server.serve_forever, args=(0.05,)) for server in self._servers]

    @property
    def https(self) -> int:
        """The port with TLS."""
        return int(self._servers[0].server_address[1])

    @property
    def http(self) -> int:
        """The port without TLS."""
        return int(self._servers[1].server_address[1])

    def heal(self) -> None:
        """Take all faults away."""
        for changed in (self.answers, self.contexts, self.renamed, self.asked):
            changed.clear()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        if name in self.contexts:
            connection.context = self.contexts[name]

    def _serve(self, scheme: str, connected: socket.socket) -> None:
        if scheme == "https":
            connected = self._context.wrap_socket(connected, server_side=True)
        with connected:
            head = _head(connected)
            found = re.match(rb"(\S+) (\S+) HTTP/1\.1\r\n(?:.*\r\n)*?Host: ([^\r:]+)", head)
            if found is None:
                connected.sendall(page(b"<html>400 Bad Request</html>", "400 Bad Request"))
                return
            method, target, host = (part.decode() for part in found.groups())
            path, _, query = target.partition("?")
            self.asked.append((method, f"{scheme}://{host}{path}", query))
            answer = self.answers.get((scheme, host))
            if isinstance(answer, dict):
                answer = answer.get(path)
            if callable(answer):
                answer(connected)
            elif answer is not None:
                connected.sendall(answer)
            elif host not in self._hosts:
                connected.sendall(NOT_FOUND)
            else:
                other = self.renamed.get(host, host)
                self._pass_on(connected, head.replace(host.encode(), other.encode(), 1), scheme)

    def _pass_on(self, connected: socket.socket, head: bytes, scheme: str) -> None:
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        whole = len(head) if length is None else head.index(b"\r\n\r\n") + 4 + int(length.group(1))
        while len(head) < whole:
            head += connected.recv(65536)
        said = f"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: {scheme}\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", self._upstream), LIMIT) as there:
            there.sendall(head.replace(b"\r\n\r\n", b"\r\n" + said, 1))
            while more := there.recv(65536):
                connected.sendall(more)


class _Server(socketserver.ThreadingTCPServer):
    """One listening socket, a thread a connection."""

    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], serve: Callable[[socket.socket], None]) -> None:
        super().__init__(address, socketserver.BaseRequestHandler)
        self._serve = serve

    def finish_request(self, request: object, client_address: object) -> None:  # noqa: ARG002
        assert isinstance(request, socket.socket)
        request.settimeout(LIMIT)
        with contextlib.suppress(OSError):  # a client may leave at any time
            self._serve(request)


def _head(connected: socket.socket) -> bytes:
    received = connected.recv(65536)
    while received[:1].isalpha() and b"\r\n\r\n" not in received and (more := connected.recv(65536)):
        received += more
    return received


def page(body: bytes, status: str = "200 OK", kind: str = "text/html; charset=utf-8", *headers: str) -> bytes:
    """A response with a body."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(url: str, status: str = "302 Found") -> bytes:
    """A response that sends clients elsewhere."""
    return page(b"", status, "text/html", f"Location: {url}")
