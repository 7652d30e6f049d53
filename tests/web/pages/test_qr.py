from __future__ import annotations

from lxml import etree

from autoconfig.web.pages.qr import svg


def test_svg() -> None:
    """A code is one small picture without style attributes, scripts or links."""
    picture = svg("https://autoconfig.xbit.jp/setup?email=taro%40sample.co.jp&lang=ja")
    root = etree.fromstring(picture)

    assert root.tag == "svg"
    assert (root.get("width"), root.get("height")) == (root.get("height"), root.get("width"))
    assert {name for element in root.iter() for name in element.attrib} <= {
        "width",
        "height",
        "viewBox",
        "class",
        "d",
        "fill",
        "stroke",
        "transform",
    }
    assert len(picture) < 5000


def test_longest() -> None:
    """The longest address fits."""
    assert svg("https://autoconfig.xbit.jp/setup?email=" + "%E5" * 64 + "a" * 190).startswith("<svg")
