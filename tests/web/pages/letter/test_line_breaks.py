from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.web.pages.letter.line_breaks import COLUMNS, broken, columns, padded

URL = "https://autoconfig.xbit.jp/setup?email=taro%40hanako-flowers.example&program=thunderbird-android&lang=ja"

# Signs count: a line cannot begin with them.
TOGETHER = re.compile("[^ あア漢]{30}")

BROKEN = {
    "short": ("短い行です。", "短い行です。"),
    "empty lines stay": ("a\n\nb", "a\n\nb"),
    "between phrases": (
        "平素よりエックスビット株式会社のサービスをご利用いただき、誠にありがとうございます。",
        "平素よりエックスビット株式会社のサービスをご利用いただき、\n誠にありがとうございます。",
    ),
    "before a bracket, and hanging below a number": (
        "3. お名前とメールアドレス taro@hanako-flowers.example を入力し、「次へ」をタップします。",
        "3. お名前とメールアドレス taro@hanako-flowers.example を入力し、\n   「次へ」をタップします。",
    ),
    "before what makes a word polite": (
        "お使いの機器やメールソフトに合わせた手順を、次のページでご案内しております。",
        "お使いの機器やメールソフトに合わせた手順を、次のページで\nご案内しております。",
    ),
    "hanging below a sign": (
        "  ※認証方式の「暗号化されたパスワード認証」は、メールソフトによっては CRAM-MD5 などと表示されます。",
        "  ※認証方式の「暗号化されたパスワード認証」は、メールソフトによっては\n    CRAM-MD5 などと表示されます。",
    ),
    "English": (
        "  IMAP keeps mail on the server, the same on the computer and on the phone; POP fetches it.",
        "  IMAP keeps mail on the server, the same on the computer and on the\n  phone; POP fetches it.",
    ),
    "never within a URL": (f"次のページをご覧ください：{URL}", f"次のページをご覧ください：\n{URL}"),
    "a word that is longer than a line": (
        "ー" + "あ" * 8 + "漢字" * 20,
        "ー" + "あ" * 8 + "漢字" * 13 + "漢\n字" + "漢字" * 6,
    ),
    "no stop at the beginning of a line": ("漢" * 36 + "、字", "漢" * 35 + "\n漢、字"),
}


@pytest.mark.parametrize(("text", "lines"), BROKEN.values(), ids=BROKEN)
def test_broken(text: str, lines: str) -> None:
    """Lines end where a reader pauses, and no host name, address or URL is divided."""
    assert broken(text) == lines


PIECES = [*"あア漢ー、。（「」) aB.:/※1", "a" * 80, URL]


@given(st.lists(st.sampled_from(PIECES), max_size=120).map("".join))
def test_nothing_is_lost(text: str) -> None:
    """Only spaces change, and a line is too long only for letters or signs that stay together."""
    made = broken(text)

    assert "".join(made.split()) == "".join(text.split())
    assert [line for line in made.split("\n") if columns(line) > COLUMNS and not TOGETHER.search(line)] == []


def test_padded() -> None:
    """Labels in both kinds of letters are equally wide."""
    assert [padded("認証", 8), padded("Port", 8), padded("※", 3)] == ["認証    ", "Port    ", "※ "]
