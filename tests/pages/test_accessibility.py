from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from autoconfig.web.pages.programs import Program
from tests.pages.rules import RULES
from tests.pages.serving import IPHONE

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.pages.conftest import OpenPage

PATHS = {
    "form": "/",
    "values": "/setup?email=taro@old-shop.example",
    "elsewhere": "/setup?email=taro@gmial.com",
    **{
        f"steps of {program.value}": f"/setup?email=taro@old-shop.example&program={program.value}"
        for program in Program
    },
    "note": "/setup?email=taro@hanako-flowers.example",
    "domain": "/setup?email=xn--wgv71a119e.example",
    "unknown": "/setup?email=taro@stranger.example",
}
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.name = ''; one.open = true })"
FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  return {
    name: one.getAttribute('aria-label') || one.innerText || one.id,
    outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
  };
}"""


LOOKS = [("ja", "light", 1280), ("en", "dark", 390), ("ja", "dark", 390), ("en", "light", 1280)]
TRIED = [(path, *look) for path in PATHS for look in (LOOKS if path == "values" else LOOKS[:2])]


@pytest.mark.parametrize(("path", "language", "theme", "width"), TRIED)
def test_rules(open_page: OpenPage, axe: str, path: str, language: str, theme: str, width: int) -> None:
    """axe-core finds nothing, AA contrast among it, with every program open."""
    page = open_page(PATHS[path], language=language, theme=theme, width=width)
    page.evaluate(OPEN_ALL)
    page.evaluate(axe)
    result = page.evaluate(RULES)

    assert [f"{found['id']}: {found['nodes'][0]['html']}" for found in result["violations"]] == []
    assert {"color-contrast", "region", "page-has-heading-one"} <= {passed["id"] for passed in result["passes"]}


def test_landmarks(open_page: OpenPage) -> None:
    """A screen reader finds banner, main, footer, the languages, and each part by its heading."""
    page = open_page(PATHS["values"])

    for role in ("banner", "main", "contentinfo"):
        assert page.get_by_role(role).count() == 1
    assert page.get_by_role("navigation", name="言語").count() == 1
    assert page.get_by_role("region").evaluate_all("all => all.map(one => one.getAttribute('aria-labelledby'))") == [
        "trouble",
        "values",
        "why",
    ]
    assert page.get_by_role("article").get_attribute("aria-labelledby") == "guide-title"
    assert page.get_by_role("navigation", name="お使いの機器・メールソフト").count() == 1
    assert page.get_by_role("group", name="受信", exact=True).count() == 1
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => +one.tagName[1])")
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))


def walk(page: Page, steps: int) -> list[str]:
    """Press Tab so often; what has the focus each time, which has to be seen."""
    names = []
    for _ in range(steps):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUS)
        assert focused["outline"], focused
        assert focused["seen"], focused
        names.append(focused["name"])
    return names


def test_keyboard(open_page: OpenPage) -> None:
    """By keyboard: the address, the devices, the way of receiving, then the steps; each with a visible focus."""
    page = open_page("/setup?email=taro@sample.co.jp", user_agent=IPHONE)

    assert walk(page, 4) == ["本文へ移動", "English", "email", "変更"]
    assert walk(page, 6) == ["iPhone / iPad", "Android", "Outlook", "Thunderbird", "Mac", "その他"]
    assert [name.split()[0] for name in walk(page, 5)] == ["設定値の一覧", "IMAP", "POP", "IMAP", "POP"]
    assert walk(page, 4) == ["name", "反映", "メールアドレスをコピー", "プロファイルを使わずに手動で設定する"]
    page.keyboard.press("Enter")
    expect(page.locator("article details ol")).to_be_visible()


def test_skip_link(open_page: OpenPage) -> None:
    """The first stop leads past the header."""
    page = open_page("/setup?email=taro@sample.co.jp")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()
    assert walk(page, 1) == ["email"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_theme(open_page: OpenPage, theme: str) -> None:
    """The page is as dark or light as the reader's system."""
    background = open_page("/", theme=theme).evaluate("getComputedStyle(document.body).backgroundColor")

    assert background == {"light": "rgb(244, 246, 248)", "dark": "rgb(22, 25, 29)"}[theme]


def test_large_text(open_page: OpenPage) -> None:
    """With letters twice as large (WCAG 1.4.4) nothing has to be scrolled sideways."""
    page = open_page(PATHS["values"], width=1280)
    page.evaluate("document.styleSheets[0].insertRule('html { font-size: 200% }')")

    assert page.evaluate("document.documentElement.scrollWidth") == 1280
