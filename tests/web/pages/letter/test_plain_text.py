from __future__ import annotations

import pytest

from autoconfig.settings import PageLanguage
from autoconfig.web.pages.letter.plain_text import plain, plain_lines

JA, EN = PageLanguage.JA, PageLanguage.EN

LINES = {
    "paragraphs": (EN, "<p>One\n  line</p><p>Two &amp; <wbr>more</p>", "One line\nTwo & more"),
    "steps": (
        JA,
        "<ol><li>開く<p>ご注意</p></li><li>閉じる</li></ol><h3>手動</h3><ol><li>入力</li></ol>",
        "1. 開く\n   ご注意\n2. 閉じる\n\n\n▼ 手動\n1. 入力\n",
    ),
    "heading": (EN, "<h3>By hand</h3>", "\nBy hand:"),
    "bold words": (EN, "<p>Tap <b>Next</b>. <b>Mind this:</b> no</p>", "Tap “Next”. Mind this: no"),
    "Japanese ones have brackets": (JA, "<p>「<b>次へ</b>」をタップ</p>", "「次へ」をタップ"),
    "links": (
        EN,
        '<ul><li><a href="https://a.example/">A</a></li><li><a href="https://b.example">https://b.example</a></li></ul>',
        "- A <https://a.example/>\n- https://b.example\n",
    ),
    "values": (
        JA,
        (
            "<ol><li>入力<table><tr><th>認証</th><td>なし</td></tr><tr><th>ポート</th><td>1</td></tr>"
            f"<tr><th>{'長' * 18}</th><td>オン</td></tr></table></li></ol>"
        ),
        f"1. 入力\n     認証   : なし\n     ポート : 1\n     {'長' * 18}\n            : オン\n",
    ),
    "what nobody can read": (
        EN,
        "<p>a</p><svg><text>x</text></svg><form>y<button>z</button></form><figure>f</figure><p>b</p>",
        "a\nb",
    ),
}


@pytest.mark.parametrize(("language", "html", "text"), LINES.values(), ids=LINES)
def test_lines(language: PageLanguage, html: str, text: str) -> None:
    """The elements of our templates become lines that read the same."""
    assert plain_lines(html, language) == text


def test_words() -> None:
    """A word of the catalogue loses its markup and the joiners that keep browsers from dividing it."""
    assert plain("<b>認証\u2060方\u2060式</b> &lt;1&gt;") == "認証方式 <1>"
