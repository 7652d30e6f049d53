"""
The head of a request as the connection reads it: where its body ends, and what uvicorn gets to see.

Only a head without any doubt says where the next request begins: the grammar of RFC 9112 to the letter, and one
Content-Length, `Transfer-Encoding: chunked`, or neither. After any other head nothing may pass for a request.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.server.refusal import Refusal, invalid
from autoconfig.server.request_body import TOKEN, VALUE, Chunked, Endless, Sized
from autoconfig.server.request_target import encoded, origin_form

if TYPE_CHECKING:
    from autoconfig.server.request_body import Framing

_BEGINS = re.compile(rb"[A-Z-]{1,24}+(?>(?: [\x20-\x7e\x80-\xff]*+)?)(?>(?:\r\n?+(?s:.*+))?)")
_FIRST = 32
"""Octets of a head that are checked before it is complete."""

# RFC 9112 sections 3 and 5. Raw octets of a target are percent-encoded for uvicorn (`request_target`).
_LINE = re.compile(rb"([A-Z][A-Z-]*+) ([!-~\x80-\xff]++) (HTTP/1\.[01])\r\n")
_FIELDS = re.compile(rb"(?>(?:%b:%b\r\n)*)(?:\r\n)?" % (TOKEN, VALUE))
_NAMES = (b"content-length", b"transfer-encoding", b"upgrade", b"expect")
_FRAMING = re.compile(rb"(?im)^(content-length|transfer-encoding|upgrade|connection|expect)[ \t]*+:([^\r\n]*+)")
_ABSOLUTE = re.compile(rb"(?i:https?)://([A-Za-z0-9._~%:@\[\]!$&'()*+,;=-]++)(?:[/?].*)?")
_LENGTH = re.compile(rb"[0-9]{1,18}")


class Head(NamedTuple):
    """The head of a request."""

    octets: bytes
    """As uvicorn gets it."""
    target: bytes
    """As it came, without raw octets; the whole first line if that cannot be read."""
    body: Framing
    absolute: bool
    """Whether the target names a host, which uvicorn does not get to see."""
    old: bool
    """Whether it is of HTTP/1.0."""
    expects: bool
    """Whether the client may wait to be asked for the body, and go on without it."""

    @property
    def is_strict(self) -> bool:
        """Whether it leaves no doubt about where the body ends."""
        return not isinstance(self.body, Endless)


def read_head(octets: bytes) -> Head:
    """
    Read the head of a request, up to and with the empty line.

    Raises:
        Refusal: the target has a user name.
    """
    found = _LINE.match(octets)
    if found is None:
        line, end, fields = octets.partition(b"\n")
        return Head(encoded(line) + end + fields, line, Endless(), absolute=False, old=False, expects=False)
    method, raw, version = found.groups()
    target, old = encoded(raw), version == b"HTTP/1.0"
    authority = _ABSOLUTE.fullmatch(target) if target[:1] != b"/" else None
    if authority and b"@" in authority[1]:
        raise invalid()  # a user name would obscure the host (RFC 9110 section 4.2.4)
    absolute = authority is not None
    fed = origin_form(target, [], host_needed=True) if absolute else target
    strict = _FIELDS.fullmatch(octets, found.end()) is not None
    of = _framing(octets, found.end())
    body: Framing
    if method == b"CONNECT" or (b"upgrade" in of and b"upgrade" in b",".join(of.get(b"connection", [])).lower()):
        body = Endless(read=False)  # all that follows is of another protocol, also a body
    elif not strict:
        body = Endless()
    else:
        body = _body(of.get(b"content-length", []), of.get(b"transfer-encoding", []), old=old) if of else Sized(0)
    if fed is not raw:
        octets = b"%b %b %b\r\n%b" % (method, fed, version, octets[found.end() :])
    return Head(octets, target, body, absolute=absolute, old=old, expects=b"expect" in of)


def _framing(octets: bytes, begin: int) -> dict[bytes, list[bytes]]:
    """The values of headers that say where the body ends, by their names in small letters."""
    found: dict[bytes, list[bytes]] = {}
    small = octets.lower()
    if any(name in small for name in _NAMES):  # most requests have none, and a search for each is fast
        for name, value in _FRAMING.findall(octets, begin):
            found.setdefault(name.lower(), []).append(value.strip(b" \t"))
    return found


def _body(lengths: list[bytes], encodings: list[bytes], *, old: bool) -> Framing:
    """The body behind a head with these values of Content-Length and Transfer-Encoding."""
    match lengths, encodings:
        case [], []:
            return Sized(0)
        case [length], [] if _LENGTH.fullmatch(length):
            return Sized(int(length))
        case [], [encoding] if encoding.lower() == b"chunked" and not old:
            return Chunked()
        case _:
            return Endless()


class HeadSearch:
    """Looks for the end of a head in what has arrived of it, and never twice in the same octets."""

    def __init__(self, most_octets: int, most_headers: int) -> None:
        self._most_octets, self._most_headers = most_octets, most_headers
        self._searched = self._lines = self._readable = 0

    def end_in(self, unread: bytearray) -> int:
        """
        The octets of the head at the beginning of `unread`, whose empty lines are removed; 0 if it is incomplete.

        Raises:
            Refusal: the head is too large, or cannot become one.
        """
        if unread[0] in b"\r\n":  # RFC 9112 section 2.2
            del unread[: len(unread) - len(unread.lstrip(b"\r\n"))]
        end = unread.find(b"\r\n\r\n", max(0, self._searched - 3)) + 4
        whole = end > 3
        self._lines += unread.count(b"\n", self._searched, end if whole else len(unread))
        if unread and not whole and not self._may_go_on(unread):
            raise invalid()
        if end > self._most_octets or (not whole and len(unread) >= self._most_octets):
            raise Refusal(431, f"The head of the request is larger than {self._most_octets >> 10} KiB.\n")
        if self._lines > self._most_headers + (2 if whole else 1):
            raise Refusal(431, f"The request has more than {self._most_headers} headers.\n")  # RFC 6585 section 5
        if not whole:
            self._searched = len(unread)
            return 0
        self._searched = self._lines = self._readable = 0
        return end

    def _may_go_on(self, unread: bytearray) -> bool:
        """Whether the beginning of a head is one. What can be seen of it is refused before it is complete."""
        begin = self._readable or unread.find(b"\n") + 1
        self._readable = end = unread.rfind(b"\n") + 1
        if not self._searched and not _BEGINS.fullmatch(unread[:_FIRST]):
            return False
        return _FIELDS.fullmatch(unread[begin:end]) is not None
