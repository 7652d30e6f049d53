from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.pages.conftest import ARTEFACTS
from tests.pages.serving import HEIGHTS

if TYPE_CHECKING:
    from tests.pages.conftest import OpenPage

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SCREENS = {
    "form": "/",
    "shared": "/setup?email=hanako@hanako-flowers.example",
    "legacy": "/setup?email=info@old-shop.example&program=outlook-classic",
    "unknown": "/setup?email=taro@stranger.example",
}


@pytest.mark.parametrize("name", SCREENS)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_screens(open_page: OpenPage, name: str, language: str) -> None:
    """Screenshots for people to look at: a phone's and a computer's width, both languages, dark and light."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page = open_page(SCREENS[name], language=language)
    for width, height in HEIGHTS.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            picture = page.screenshot(full_page=True, path=ARTEFACTS / f"{name}-{width}-{language}-{theme}.png")

            assert picture.startswith(b"\x89PNG")
