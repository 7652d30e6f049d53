from __future__ import annotations

import pytest

from autoconfig.settings import PageLanguage
from autoconfig.web.pages.language import NAMES, chosen

JA, EN = PageLanguage.JA, PageLanguage.EN


@pytest.mark.parametrize(
    ("asked", "header", "default", "language"),
    [
        pytest.param(None, None, JA, JA, id="nothing said"),
        pytest.param(None, b"fr,de;q=0.9", EN, EN, id="languages that we do not have"),
        pytest.param(None, b"fr,ja;q=0.9,en;q=0.8", EN, JA, id="the first that we have"),
        pytest.param(None, b"en;q=0.1,ja-JP", EN, JA, id="the best that we have"),
        pytest.param("en", b"ja", JA, EN, id="asked"),
        pytest.param("en-GB", b"ja", JA, EN, id="asked with a country"),
        pytest.param("fr", b"ja", EN, JA, id="asked for another"),
        pytest.param("", b"ja", EN, JA, id="asked for nothing"),
    ],
)
def test_chosen(asked: str | None, header: bytes | None, default: PageLanguage, language: PageLanguage) -> None:
    """The choice of the reader comes first, then the browser's, then the operator's."""
    assert language is chosen(asked, header, default)


def test_names() -> None:
    """Every language has its own name."""
    assert set(NAMES) == set(PageLanguage)
