"""QR codes, as SVG to be put into a page."""

from __future__ import annotations


def svg(text: str) -> str:
    """
    The code of `text`, black on white with its quiet zone, in any theme: readers want that contrast. It has no style
    attribute, which the policy of the page would forbid.
    """
    import segno

    code = segno.make_qr(text, error="m")
    return code.svg_inline(scale=3, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)
