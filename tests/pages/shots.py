"""
Pictures of every page for people to look at: `make shots`. All domains of the demo, programs, languages and two widths,
in .artefacts/shots/, named so that what belongs together stands together. `make shots SHOTS=readme` takes the one that
the README shows, docs/page.png.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from autoconfig.web.pages.programs import Program, at_hand
from tests.conftest import needs
from tests.pages.serving import ANDROID, ARGUMENTS, HEIGHTS, IPHONE, MAC, WINDOWS, serving
from tests.support.demo import DOMAINS

SHOTS = Path(__file__).parents[2] / ".artefacts" / "shots"
README = Path(__file__).parents[2] / "docs" / "page.png"
OTHER_PAGES = {"form": "/", "unknown": "/setup?email=taro@stranger.example", "gmail": "/setup?email=taro@gmial.com"}


def main(wanted: str = "") -> None:
    """Take the pictures whose name has `wanted` in it."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    paths = {
        f"{domain}-{program.value}": f"/setup?email=hanako@{domain}&program={program.value}"
        for domain in DOMAINS
        for program in Program
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "demo") as port,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=needs("chromium", "chromium"), args=ARGUMENTS)
        if wanted == "readme":
            page = browser.new_page(viewport={"width": 1000, "height": 880}, locale="en", user_agent=WINDOWS)
            page.goto(f"http://127.0.0.1:{port}/setup?email=hanako@sample.co.jp&program=thunderbird")
            page.screenshot(path=README)
            return
        for name, path in {**OTHER_PAGES, **paths}.items():
            for language in ("ja", "en"):
                for width in (390, 1280):
                    picture = f"{name}-{language}-{width}.png"
                    if wanted not in picture:
                        continue
                    agents = (IPHONE, ANDROID) if width == 390 else (MAC, WINDOWS)
                    agent = next((one for one in agents if f"program={at_hand(one)}" in path), agents[-1])
                    context = browser.new_context(
                        viewport={"width": width, "height": HEIGHTS[width]},
                        locale=language,
                        user_agent=agent,
                        color_scheme="dark" if "yamada" in name else "light",
                    )
                    page = context.new_page()
                    page.goto(f"http://127.0.0.1:{port}{path}")
                    page.screenshot(path=SHOTS / picture, full_page=True)
                    context.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
