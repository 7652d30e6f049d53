"""HTTP/1.1 requests as mail programs send them, and responses of strangers, parsed within limits by http.client."""

from __future__ import annotations

import http.client
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_OCTETS = 48 * 1024
"""
Octets of a response that are read, with its head; a document has a few KiB. What is longer is cut off: the beginning
of a page tells what it is. With TLS around them they still are less than a stream reads.
"""
LONGEST_FIELD = 300
"""Characters of a header field that are kept."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses by which a response sends clients to another URL (RFC 9110 section 15.4)."""

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FINAL = re.compile(rb"\AHTTP/1\.[01] [2-5]\d\d")
_INTERIM = re.compile(rb"HTTP/1\.[01] 1\d\d")
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request of a mail program."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def host(self) -> str:
        """The host of the URL."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port of the URL."""
        return urlsplit(self.url).port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        """Whether it is sent over TLS."""
        return urlsplit(self.url).scheme == "https"

    def octets(self) -> bytes:
        """What is sent. No compression is offered, and the server is asked to close the connection."""
        parts = urlsplit(self.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"{self.method} {target} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Accept: */*",
            "Accept-Encoding: identity",
        ]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("ascii") + self.body


@dataclass(frozen=True, slots=True)
class WebReply:
    """A response, as far as it was read."""

    url: str
    """The URL that answered, after redirects."""
    status: int
    content_type: str
    location: str
    body: bytes
    trail: tuple[str, ...] = ()
    """The URLs that redirected here."""
    last_modified: str = ""


def redirect_target(reply: WebReply) -> str:
    """The URL that a response redirects to; empty if it redirects nowhere that a client could go."""
    if reply.status not in REDIRECTS or not reply.location:
        return ""
    try:
        target = urljoin(reply.url, reply.location)
        parts = urlsplit(target)
        _ = parts.port  # raises ValueError for other text than a number
    except ValueError:
        return ""
    plain = target.isascii() and target.isprintable() and " " not in target
    usable = plain and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
    return target.partition("#")[0] if usable else ""


class ReplyInvalid(Exception):
    """The octets received cannot be read as an HTTP response."""


def is_complete(received: bytes) -> bool:
    """Whether nothing more is to be read, although the server keeps the connection open."""
    if len(received) >= MOST_OCTETS:
        return True
    received = _final(received)
    end = _HEAD_END.search(received)
    if end is None:
        return False
    head, rest = received[: end.start()].lower(), received[end.end() :]
    if re.search(rb"\ntransfer-encoding:[ \t]*chunked", head):
        return rest.endswith(b"0\r\n\r\n")
    length = re.search(rb"\ncontent-length:[ \t]*(\d{1,18})", head)
    if length is not None:
        return len(rest) >= int(length.group(1))
    return _FINAL.match(head.upper()) is not None and int(head[9:12]) in _BODILESS


def parsed_reply(url: str, received: bytes) -> WebReply:
    """
    Read a response; a body that was cut off at `MOST_OCTETS` is kept as far as it came.

    Raises:
        ReplyInvalid: it is not an HTTP response, or ends early.
    """
    final = _final(received)
    if _HEAD_END.search(final) is None:
        raise ReplyInvalid("the head of the response does not end")
    response = http.client.HTTPResponse(_Received(final))  # type: ignore[arg-type] # it only makes a file of it
    try:
        response.begin()
        body = response.read()
    except http.client.IncompleteRead as error:
        if len(received) < MOST_OCTETS:
            raise ReplyInvalid("the response ends early") from error
        body = error.partial
    except (http.client.HTTPException, ValueError, OverflowError) as error:
        raise ReplyInvalid("it cannot be read as an HTTP response") from error
    return WebReply(
        url,
        response.status,
        _field(response, "Content-Type"),
        _field(response, "Location"),
        body,
        last_modified=_field(response, "Last-Modified"),
    )


def _final(received: bytes) -> bytes:
    """What comes after all interim responses (RFC 9110 section 15.2), of which http.client knows one kind."""
    start = 0
    while _INTERIM.match(received, start) and (end := _HEAD_END.search(received, start)) is not None:
        start = end.end()
    return received[start:]


def _field(response: http.client.HTTPResponse, name: str) -> str:
    return (response.getheader(name) or "")[:LONGEST_FIELD]


class _Received:
    """What http.client wants of a socket: a file to read."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._received)
