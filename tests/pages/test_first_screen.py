"""What is seen without scrolling, by position: the reader's own device, and what to do first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pages.serving import ANDROID, HEIGHTS, IPHONE, MAC, WINDOWS
from tests.support.demo import DOMAINS

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.pages.conftest import OpenPage

READERS = {
    "iPhone": (IPHONE, 390, {"iphone"}),
    "Android": (ANDROID, 390, {"gmail", "thunderbird-android"}),
    "Windows": (WINDOWS, 1280, {"outlook"}),
    "Mac": (MAC, 1280, {"mac"}),
}
# Filled with the accent colour of the demo, whatever the class is called.
FILLED = """all => all.filter(one => getComputedStyle(one).backgroundColor === 'rgb(29, 95, 166)')
  .map(one => one.href || one.innerText)"""


def bottom(one: Locator) -> float:
    """Where something ends, from the top of the page."""
    return one.evaluate("one => one.getBoundingClientRect().bottom + scrollY")  # type: ignore[no-any-return]


def page_of(open_page: OpenPage, reader: str, domain: str, language: str) -> tuple[Page, set[str], int]:
    """The page as that reader's browser shows it first, the programs that fit, and the height of a screen."""
    user_agent, width, programs = READERS[reader]
    page = open_page(f"/setup?email=taro@{domain}", width=width, language=language, user_agent=user_agent)
    return page, programs, HEIGHTS[width]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("reader", READERS)
def test_first_screen(open_page: OpenPage, reader: str, language: str, domain: str) -> None:
    """The address, the choice of the device with the reader's own chosen, and the whole first step."""
    page, programs, height = page_of(open_page, reader, domain, language)
    current = page.locator("nav.devices [aria-current]")
    card = page.locator("article[data-program]")

    assert current.get_attribute("data-program") in programs
    assert card.get_attribute("data-program") == current.get_attribute("data-program")
    assert bottom(page.locator("#email")) <= height
    assert bottom(page.locator("nav.devices")) <= height
    first = card.locator("[data-step='1']")
    if reader in {"iPhone", "Mac"}:  # the profile is in it, and the sender's name below
        assert first.evaluate("one => one.getBoundingClientRect().top") <= height - 40
        profile = card.locator("a.primary[href*='.mobileconfig']").first
        assert bottom(profile) <= 2 * height
    else:
        assert bottom(first) <= height


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("reader", READERS)
def test_primary_buttons(open_page: OpenPage, reader: str, domain: str) -> None:
    """Only primary buttons are filled: on Apple devices the profiles, elsewhere what to take instead, or none."""
    page, _, _ = page_of(open_page, reader, domain, "en")
    filled = page.locator("a, button").evaluate_all(FILLED)

    assert filled == page.locator(".primary").evaluate_all("all => all.map(one => one.href || one.innerText)")
    profiles = [one for one in filled if ".mobileconfig" in one]
    assert profiles == (filled if reader in {"iPhone", "Mac"} else [])


def test_start(open_page: OpenPage) -> None:
    """The empty form has one button, and it is filled."""
    assert open_page("/", language="en").locator("a, button").evaluate_all(FILLED) == ["Show the steps"]
