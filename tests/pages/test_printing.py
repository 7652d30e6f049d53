from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from autoconfig.web.pages.programs import Program
from tests.conftest import needs
from tests.pages.conftest import ARTEFACTS

if TYPE_CHECKING:
    from tests.pages.conftest import OpenPage

# Latin and Japanese letters are of two fonts, which pdftotext may put on two lines.
PARTS = re.compile(r"[!-~]+|[^\x00-\x7f]+")
PAGES = re.compile(rb"/Type\s*/Page\b")

# Those with the most to say: no TLS, another user name, STARTTLS; two servers and another alphabet.
SHEETS = [
    *(("old-shop.example", program) for program in Program),
    ("xn--wgv71a119e.example", Program.IPHONE),
    ("hanako-flowers.example", Program.OUTLOOK),
]


@pytest.mark.parametrize(("domain", "program"), SHEETS)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_one_sheet(open_page: OpenPage, domain: str, program: Program, language: str) -> None:
    """
    Each program is printed on one sheet of A4: its steps with the values, the codes, the password line and the support,
    without what only a screen can do.
    """
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page = open_page(f"/setup?email=info@{domain}&program={program.value}", language=language)
    printed = page.pdf(prefer_css_page_size=True)
    file = ARTEFACTS / f"print-{program.value}-{language}-{domain}.pdf"
    file.write_bytes(printed)
    command = [needs("pdftotext", "poppler-utils"), "-layout", str(file), "-"]
    text = "".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    title = page.locator("article h2").inner_text()

    assert len(PAGES.findall(printed)) == 1
    assert f"info@{domain.replace('xn--wgv71a119e', '日本語')}" in text
    assert all(part in text for part in PARTS.findall(title)), title
    assert "993" in text or "143" in text
    assert "www.provider.example/support" in text
    assert "03-1234-5678" in text
    assert not any(word in text for word in ("コピー", "Copy", "反映", "Putitin"))
