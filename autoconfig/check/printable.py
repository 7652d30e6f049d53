"""Strangers' bytes and texts as printable ASCII, so that terminals, logs and pages can show them."""

from __future__ import annotations

LONGEST = 200
"""Characters of a stranger's text that a finding shows."""


def printable(text: str | bytes, longest: int = LONGEST) -> str:
    r"""Write everything but printable ASCII as `\xNN` or `\uNNNN`, and cut what is longer than `longest` characters."""
    if isinstance(text, bytes):
        text = text[: longest + 1].decode("latin-1")
    escaped = "".join(c if " " <= c <= "~" else _escaped(c) for c in text[: longest + 1])
    return escaped if len(escaped) <= longest else f"{escaped[:longest]}..."


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
