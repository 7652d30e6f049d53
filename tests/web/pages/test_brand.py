from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import SettingsInvalid
from autoconfig.settings import PageLanguage, Settings
from autoconfig.web.pages.brand import LARGEST_LOGO, Brand, colours, read_logo

if TYPE_CHECKING:
    from pathlib import Path

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 30"><path d="M0 0h9v9z"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 200, 100) + b"\x08\x06\0\0\0"


def settings(**values: object) -> Settings:
    """Settings with these."""
    return Settings.model_validate(values)


@pytest.mark.parametrize(
    ("name", "in_japanese", "in_english"),
    [
        pytest.param(None, None, None, id="none"),
        pytest.param("例社", "例社", "例社", id="one text"),
        pytest.param({"ja": "例社", "en": "Rei"}, "例社", "Rei", id="one a language"),
        pytest.param({"en": "Rei"}, "Rei", "Rei", id="one of the languages"),
    ],
)
def test_name(name: object, in_japanese: str | None, in_english: str | None) -> None:
    """The provider's name is in the page's language, as far as there is one."""
    brands = [Brand.of(settings(provider_name=name), language) for language in (PageLanguage.JA, PageLanguage.EN)]

    assert [brand.name for brand in brands] == [in_japanese, in_english]


def test_support() -> None:
    """A telephone number is shown as it is written, and dialled without its spaces."""
    brand = Brand.of(settings(support_phone="+81 (0)3-1234-5678", support_url="https://a.example/"), PageLanguage.EN)

    assert (brand.support_phone, brand.dial) == ("+81 (0)3-1234-5678", "+810312345678")
    assert brand.support_url == "https://a.example/"


@pytest.mark.parametrize(
    ("content", "media_type", "width"),
    [
        pytest.param(SVG, "image/svg+xml", 160, id="SVG"),
        pytest.param(SVG.replace(b'"0 0 120 30"', b"'-1,-1 , 60.5,30'"), "image/svg+xml", 81, id="SVG with commas"),
        pytest.param(PNG, "image/png", 80, id="PNG"),
    ],
)
def test_logo(tmp_path: Path, content: bytes, media_type: str, width: int) -> None:
    """A logo is 40 pixels high, and as wide as its shape makes it."""
    path = tmp_path / "logo"
    path.write_bytes(content)
    logo = read_logo(path)

    assert (logo.media_type, logo.width, logo.height, logo.content) == (media_type, width, 40, content)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(None, "cannot be read: No such file or directory", id="missing"),
        pytest.param(b"GIF89a", "is neither a PNG nor an SVG with a viewBox", id="GIF"),
        pytest.param(b"", "is neither a PNG nor an SVG with a viewBox", id="empty"),
        pytest.param(b"<svg></svg>", "is neither a PNG nor an SVG with a viewBox", id="without a size"),
        pytest.param(b'<svg viewBox="0 0 1.2.3 4">', "is neither a PNG nor an SVG with a viewBox", id="no number"),
        pytest.param(b'<svg viewBox="0 0 9 0">', "is neither a PNG nor an SVG with a viewBox", id="flat"),
        pytest.param(PNG[:16] + bytes(9), "is neither a PNG nor an SVG with a viewBox", id="flat PNG"),
        pytest.param(b'<svg viewBox="0 0 900 10">', "it may be at most eight times as wide as high", id="wide"),
        pytest.param(b'<svg viewBox="0 0 %b 10">' % (b"9" * 400), "is inf × 10; it may be at most", id="endless"),
        pytest.param(b'<svg viewBox="0 0 %b %b">' % ((b"9" * 400,) * 2), "is inf × inf; it may be", id="no ratio"),
        pytest.param(b" " * (LARGEST_LOGO + 1), "has 10241 bytes; a page has room for 10240", id="large"),
    ],
)
def test_bad_logo(tmp_path: Path, content: bytes | None, problem: str) -> None:
    """A logo that a page cannot show is refused with a sentence."""
    path = tmp_path / "logo"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SettingsInvalid, match=problem) as caught:
        read_logo(path)
    assert str(caught.value).startswith(f"provider_logo = '{path}': ")


def test_colours() -> None:
    """The provider's colours are custom properties, each with the text that can be read on it."""
    assert colours(settings(page_color="#1D5FA6", page_color_dark="#ffd54a")) == (
        ":root{--accent:#1d5fa6;--on-accent:#ffffff}\n"
        "@media screen and (prefers-color-scheme:dark){:root{--accent:#ffd54a;--on-accent:#000000}}\n"
    )
