"""Names the encoding of a file that should have been UTF-8: what spreadsheets save unless they are told otherwise."""

from __future__ import annotations

import codecs

_BOMS = {
    codecs.BOM_UTF32_LE: "UTF-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
    b"PK\x03\x04": "a workbook (XLSX, ODS)",
}
# The strictest first: what decodes is very likely that one. EUC-JP often decodes as Shift_JIS too, not the reverse.
_LEGACY = {"euc_jp": "EUC-JP", "cp932": "Shift_JIS"}


def not_utf8(data: bytes) -> str | None:
    """What to say of a file that has to be UTF-8, with or without a byte order mark; `None`: it is."""
    for mark, looks in _BOMS.items():
        if data.startswith(mark):
            return f"is {looks}, not UTF-8"
    if b"\0" in data:
        return "is no text, or UTF-16; not UTF-8"
    if b"\x1b$" in data and _decodes(data, "iso2022_jp"):  # seven bits, so it would pass for UTF-8
        return "looks like ISO-2022-JP, not UTF-8"
    try:
        data.decode()
    except UnicodeDecodeError as error:
        for encoding, looks in _LEGACY.items():
            if _decodes(data, encoding):
                return f"looks like {looks}, not UTF-8"
        line = data.count(b"\n", 0, error.start) + 1
        return f"is not UTF-8; the first character that is not stands on line {line}"
    return None


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
