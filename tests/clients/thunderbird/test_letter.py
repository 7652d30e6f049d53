from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.settings import PageLanguage
from autoconfig.web.pages.letter.message import Sender, message
from autoconfig.web.pages.programs import Program
from tests.support.letters import letter_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.thunderbird.thunderbird import Thunderbird

pytestmark = pytest.mark.timeout(600)  # the first test may have to install Thunderbird

GREETING = {
    PageLanguage.JA: "info@日本語.example をご利用のお客様",
    PageLanguage.EN: "This letter has what you need to set up info@日本語.example",
}


@pytest.mark.parametrize("language", PageLanguage)
def test_shown(thunderbird: Thunderbird, tmp_path: Path, artefacts: Path, language: PageLanguage) -> None:
    """Thunderbird shows a letter's subject, its HTML in the right letters, and the QR code that comes with it."""
    written = letter_for("info@日本語.example", Program.THUNDERBIRD, language)
    file = tmp_path / "letter.eml"
    file.write_bytes(message(written, Sender.parse("サポート <support@xbit.jp>")))
    shown = thunderbird.read(file, artefacts / "letters" / f"{language}.png")

    assert written.subject in " ".join(shown.subject.split())
    assert GREETING[language] in shown.text
    assert "smap.xn--wgv71a119e.example" in shown.text
    assert [width > 0 for width in shown.pictures] == [True]
