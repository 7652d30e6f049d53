from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from playwright.sync_api import sync_playwright

from autoconfig.cli.init import init
from tests.conftest import missing, needs, needs_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ARTEFACTS = Path(__file__).parents[2] / ".artefacts" / "pages"
"""What people look at after a run: screenshots and print-outs."""

AXE = "axe-core-4.14.1"
AXE_SHA512 = (
    "1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b73"
    "4f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5"
)

LOGO = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 180 40">
<rect x="2" y="6" width="38" height="28" rx="4" fill="#1d5fa6"/>
<path d="M4 10l17 13 17-13" fill="none" stroke="#fff" stroke-width="3"/>
<text x="50" y="28" font-family="sans-serif" font-weight="700" font-size="22" fill="#1d5fa6">example</text></svg>"""

SETTINGS = """
provider_name = { ja = "例のホスティング", en = "Example Hosting" }
provider_logo = "logo.svg"
support_url = "https://www.provider.example/support"
support_phone = "03-1234-5678"
"""

# All names lead to this machine, so that `autoconfig.DOMAIN` is asked as a customer would; nothing goes elsewhere.
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * 127.0.0.1",
]


class OpenPage(Protocol):
    """Opens a tab as somebody's browser would."""

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
    folder = tmp_path_factory.mktemp("pages") / "demo"
    init(folder, demo=True)
    config = folder / "autoconfig.toml"
    kept = [line for line in config.read_text(encoding="utf-8").splitlines() if not line.startswith("provider_name")]
    config.write_text("\n".join(kept) + SETTINGS, encoding="utf-8")
    (folder / "logo.svg").write_bytes(LOGO)
    command = [sys.executable, "-m", "autoconfig", "serve", "--port", "0", "--config", str(config)]
    listening = folder / "state" / "listening.json"
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not listening.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        yield json.loads(listening.read_text(encoding="utf-8"))["place"].rpartition(":")[2]
        process.terminate()
        process.wait(20)


# Not for the whole session: while Playwright is open, its event loop runs, and no other test may start one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, with fonts for Japanese."""
    needs_file("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk")
    program = needs("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, place: str) -> Iterator[OpenPage]:
    """Opens pages; whatever a page complains about to its console fails the test."""
    contexts, complaints = [], []

    def open_(
        path: str,
        *,
        host: str = "127.0.0.1",
        width: int = 1280,
        language: str = "ja",
        theme: str = "light",
        **context: Any,
    ) -> Page:
        made = browser.new_context(
            viewport={"width": width, "height": 844 if width < 800 else 900},
            locale=language,
            color_scheme=theme,  # type: ignore[arg-type]
            **context,
        )
        contexts.append(made)
        page = made.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"http://{host}:{place}{path}")
        return page

    yield open_
    for context in contexts:
        context.close()
    unexpected = [text for text in complaints if "404 (Not Found)" not in text and "400 (Bad Request)" not in text]
    assert unexpected == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, got once by npm and kept beside the artefacts."""
    folder = ARTEFACTS.parent / "cache"
    file = folder / f"{AXE}.tgz"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [needs("npm", "npm"), "pack", AXE.replace("-4", "@4"), "--pack-destination", str(folder)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env={**os.environ})
        if done.returncode != 0:
            missing(f"npm cannot get {AXE}: {done.stderr.strip()[-200:]}")
    assert hashlib.sha512(file.read_bytes()).hexdigest() == AXE_SHA512
    with tarfile.open(file) as archive:
        source = archive.extractfile("package/axe.min.js")
        assert source is not None
        return source.read().decode()
