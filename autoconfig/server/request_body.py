"""
Where the body of a request ends.

uvicorn's parser gets exactly one request, in a form without doubt: chunks are written anew, and their extensions and
trailers are left out. Trailers must not be treated as headers (RFC 9110 section 6.5.1): proxies pass them on
unchecked, so a client could claim another address in them.
"""

from __future__ import annotations

import re
from typing import Protocol

from autoconfig.server.refusal import invalid

LONGEST_LINE = 65536
"""Largest line between chunks or of trailers, in octets."""
MOST_LINES = 16384
"""Chunks and trailers of a body: each takes more time than its octets."""

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
VALUE = rb"[\t\x20-\x7e\x80-\xff]*+"
"""A header's name and value (RFC 9110 sections 5.1 and 5.5)."""
# RFC 9112 section 7.1; twelve digits are more than any size that is accepted.
_SIZE = re.compile(rb'([0-9A-Fa-f]{1,12})(?>(?:;%b(?>(?:=(?:%b|"[\t !#-\[\]-~\x80-\xff]*+"))?))*)\r\n' % (TOKEN, TOKEN))
_TRAILER = re.compile(rb"%b:%b\r\n" % (TOKEN, VALUE))


class Framing(Protocol):
    """The rest of a request's body."""

    complete: bool

    def take(self, octets: bytearray, /) -> bytes:
        """
        Take what belongs to the body from the beginning of `octets`; return what the parser is to read of it.

        Raises:
            Refusal: the octets cannot be read, and nothing behind them.
        """
        ...


class Sized:
    """A body of so many octets."""

    def __init__(self, length: int) -> None:
        self.left, self.complete = length, not length

    def take(self, octets: bytearray) -> bytes:
        """Take as `Framing` says."""
        piece = bytes(octets[: self.left])
        del octets[: self.left]
        self.left -= len(piece)
        self.complete = not self.left
        return piece


class Endless:
    """What follows a head that leaves a doubt: all of it, and never another request."""

    complete = False

    def __init__(self, *, read: bool = True) -> None:
        """`read`: whether the parser reads it; behind a request for another protocol it cannot."""
        self._to_be_read = read

    def take(self, octets: bytearray) -> bytes:
        """Take as `Framing` says."""
        piece = bytes(octets)
        octets.clear()
        return piece if self._to_be_read else b""


class Chunked:
    """A body in chunks."""

    def __init__(self) -> None:
        self.complete = False
        self._left = 0
        """Octets of the present chunk that are missing."""
        self._read = self._size
        """Reads the next line."""
        self._lines = 0
        self._searched = 0

    def take(self, octets: bytearray) -> bytes:
        """Take as `Framing` says."""
        pieces: list[bytes] = []
        while octets and not self.complete:
            if self._left:
                piece = bytes(octets[: self._left])
                del octets[: self._left]
                self._left -= len(piece)
                pieces.append(b"%x\r\n%b\r\n" % (len(piece), piece))
            elif (end := octets.find(b"\n", self._searched) + 1) or len(octets) > LONGEST_LINE:
                self._lines += 1
                if not end or self._lines > 2 * MOST_LINES:
                    raise invalid()
                line, self._searched = bytes(octets[:end]), 0
                del octets[:end]
                self._read(line)
            else:
                self._searched = len(octets)
                break
        if self.complete:
            pieces.append(b"0\r\n\r\n")
        return b"".join(pieces)

    def _size(self, line: bytes) -> None:
        found = _SIZE.fullmatch(line)
        if found is None:
            raise invalid()
        self._left = int(found[1], 16)
        self._read = self._end if self._left else self._trailer

    def _end(self, line: bytes) -> None:
        if line != b"\r\n":
            raise invalid()
        self._read = self._size

    def _trailer(self, line: bytes) -> None:
        if line == b"\r\n":
            self.complete = True
        elif not _TRAILER.fullmatch(line):
            raise invalid()
