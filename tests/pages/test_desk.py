from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.pages.rules import RULES

if TYPE_CHECKING:
    from tests.pages.conftest import OpenPage

SHEET = "/desk?address=taro@old-shop.example"


@pytest.mark.parametrize(("language", "theme", "width"), [("ja", "light", 390), ("en", "dark", 1280)])
def test_rules(open_page: OpenPage, axe: str, language: str, theme: str, width: int) -> None:
    """axe-core finds nothing at the desk, and nothing on the page is wider than a phone."""
    page = open_page(SHEET, language=language, theme=theme, width=width)
    page.evaluate(axe)
    result = page.evaluate(RULES)

    assert [f"{found['id']}: {found['nodes'][0]['html']}" for found in result["violations"]] == []
    assert {"color-contrast", "region", "page-has-heading-one"} <= {passed["id"] for passed in result["passes"]}
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_call(open_page: OpenPage) -> None:
    """
    A call at the desk on a phone: the beginning of the name, the domain, a check, which a real browser may start from
    the page, and a link to send.
    """
    page = open_page("/desk", width=390)
    page.get_by_label("お客様のメールアドレスまたはドメイン").fill("samp")
    page.get_by_role("button", name="調べる").click()
    page.get_by_role("link", name="sample.co.jp").click()
    page.get_by_role("button", name="今すぐ確認する").click()
    expect(page).to_have_url(re.compile(r"/desk\?address=sample\.co\.jp$"))
    check = page.get_by_role("region", name="最近の確認結果")
    expect(check).to_contain_text(re.compile("このドメインを確認しています。|で確認。"))
    expect(check).to_contain_text("で確認。", timeout=60_000)
    page.get_by_role("button", name="コピー: 設定ページ (日本語)").click()
    expect(page.get_by_role("button", name="コピー: 設定ページ (日本語)")).to_have_text("コピーしました")
