"""
Break the lines of a plain text, as Japanese hosts do: at about 35 full-width characters, and never within a host name
or a URL.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = 72
"""Most columns of a line: 36 full-width characters. RFC 5322 section 2.1.1 wants no more than 78."""

_HIRAGANA = "\u3041-\u309f"
_CLOSED = "）」』】〉》］｝"
_STOPS = "、。，．・：；？！…"
# Spaces; or a phrase of a Japanese sentence, which is hiragana and the stops after what they belong to. A run of other
# letters is one too, and ご or お begins the word that it makes polite.
_PHRASE = re.compile(
    rf" +|[{_HIRAGANA}]*[^ {_HIRAGANA}{_STOPS}]*[{_HIRAGANA}{_CLOSED}]*(?!(?<=[ごお])[\u4e00-\u9fff])[{_STOPS}]*"
)
# A phrase that is longer than a line ends where one of its characters may begin the next (JIS X 4051).
_PIECE = re.compile(
    rf"[（「『【〈《［｛]*(?:[\x21-\x7e]+|.)[ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ{_CLOSED}{_STOPS}]*"
)
# What the next lines of a paragraph are indented by: spaces, a number or a sign, the label of an aligned value.
_HANGING = re.compile(r" *(?:\d+\. |[・※▼] ?|[^<>:]{1,35} : )?")


def columns(text: str) -> int:
    """How many columns a text takes in a font for Japanese, where signs such as ※ are as wide as a kanji."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def padded(text: str, width: int) -> str:
    """A text with spaces after it, so that it takes `width` columns."""
    return text + " " * (width - columns(text))


def broken(text: str) -> str:
    """The text with every line that is longer than `COLUMNS` broken, where that is possible."""
    return "\n".join(part for line in text.split("\n") for part in _parts(line.rstrip()))


def _parts(line: str) -> Iterator[str]:
    if columns(line) <= COLUMNS:
        yield line
        return
    hanging = _HANGING.match(line)
    begun = hanging[0] if hanging else ""
    rest, indent = line[len(begun) :], " " * columns(begun)
    used, is_empty = columns(begun), True
    for unit in _units(rest, COLUMNS - used):
        width = columns(unit)
        if used + width > COLUMNS and not is_empty:
            yield begun.rstrip()
            begun, used, is_empty = indent, len(indent), True
        if not (is_empty and unit.isspace()):
            begun, used, is_empty = begun + unit, used + width, False
    yield begun.rstrip()


def _units(text: str, room: int) -> Iterator[str]:
    """What stays on one line: phrases, and pieces of those that no line has room for."""
    for phrase in filter(None, _PHRASE.findall(text)):
        if columns(phrase) <= room:
            yield phrase
        else:
            yield from _PIECE.findall(phrase)
