"""Make characters visible that a terminal or a reader of logs would obey or hide."""

from __future__ import annotations

import json
import unicodedata

# Zero-width joiner and non-joiner belong to words and emoji; they change nothing around them.
_JOINERS = "\u200c\u200d"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def is_hidden(character: str) -> bool:
    """Whether a character is a control or format character, a line or paragraph separator, or a lone surrogate."""
    return unicodedata.category(character) in _HIDDEN


def visible(text: str, *, keep: str = "") -> str:
    r"""
    Write hidden characters as JSON does, such as `\u001b`; keep all others, and those in `keep`.

    A JSON document stays the same document.
    """
    if text.isprintable():
        return text
    kept = keep + _JOINERS
    return "".join(
        json.dumps(character)[1:-1] if is_hidden(character) and character not in kept else character
        for character in text
    )
