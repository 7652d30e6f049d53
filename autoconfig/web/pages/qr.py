"""QR codes, as SVG to be put into a page."""

from __future__ import annotations


def svg(text: str) -> str:
    """
    The code of `text`, black on white with its quiet zone, in any theme: readers want that contrast. It has no style
    attribute, which the policy of the page would forbid.
    """
    import segno

    # Of the eight masks any can be read (ISO/IEC 18004 section 7.8); to weigh them all takes 4 ms, the rest 1.
    code = segno.make_qr(text, error="m", mask=0)
    return code.svg_inline(scale=3, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)
