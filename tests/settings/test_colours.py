from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.resources import templates
from autoconfig.settings.colours import DARK, LIGHT, NEEDED, contrast, is_colour, text_on

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#ffffff", "#000000", 21.0), ("#777777", "#ffffff", 4.48), ("#123456", "#123456", 1.0)]
)
def test_contrast(one: str, other: str, ratio: float) -> None:
    """Contrast is that of WCAG, whichever colour is named first."""
    assert round(contrast(one, other), 2) == ratio
    assert contrast(one, other) == contrast(other, one)


@given(colour=COLOURS)
def test_text_on(colour: str) -> None:
    """Black or white can be read on every colour."""
    assert contrast(text_on(colour), colour) >= NEEDED


@pytest.mark.parametrize(("text", "good"), [("#1a2B3c", True), ("#1a2b3", False), ("red", False), ("#1a2b3g", False)])
def test_is_colour(text: str, *, good: bool) -> None:
    """A colour has six hexadecimal digits."""
    assert is_colour(text) is good


def test_pages_have_these_backgrounds() -> None:
    """The backgrounds here are the least favourable ones of the style sheet: its pages and cards."""
    style = (templates() / "page" / "style.css").read_text(encoding="utf-8")
    parts = style.split("prefers-color-scheme: dark")[:2]
    light, dark = (re.findall(r"--(?:page|card): #(\w+)", part)[:2] for part in parts)

    assert min(f"#{colour * (6 // len(colour))}" for colour in light) == LIGHT
    assert max(f"#{colour}" for colour in dark) == DARK
