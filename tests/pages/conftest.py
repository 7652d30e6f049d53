from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from playwright.sync_api import sync_playwright

from tests.conftest import missing, needs, needs_file
from tests.pages.serving import ARGUMENTS, HEIGHTS, serving
from tests.support.kept import kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Error, Page

ARTEFACTS = Path(__file__).parents[2] / ".artefacts" / "pages"
"""What people look at after a run: screenshots and print-outs."""

AXE = "axe-core-4.14.1"
AXE_SHA512 = (
    "1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b73"
    "4f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5"
)


class OpenPage(Protocol):
    """Opens a page as somebody's browser would; a page of an earlier call with such a browser is gone."""

    def __call__(
        self,
        path: str,
        *,
        host: str = "127.0.0.1",
        width: int = 1280,
        language: str = "ja",
        theme: str = "light",
        **context: Any,
    ) -> Page:
        """`context` is what Playwright's contexts take."""
        ...


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server with the demo and a provider's name and logo: its address, without the name."""
    with serving(tmp_path_factory.mktemp("pages") / "demo") as port:
        yield port


# Not for the whole session: while Playwright is open, its event loop runs, and no other test may start one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, with fonts for Japanese."""
    needs_file("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk")
    needs_file("/usr/lib/*/libatomic.so.1", "libatomic1")  # of the Node.js that Playwright brings
    program = needs("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tabs() -> dict[str, Page]:
    """Tabs by what their browser is like: a new one costs two processes, five times what another page costs."""
    return {}


@pytest.fixture
def open_page(browser: Browser, place: str, tabs: dict[str, Page]) -> Iterator[OpenPage]:
    """Opens pages; whatever a page complains about to its console fails the test."""
    complaints: list[str] = []
    watched: list[Page] = []

    def on_error(error: Error) -> None:
        complaints.append(str(error))

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def open_(
        path: str,
        *,
        host: str = "127.0.0.1",
        width: int = 1280,
        language: str = "ja",
        theme: str = "light",
        **context: Any,
    ) -> Page:
        like = json.dumps([language, context], sort_keys=True)
        if like not in tabs:
            tabs[like] = browser.new_context(locale=language, **context).new_page()
            tabs[like].set_default_timeout(10_000)
        page = tabs[like]
        if page not in watched:
            page.on("pageerror", on_error)
            page.on("console", on_console)
            watched.append(page)
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.goto(f"http://{host}:{place}{path}")
        return page

    yield open_
    for page in watched:
        page.evaluate("localStorage.clear()")  # the page remembers the language
        page.remove_listener("pageerror", on_error)
        page.remove_listener("console", on_console)
    unexpected = [text for text in complaints if "404 (Not Found)" not in text and "400 (Bad Request)" not in text]
    assert unexpected == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, got once by npm."""

    def fetch(folder: Path) -> None:
        command = [needs("npm", "npm"), "pack", AXE.replace("-4", "@4"), "--pack-destination", str(folder)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
        if done.returncode != 0:
            missing(f"npm cannot get {AXE}: {done.stderr.strip()[-200:]}")
        assert hashlib.sha512((folder / f"{AXE}.tgz").read_bytes()).hexdigest() == AXE_SHA512

    with tarfile.open(kept(AXE, fetch) / f"{AXE}.tgz") as archive:
        source = archive.extractfile("package/axe.min.js")
        assert source is not None
        return source.read().decode()
