from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import AddressInvalid
from autoconfig.web.pages.address_input import read_input

ADDRESSES = {
    "as it should be": ("taro@sample.co.jp", "taro@sample.co.jp"),
    "spaces around": ("  taro@sample.co.jp\t", "taro@sample.co.jp"),
    "ideographic spaces": ("\u3000taro@sample.co.jp\u3000", "taro@sample.co.jp"),
    "spaces beside the at": ("taro @ sample.co.jp", "taro@sample.co.jp"),
    "zero-width space": ("\u200btaro@sample.co.jp\ufeff", "taro@sample.co.jp"),
    "full-width at": ("taro＠sample.co.jp", "taro@sample.co.jp"),
    "full-width throughout": ("ｔａｒｏ＠ｓａｍｐｌｅ．ｃｏ．ｊｐ", "taro@sample.co.jp"),
    "ideographic stops": ("taro@sample。co。jp", "taro@sample.co.jp"),
    "trailing dot": ("taro@sample.co.jp.", "taro@sample.co.jp"),
    "end of a sentence": ("taro@sample.co.jp。", "taro@sample.co.jp"),
    "end of a clause": ("taro@sample.co.jp、", "taro@sample.co.jp"),
    "mailto": ("mailto:taro@sample.co.jp", "taro@sample.co.jp"),
    "mailto in capitals": ("MAILTO:taro@SAMPLE.co.jp", "taro@sample.co.jp"),
    "mailto in full width": ("ｍａｉｌｔｏ：ｔａｒｏ＠sample.co.jp", "taro@sample.co.jp"),
    "mailto with a subject": ("mailto:ta%2Bro@sample.co.jp?subject=a@b.c", "ta+ro@sample.co.jp"),
    "name before it": ("山田 太郎 <taro@sample.co.jp>", "taro@sample.co.jp"),
    "plus": ("ta+ro@sample.co.jp", "ta+ro@sample.co.jp"),
    "local part in Japanese": ("太郎@sample.co.jp", "太郎@sample.co.jp"),
    "domain in Japanese": ("taro@日本語.example", "taro@xn--wgv71a119e.example"),
    "an old mobile address": ("a..b.@sample.co.jp", "a..b.@sample.co.jp"),
    "two at signs": ("taro@@sample.co.jp", "taro@sample.co.jp"),
    "at signs and spaces": ("taro @ @ sample.co.jp", "taro@sample.co.jp"),
    "long vowel mark": ("ta-ro@saーmple.co.jp", "ta-ro@sa-mple.co.jp"),
    "dashes in both parts": ("ta−ro@sa–mple.co.jp", "ta-ro@sa-mple.co.jp"),
    "long vowel mark beside kana": ("taro@メール.example", "taro@xn--4dkua4c.example"),
    "commas": ("taro@sample,co、jp", "taro@sample.co.jp"),
    "several dots": ("taro@sample..co.jp", "taro@sample.co.jp"),
    "spaces around dots": ("taro@sample . co .jp", "taro@sample.co.jp"),
    "a space in the local part": ("ta ro@sample.co.jp", "taro@sample.co.jp"),
    "www": ("taro@www.sample.co.jp", "taro@sample.co.jp"),
    "URL": ("https://taro@sample.co.jp/x", "taro@sample.co.jp"),
    "soft hyphen": ("taro@sam\u00adple.co.jp", "taro@sample.co.jp"),
    "markup": ("<b>&'@sample.co.jp", "<b>&'@sample.co.jp"),
}


@pytest.mark.parametrize(("text", "address"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_address(text: str, address: str) -> None:
    """An address is read as people type and paste it."""
    typed = read_input(text)

    assert str(typed.address) == address
    assert typed.address is not None
    assert typed.domain == typed.address.domain


DOMAINS = {
    "bare": "sample.co.jp",
    "with an at": "@sample.co.jp",
    "full width": "ｓａｍｐｌｅ．ｃｏ．ｊｐ",
    "capitals": "Sample.CO.JP",
    "trailing dot": "sample.co.jp.",
    "mailto": "mailto:@sample.co.jp",
    "spaces": "  sample.co.jp ",
    "www": "www.sample.co.jp",
    "URL": "https://www.sample.co.jp/mail?x#y",
    "URL in full width": "ｈｔｔｐ：／／sample.co.jp",
}


@pytest.mark.parametrize("text", DOMAINS.values(), ids=DOMAINS.keys())
def test_domain(text: str) -> None:
    """A domain alone is enough."""
    typed = read_input(text)

    assert (typed.address, typed.domain.name) == (None, "sample.co.jp")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "taro",
        "@",
        "taro@",
        "taro＠",
        "a b",
        "taro@@",
        "taro@sample co.jp",
        "\0@a.b",
        "mailto:",
        "mailto:taro",
        "<>",
    ],
)
def test_neither(text: str) -> None:
    """What is neither an address nor a domain with all allowances made is none."""
    with pytest.raises(AddressInvalid):
        read_input(text)


@pytest.mark.parametrize("text", [" ", "@", ".", " .", "-", "ー", "+", "www."])
def test_long_runs(text: str) -> None:
    """A run costs no more than its length: a search that starts again at each takes minutes."""
    with pytest.raises(AddressInvalid):
        read_input(f"a{text * 50_000}\0")


@given(text=st.text(max_size=400))
def test_anything(text: str) -> None:
    """Whatever is typed, it is read or refused."""
    try:
        typed = read_input(text)
    except AddressInvalid:
        return

    assert "." in typed.domain.name or typed.address is not None
