"""Check the contrast of text on a background (WCAG 2.2, success criterion 1.4.3)."""

from __future__ import annotations

import re

LIGHT, DARK = "#f4f6f8", "#22272e"
"""The least favourable backgrounds of the light and the dark page, as in templates/page/style.css."""

NEEDED = 4.5
"""Contrast that level AA requires of normal text."""


def is_colour(text: str) -> bool:
    """Whether `text` is a colour of the form `#1a2b3c`."""
    return re.fullmatch("#[0-9A-Fa-f]{6}", text) is not None


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours: 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def text_on(colour: str) -> str:
    """Black or white, whichever is more readable on `colour`; one of them always reaches AA."""
    return max("#ffffff", "#000000", key=lambda text: contrast(text, colour))


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
