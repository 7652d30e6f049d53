from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autoconfig.errors import AddressInvalid
from autoconfig.mail.address import EmailAddress, carriable

LABELS = "a" * 63 + "." + "b" * 63 + "."

ADDRESSES = {
    "plain": ("taro@example.jp", "taro", "example.jp"),
    "domain in upper case": ("taro@EXAMPLE.JP", "taro", "example.jp"),
    "local part in upper case": ("Taro@example.jp", "Taro", "example.jp"),
    "U-label": ("taro@日本語.example", "taro", "xn--wgv71a119e.example"),
    "last @": ("a@b@example.jp", "a@b", "example.jp"),
    "quoted": ('"a b"@example.jp', '"a b"', "example.jp"),
    "two dots": ("a..b@docomo.example", "a..b", "docomo.example"),
    "dot before the @": ("a.@docomo.example", "a.", "docomo.example"),
    "leading dot": (".a@docomo.example", ".a", "docomo.example"),
    "plus": ("a+b@example.jp", "a+b", "example.jp"),
    "braces": ("{domain}@example.jp", "{domain}", "example.jp"),
    "markup": ("<&>'@example.jp", "<&>'", "example.jp"),
    "percent": ("%EMAILADDRESS%@example.jp", "%EMAILADDRESS%", "example.jp"),
    "Unicode local part stays": ("たろう@example.jp", "たろう", "example.jp"),
    "full-width local part stays": ("ｔａｒｏ@example.jp", "ｔａｒｏ", "example.jp"),
    "not normalized": ("e\u0301@example.jp", "e\u0301", "example.jp"),
    "64 octets": ("a" * 64 + "@example.jp", "a" * 64, "example.jp"),
    "64 octets, multi-byte": ("あ" * 21 + "a@example.jp", "あ" * 21 + "a", "example.jp"),
}


@pytest.mark.parametrize(("text", "local", "domain"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_parse(text: str, local: str, domain: str) -> None:
    """The last @ splits; the local part stays as it came, the domain becomes A-labels."""
    address = EmailAddress.parse(text)

    assert (local, domain) == (address.local, address.domain.name)
    assert f"{local}@{domain}" == str(address)


NO_ADDRESSES = {
    "empty": ("", "is not a mail address"),
    "no @": ("example.jp", "is not a mail address"),
    "no local part": ("@example.jp", "is not a mail address"),
    "no domain": ("taro@", "is not a domain name"),
    "bad domain": ("taro@exa mple.jp", "is not a domain name"),
    "full-width @": ("taro＠example.jp", "is not a mail address"),
    "domain literal": ("taro@[192.0.2.1]", "is not a domain name"),
    "65 octets": ("a" * 65 + "@example.jp", "longer than 64 octets"),
    "65 octets, multi-byte": ("あ" * 21 + "aa@example.jp", "longer than 64 octets"),
    "NUL": ("a\0@example.jp", "characters that no mail program can send"),
    "tab": ("a\tb@example.jp", "characters that no mail program can send"),
    "newline": ("a\n@example.jp", "characters that no mail program can send"),
    "carriage return": ("a\r@example.jp", "characters that no mail program can send"),
    "DEL": ("a\x7f@example.jp", "characters that no mail program can send"),
    "soft hyphen": ("ta\u00adro@example.jp", "characters that no mail program can send"),
    "text that turns around": ("\u202eorat@example.jp", "characters that no mail program can send"),
    "zero-width joiner": ("ta\u200dro@example.jp", "characters that no mail program can send"),
    "separator of lines": ("ta\u2028ro@example.jp", "characters that no mail program can send"),
    "separator of paragraphs": ("ta\u2029ro@example.jp", "characters that no mail program can send"),
    "tag": ("taro\U000e0041@example.jp", "characters that no mail program can send"),
    "very long": ("a" * 100_000 + "@example.jp", "longer than 254 octets"),
    "C1 control": ("a\x85@example.jp", "characters that no mail program can send"),
    "lone surrogate": ("a\udc80@example.jp", "characters that no mail program can send"),
    "U+FFFE": ("a\ufffe@example.jp", "characters that no mail program can send"),
    "U+FFFF": ("a\uffff@example.jp", "characters that no mail program can send"),
    "lone surrogate in the domain": ("a@\udc80.jp", "is not a domain name"),
}


@pytest.mark.parametrize(("text", "problem"), NO_ADDRESSES.values(), ids=NO_ADDRESSES.keys())
def test_parse_refuses(text: str, problem: str) -> None:
    """What cannot be an address, or cannot be written into a document, is refused, and the sentence says why."""
    with pytest.raises(AddressInvalid, match=problem):
        EmailAddress.parse(text)


@pytest.mark.parametrize(
    ("local", "rest", "fits"),
    [(64, 61, True), (64, 62, False), (1, 61, True)],
    ids=["254 octets", "255 octets", "short local part"],
)
def test_whole_length(local: int, rest: int, fits: bool) -> None:
    """An address has at most 254 octets, counted with its domain in A-labels."""
    text = "a" * local + "@" + LABELS + "c" * rest

    if fits:
        assert text == str(EmailAddress.parse(text))
    else:
        with pytest.raises(AddressInvalid, match="longer than 254 octets"):
            EmailAddress.parse(text)


def test_whole_length_counts_octets() -> None:
    """A multi-byte local part counts by its octets, not by its characters."""
    domain = LABELS + "c" * 61

    assert len(str(EmailAddress.parse("あ" * 21 + "a@" + domain)).encode()) == 254
    with pytest.raises(AddressInvalid):
        EmailAddress.parse("あ" * 21 + "a@" + domain + "c")


@given(st.text() | st.builds("{}@{}".format, st.text(), st.sampled_from(["example.jp", "日本語.example", "a@b.jp"])))
@example("\ud800@example.jp")
@example("a@\ud800")
@example("@" * 300)
def test_parse_any_text(text: str) -> None:
    """Any text is an address that reads back as itself and that all documents can carry, or `AddressInvalid`."""
    try:
        address = EmailAddress.parse(text)
    except AddressInvalid:
        return

    assert address == EmailAddress.parse(str(address))
    assert text.startswith(address.local + "@")
    assert carriable(str(address))
    assert len(str(address).encode()) <= 254


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("a b", True),
        ("日本語 💩 \U0001fffe", True),
        ("\u00a0", True),
        ("\x1f", False),
        ("\x7f", False),
        ("\x9f", False),
        ("\udfff", False),
        ("\ufffe", False),
    ],
    ids=["empty", "space", "any plane", "no-break space", "C0", "DEL", "C1", "surrogate", "no character"],
)
def test_carriable(text: str, expected: bool) -> None:
    """All but control characters, surrogates and what XML 1.0 excludes can be carried."""
    assert expected is carriable(text)
