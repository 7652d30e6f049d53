"""Guess the encoding of a file that should have been UTF-8; spreadsheets often save another one by default."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOMS = {
    codecs.BOM_UTF32_LE: "UTF-32",  # before UTF-16: it begins with the same bytes
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
    b"PK\x03\x04": "a workbook (XLSX, ODS)",
}
# The strictest first: EUC-JP often decodes as Shift_JIS too, but not the reverse.
_LEGACY = {"euc_jp": "EUC-JP", "cp932": "Shift_JIS"}


_CHUNK = 1 << 20


def not_utf8(file: BinaryIO) -> str | None:
    """
    The problem of a file that is not UTF-8; `None`: it is UTF-8, with or without a byte order mark.

    The file must be seekable. It is read in pieces, up to five times, and is left at its beginning.
    """
    try:
        return _problem(file)
    finally:
        file.seek(0)


def _problem(file: BinaryIO) -> str | None:
    file.seek(0)
    start = file.read(max(map(len, _BOMS)))
    for mark, looks in _BOMS.items():
        if start.startswith(mark):
            return f"is {looks}, not UTF-8"
    if _has(file, b"\0"):
        return "is not text, or UTF-16; not UTF-8"
    if _has(file, b"\x1b$") and _undecodable(file, "iso2022_jp") is None:  # also valid UTF-8, as it is seven-bit
        return "looks like ISO-2022-JP, not UTF-8"
    line = _undecodable(file, "utf-8")
    if line is None:
        return None
    for encoding, looks in _LEGACY.items():
        if _undecodable(file, encoding) is None:
            return f"looks like {looks}, not UTF-8"
    return f"is not UTF-8; the first invalid character is on line {line}"


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_CHUNK):
        yield piece


def _has(file: BinaryIO, octets: bytes) -> bool:
    last = b""
    for piece in _pieces(file):
        if octets in piece or octets in last + piece[: len(octets) - 1]:
            return True
        last = piece[len(piece) - len(octets) + 1 :]
    return False


def _undecodable(file: BinaryIO, encoding: str) -> int | None:
    """The line of the first character that the encoding does not have; `None`: it can decode all."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    try:
        for piece in _pieces(file):
            decoder.decode(piece)
            line += piece.count(b"\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return line + error.object.count(b"\n", 0, error.start)
    except UnicodeError:  # "pending buffer overflow" of an unfinished escape sequence
        return line
    return None
