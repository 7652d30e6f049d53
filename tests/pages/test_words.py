"""No word is broken in the middle, however narrow the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.web.pages.programs import Program
from tests.pages.serving import HEIGHTS

if TYPE_CHECKING:
    from tests.pages.conftest import OpenPage

# Words as the browser's dictionary (ICU) has them, but for particles, which it divides otherwise than readers do. Of a
# host name that is the pieces between dots. On two lines a word has two rectangles.
BROKEN = r"""() => {
  const broken = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement, box = parent.getBoundingClientRect();
    if (!box.width || parent.closest('.unseen, script, option, h1.paper, svg')) continue;
    const language = parent.closest('[lang]').lang;
    for (const found of new Intl.Segmenter(language, { granularity: 'word' }).segment(node.data)) {
      const pieces = found.segment.matchAll(/[A-Za-z0-9]+|[\p{sc=Han}々ァ-ヺ][\p{sc=Han}々ァ-ヺーぁ-ん]*/gu);
      for (const piece of found.isWordLike ? pieces : []) {
        const range = document.createRange();
        range.setStart(node, found.index + piece.index);
        range.setEnd(node, found.index + piece.index + piece[0].length);
        const lines = [...range.getClientRects()].filter(one => one.width > 1);
        const tops = new Set(lines.map(one => Math.round(one.top / 6)));
        if (tops.size > 1) broken.push(piece[0]);
      }
    }
  }
  return broken;
}"""
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true })"
CUT_OFF = """all => all.filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + .5)
  .filter(one => !one.closest('.unseen, h1.paper, .skip')).map(one => one.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("program", Program)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_program(open_page: OpenPage, program: Program, language: str) -> None:
    """Steps, fields, values and explanations of every program; nothing is cut off or scrolled sideways."""
    for domain in ("old-shop.example", "xn--wgv71a119e.example", "hanako-flowers.example"):
        page = open_page(f"/setup?email=hanako.yamada@{domain}&program={program.value}", width=320, language=language)
        page.evaluate(OPEN_ALL)
        for width in (320, 390):
            page.set_viewport_size({"width": width, "height": HEIGHTS[width]})

            assert page.evaluate(BROKEN) == [], (domain, width)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.locator("main *").evaluate_all(CUT_OFF) == []


@pytest.mark.parametrize("path", ["/", "/setup?email=taro@stranger.example", "/setup?email=taro@gmial.com"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_other_pages(open_page: OpenPage, path: str, language: str) -> None:
    """The form and the pages of problems."""
    page = open_page(path, language=language)
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})

        assert page.evaluate(BROKEN) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_broken_word_is_seen(open_page: OpenPage) -> None:
    """The search sees a word that is broken."""
    page = open_page("/setup?email=taro@sample.co.jp", width=320)
    page.evaluate("document.styleSheets[0].insertRule('#values { width: 3em; word-break: break-all !important }')")
    page.evaluate("document.getElementById('values').textContent = 'Authentication'")

    assert page.evaluate(BROKEN) == ["Authentication"]
