"""QR codes as SVG for a page, and as PNG for a letter."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segno import QRCode


def svg(text: str) -> str:
    """
    The QR code of `text`, black on white with its quiet zone in any theme, because readers need the contrast. It has no
    style attribute, which the page's policy would forbid, and no size: the style sheet sets it.
    """
    # On a screen no part of a code gets lost, so the lowest error correction is enough and gives larger dots.
    return _code(text, "l").svg_inline(
        border=4, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True
    )


def png(text: str) -> bytes:
    """
    The QR code of `text` as a PNG, with four pixels a module: mail programs show no SVG.

    Letters are printed, and then a part of the code can get lost: it has more error correction than on a screen.
    """
    picture = io.BytesIO()
    _code(text, "m").save(picture, kind="png", scale=4, border=4)
    return picture.getvalue()


def _code(text: str, error: str) -> QRCode:
    import segno

    # Each of the eight masks can be read (ISO/IEC 18004 section 7.8); comparing them takes 4 ms, everything else 1 ms.
    return segno.make_qr(text, error=error, mask=0)
