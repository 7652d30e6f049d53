"""The provider as the pages show it, from the settings."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from autoconfig.errors import SettingsInvalid
from autoconfig.settings import MOST_BRANDS
from autoconfig.settings.colours import text_on

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.settings import PageLanguage, Settings

LARGEST_LOGO = 10 * 1024
LOGO_HEIGHT = 40

_PNG = b"\x89PNG\r\n\x1a\n"
_SVG_TAG = re.compile(rb"<svg\b[^>]*>", re.DOTALL)
_SVG_BOX = re.compile(rb"""viewBox\s*=\s*["'][\s,]*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)""")


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture with its size, so that a browser can lay out the page before it loads."""

    content: bytes
    media_type: str
    width: int
    height: int = LOGO_HEIGHT


@dataclass(frozen=True, slots=True)
class Brand:
    """The provider in one language."""

    name: str | None
    logo: Logo | None
    support_url: str | None
    support_phone: str | None
    password_help: str | None = None
    password_reset_url: str | None = None

    @classmethod
    def of(cls, settings: Settings, language: PageLanguage) -> Brand:
        """
        The brand in these settings.

        Raises:
            SettingsInvalid: see `read_logo`.
        """
        return cls(
            settings.provider.in_language(language) if settings.provider else None,
            read_logo(settings.provider_logo) if settings.provider_logo else None,
            settings.support_url,
            settings.support_phone,
            _in_language(settings.password_help, language),
            settings.password_reset_url,
        )

    @property
    def dial(self) -> str:
        """The number for a `tel:` link (RFC 3966)."""
        return re.sub("[^+0-9]", "", self.support_phone or "")


def _in_language(texts: str | dict[PageLanguage, str] | None, language: PageLanguage) -> str | None:
    if not isinstance(texts, dict):
        return texts
    return texts.get(language) or next(iter(texts.values()))


def colours(settings: Settings) -> str:
    """The style sheet's custom properties for the provider's colours."""
    return _colours(settings.page_color, settings.page_color_dark)


@lru_cache(1 + MOST_BRANDS)
def _colours(light: str, dark: str) -> str:
    return (
        f":root{{--accent:{light};--on-accent:{text_on(light)}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{--accent:{dark};--on-accent:{text_on(dark)}}}}}\n"
    )


@lru_cache(1 + MOST_BRANDS)
def read_logo(path: Path) -> Logo:
    """
    Read a logo, once: a new one needs a restart.

    Raises:
        SettingsInvalid: the file is missing, too large, or neither a PNG nor an SVG with a size.
    """
    where = f"provider_logo = '{path}'"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsInvalid(
            f"{where}: cannot be read: {error.strerror}; name a file or leave the setting out"
        ) from error
    if len(content) > LARGEST_LOGO:
        raise SettingsInvalid(f"{where}: has {len(content)} bytes; a page has room for {LARGEST_LOGO}, make it smaller")
    if size := _size(content):
        ratio = size[0] / size[1]  # with hundreds of digits it is infinite or NaN
        if ratio <= 8 and (width := round(ratio * LOGO_HEIGHT)):
            kind = "image/png" if content.startswith(_PNG) else "image/svg+xml"
            return Logo(content, kind, width)
        raise SettingsInvalid(f"{where}: is {size[0]:g} × {size[1]:g}; it may be at most eight times as wide as high")
    raise SettingsInvalid(f"{where}: is neither a PNG nor an SVG with a viewBox; save it as one of these")


def _size(content: bytes) -> tuple[float, float] | None:
    """Width and height of a PNG (RFC 2083 section 11.2.1) or an SVG; `None` if there are none."""
    if content.startswith(_PNG) and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return (width, height) if height else None
    tag = _SVG_TAG.search(content)
    box = _SVG_BOX.search(tag[0]) if tag else None
    if box is None:
        return None
    try:
        width, height = float(box[1]), float(box[2])
    except ValueError:
        return None
    return (width, height) if height else None
