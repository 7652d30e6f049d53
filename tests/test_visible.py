from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.visible import is_hidden, visible

TEXTS = {
    "plain": ("customer.example", "customer.example"),
    "Japanese": ("日本語　メール", "日本語　メール"),
    "an escape sequence": ("\x1b]0;owned\x07", r"\u001b]0;owned\u0007"),
    "a control sequence in one octet": ("\x9b31m", r"\u009b31m"),
    "text that turns around": ("a\u202eb", r"a\u202eb"),
    "line ends": ("a\r\nb\u2028c\u2029d", r"a\r\nb\u2028c\u2029d"),
    "soft hyphen and zero width space": ("a\u00adb\u200b", r"a\u00adb\u200b"),
    "joiners": ("a\u200db\u200c", "a\u200db\u200c"),
    "half of a pair": ("\udcff", r"\udcff"),
    "beyond the first plane": ("\U000e0001", r"\udb40\udc01"),
    "emoji": ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS)
def test_visible(text: str, expected: str) -> None:
    """What a terminal would obey or hide is written out; what people read stays."""
    assert visible(text) == expected


def test_keep() -> None:
    """Line ends stay where lines are meant."""
    assert visible("a\n\tb\x1b\n", keep="\n\t") == "a\n\tb\\u001b\n"


@given(st.text())
def test_json(text: str) -> None:
    """A JSON document stays the same document, and has nothing hidden in it."""
    document = json.dumps({"value": text}, ensure_ascii=False, indent=2)
    shown = visible(document, keep="\n")

    assert json.loads(shown) == {"value": text}
    assert not any(is_hidden(character) for character in shown if character not in "\n\u200c\u200d")
