"""HTTP as mail programs speak it, byte for byte, to a server on the loopback; and their rules for redirects."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

from tests.clients.readers.client import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LIMIT = 60.0
"""Seconds after which a socket gives up."""


class Request(NamedTuple):
    """A request; the URL goes out as it stands, without any encoding but UTF-8."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Answer(NamedTuple):
    """A response."""

    url: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Redirects(Enum):
    """What a program does with a 301, 302, 303, 307 or 308."""

    FOLLOW = auto()
    """Anywhere."""
    NO_DOWNGRADE = auto()
    """Not from https to http (Qt)."""
    SAME_SCHEME = auto()
    """Not to another scheme (Android's HttpURLConnection)."""
    ABSOLUTE = auto()
    """Anywhere, if `Location` is absolute (Delta Chat)."""
    ERROR = auto()
    """They are failures (Himalaya)."""


@dataclass
class Wire:
    """The internet of a test: every name is the server at `port`, TLS ends at a proxy in front of it."""

    port: int
    only: Collection[str] | None = None
    """URLs that can be reached; by default all. Hosts in `always` can be reached nevertheless."""
    always: Collection[str] = ("autoconfig.xbit.jp",)
    asked: list[str] = field(default_factory=list)

    def send(self, request: Request) -> Answer:
        """
        The answer to one request; redirects are answers.

        Raises:
            Refused: there is no connection.
        """
        self.asked.append(f"{request.method} {request.url}")
        scheme, _, rest = request.url.partition("://")
        host, slash, path = rest.partition("/")
        if self.only is not None and request.url not in self.only and host not in self.always:
            raise Refused("no connection")
        headers = {"Host": host, "X-Forwarded-Proto": scheme, "Connection": "close", **request.headers}
        if request.method == "POST":
            headers["Content-Length"] = str(len(request.body))
        lines = [f"{request.method} {slash}{path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        with socket.create_connection(("127.0.0.1", self.port), LIMIT) as connection:
            connection.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode() + request.body)
            with http.client.HTTPResponse(connection, method=request.method) as response:
                response.begin()
                found = {name.lower(): value for name, value in response.getheaders()}
                return Answer(request.url, response.status, found, response.read())


def fetch(wire: Wire, request: Request, rule: Redirects, limit: int = 10) -> Answer:
    """
    The answer after all redirects that the program follows; one that it does not follow is the answer.

    Raises:
        Refused: no connection, too many redirects, or the program takes a redirect as a failure.
    """
    answer = wire.send(request)
    for _ in range(limit):
        target = answer.headers.get("location")
        if answer.status not in {301, 302, 303, 307, 308} or target is None:
            return answer
        if rule is Redirects.ERROR or (rule is Redirects.ABSOLUTE and not urlsplit(target).scheme):
            raise Refused(f"redirected to {target}")
        url = urljoin(answer.url, target)
        before, after = urlsplit(answer.url).scheme, urlsplit(url).scheme
        if (rule is Redirects.SAME_SCHEME and before != after) or (
            rule is Redirects.NO_DOWNGRADE and (before, after) == ("https", "http")
        ):
            return answer
        request = request._replace(url=url)
        answer = wire.send(request)
    raise Refused("redirected too often")


def body_of(answer: Answer, accepted: range = range(200, 300)) -> bytes:
    """
    The body of an answer with an accepted status.

    Raises:
        Refused: it has another status.
    """
    if answer.status not in accepted:
        raise Refused(f"status {answer.status}")
    return answer.body
