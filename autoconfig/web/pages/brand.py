"""What the settings say about the provider, as the pages show it."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from autoconfig.colours import text_on
from autoconfig.errors import SettingsInvalid

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
    """A picture that a browser can lay out before it has it."""

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

    @classmethod
    def of(cls, settings: Settings, language: PageLanguage) -> Brand:
        """
        As the settings have it.

        Raises:
            SettingsInvalid: see `read_logo`.
        """
        name = settings.provider_name
        if isinstance(name, dict):
            name = name.get(language) or next(iter(name.values()))
        logo = read_logo(settings.provider_logo) if settings.provider_logo else None
        return cls(name, logo, settings.support_url, settings.support_phone)

    @property
    def dial(self) -> str:
        """The number for a `tel:` link (RFC 3966)."""
        return re.sub("[^+0-9]", "", self.support_phone or "")


def colours(settings: Settings) -> str:
    """The style sheet's custom properties for the provider's colours."""
    light, dark = settings.page_color, settings.page_color_dark
    return (
        f":root{{--accent:{light};--on-accent:{text_on(light)}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{--accent:{dark};--on-accent:{text_on(dark)}}}}}\n"
    )


@lru_cache(2)
def read_logo(path: Path) -> Logo:
    """
    Read a logo; once, a new one needs a restart.

    Raises:
        SettingsInvalid: there is no file, it is too large, or neither PNG nor SVG with a size.
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
        ratio = size[0] / size[1]  # of hundreds of digits it is infinite, or none
        if ratio <= 8 and (width := round(ratio * LOGO_HEIGHT)):
            kind = "image/png" if content.startswith(_PNG) else "image/svg+xml"
            return Logo(content, kind, width)
        raise SettingsInvalid(f"{where}: is {size[0]:g} × {size[1]:g}; it may be at most eight times as wide as high")
    raise SettingsInvalid(f"{where}: is neither a PNG nor an SVG with a viewBox; save it as one of these")


def _size(content: bytes) -> tuple[float, float] | None:
    """Width and height, if it is a PNG (RFC 2083 section 11.2.1) or an SVG and has some."""
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
