from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.web.languages import accepted, primary


@pytest.mark.parametrize(
    ("value", "languages"),
    [
        pytest.param(None, [], id="no header"),
        pytest.param(b"", [], id="empty"),
        pytest.param(b"ja", ["ja"], id="one"),
        pytest.param(b"ja-JP", ["ja"], id="with a country"),
        pytest.param(b"JA_jp", ["ja"], id="with an underscore"),
        pytest.param(b"ja,en;q=0.9,zh;q=0.8", ["ja", "en", "zh"], id="Firefox"),
        pytest.param(b"ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", ["ja", "en"], id="Chrome"),
        pytest.param(b"en;q=0.5, ja", ["en", "ja"][::-1], id="the best last"),
        pytest.param(b"en;q=0.5,ja;q=0.5", ["en", "ja"], id="the same weight"),
        pytest.param(b"en;q=0,ja;q=0.1", ["ja"], id="refused"),
        pytest.param(b"en ; Q = 0.1 , ja ; q = 0.2", ["ja", "en"], id="spaces"),
        pytest.param(b"en;q=,ja;q=x,zh;q=nan,fr;q=inf,de;q=-1,it;q=2", [], id="no weights"),
        pytest.param(b"en;level=1,ja", ["ja"], id="another parameter"),
        pytest.param(b"*", ["*"], id="anything"),
        pytest.param(b",;,;q=1,", [], id="nothing in it"),
        pytest.param(b"\xff,ja", ["ÿ", "ja"], id="not ASCII"),
        pytest.param(b"ja," * 400, [], id="very long"),
    ],
)
def test_accepted(value: bytes | None, languages: list[str]) -> None:
    """Languages are read best first, once each, without their countries."""
    assert languages == accepted(value)


@given(value=st.binary(max_size=1100))
def test_anything(value: bytes) -> None:
    """Whatever the header holds, there is a list of languages, each of them once and none of them empty."""
    languages = accepted(value)

    assert len(languages) == len(set(languages))
    assert all(languages)
    assert languages == list(map(primary, languages))
