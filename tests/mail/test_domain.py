from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autoconfig.errors import DomainInvalid
from autoconfig.mail.domain import Domain, is_host_name, to_host_name

LABEL_63 = "a" * 63
NAME_253 = ".".join([LABEL_63, LABEL_63, LABEL_63, "a" * 61])

SAME_NAME = {
    "ascii": ("example.co.jp", "example.co.jp"),
    "upper case": ("Example.CO.JP", "example.co.jp"),
    "trailing dot": ("example.co.jp.", "example.co.jp"),
    "one label": ("localhost", "localhost"),
    "digits": ("123.example", "123.example"),
    "underscores": ("_dmarc.a_b.example", "_dmarc.a_b.example"),
    "outer hyphens": ("-a-.example", "-a-.example"),
    "label of 63": (f"{LABEL_63}.example", f"{LABEL_63}.example"),
    "name of 253": (NAME_253, NAME_253),
    "name of 253 and a trailing dot": (NAME_253 + ".", NAME_253),
    "U-label": ("日本語.example", "xn--wgv71a119e.example"),
    "A-label": ("xn--wgv71a119e.example", "xn--wgv71a119e.example"),
    "A-label in upper case": ("XN--WGV71A119E.Example", "xn--wgv71a119e.example"),
    "U-label and trailing dot": ("日本語.example.", "xn--wgv71a119e.example"),
    "ideographic full stops": ("日本語。example。", "xn--wgv71a119e.example"),
    "full-width letters": ("Ｅｘａｍｐｌｅ.co.jp", "example.co.jp"),
    "full-width letters, digits and dots": ("ｓｈｏｐ１２．ｃｏ．ｊｐ", "shop12.co.jp"),
    "name of 253 in full-width letters": (NAME_253.translate({ord("a"): "ａ", ord("."): "．"}), NAME_253),
    "half-width katakana": ("ﾆﾎﾝ.example", "xn--idk6a7d.example"),
    "sharp s is a letter of its own": ("faß.example", "xn--fa-hia.example"),
    "Kelvin sign": ("\u212a.example", "k.example"),
    "opaque label beside a U-label": ("xn--0.日本語.example", "xn--0.xn--wgv71a119e.example"),
    "undecodable xn-- label": ("xn--zzzz9999999.example", "xn--zzzz9999999.example"),
    "underscore beside a U-label": ("_dmarc.日本語.example", "_dmarc.xn--wgv71a119e.example"),
}


@pytest.mark.parametrize(("text", "name"), SAME_NAME.values(), ids=SAME_NAME.keys())
def test_parse(text: str, name: str) -> None:
    """Whatever spelling people type arrives at the one lower-case A-label form."""
    assert name == Domain.parse(text).name


@pytest.mark.parametrize("text", ["example.jp", "EXAMPLE.jp", "xn--wgv71a119e.example"])
def test_is_spelled(text: str) -> None:
    """A name is spelled by its ASCII text in any letter case."""
    assert Domain.parse(text).is_spelled(text)


@pytest.mark.parametrize(
    "text", ["ｅxample.jp", "example。jp", "example.jp.", "\u212a.example", "exam\u00adple.jp", "日本語.jp"]
)
def test_is_not_spelled(text: str) -> None:
    """A text that was mapped to a name is not that name to others."""
    assert not Domain.parse(text).is_spelled(text)


NO_NAME = {
    "empty": "",
    "dot": ".",
    "dots": "..",
    "empty label": "a..example",
    "leading dot": ".example",
    "two trailing dots": "example..",
    "two trailing dots after a U-label": "日本語.example..",
    "label of 64": "a" * 64 + ".example",
    "name of 254": NAME_253 + "a",
    "space": "exa mple.jp",
    "trailing newline": "example.jp\n",
    "NUL": "example\0.jp",
    "at sign": "a@example.jp",
    "port": "example.jp:443",
    "slash": "example.jp/",
    "brace": "{domain}",
    "percent": "%EMAILDOMAIN%",
    "full-width space": "日本　語.example",
    "full-width colon": "日本語．example：443",
    "only a soft hyphen": "\u00ad",
    "emoji": "💩.example",
    "zero-width joiner": "a\u200db.example",
    "lone surrogate": "\ud800.example",
    "U-label longer than 63 octets": "日" * 63 + ".example",
    "U-label of 64 characters": "日" * 64 + ".example",
    "254 characters that shrink": "\u00ad" * 250 + "a.jp",
}


@pytest.mark.parametrize("text", NO_NAME.values(), ids=NO_NAME.keys())
def test_parse_refuses(text: str) -> None:
    """What no zone can hold is refused with a sentence that shows what was given."""
    with pytest.raises(DomainInvalid, match="is not a domain name") as caught:
        Domain.parse(text)

    assert len(str(caught.value)) < 1000


@given(st.text() | st.from_regex(r"[a-zA-Z0-9_.ａ-ｚぁ-ん日本\u00ad-]{1,80}\.?", fullmatch=True))
@example("xn--")
@example("xn--a.日")
@example("\udfff")
@example("日" * 254)
def test_parse_any_text(text: str) -> None:
    """Any text is a name in its one spelling or `DomainInvalid`, and that spelling and its display read back as it."""
    try:
        domain = Domain.parse(text)
    except DomainInvalid:
        return

    assert domain == Domain.parse(domain.name) == Domain.parse(domain.name.upper() + ".")
    assert domain.name.isascii()
    assert 0 < len(domain.name) <= 253
    assert domain.display


@pytest.mark.parametrize(
    ("name", "display"),
    [
        ("example.co.jp", "example.co.jp"),
        ("xn--wgv71a119e.example", "日本語.example"),
        ("shop.xn--wgv71a119e.example", "shop.日本語.example"),
        ("xn--zzzz9999999.xn--wgv71a119e", "xn--zzzz9999999.日本語"),
        ("xn--.example", "xn--.example"),
    ],
    ids=["ascii", "A-label", "mixed", "an undecodable label stays", "an empty A-label stays"],
)
def test_display(name: str, display: str) -> None:
    """People see U-labels where a label decodes, and the label itself where it does not."""
    assert display == Domain(name).display


def test_str_and_order() -> None:
    """A domain prints as its name and sorts by it."""
    assert [str(domain) for domain in sorted([Domain("b.example"), Domain("a.example")])] == ["a.example", "b.example"]


HOSTS = {
    "plain": ("mail.example.jp", True),
    "one label": ("localhost", True),
    "digits": ("1.example", True),
    "inner hyphen": ("a-b.example", True),
    "A-label": ("xn--wgv71a119e.example", True),
    "label of 63": (LABEL_63, True),
    "name of 253": (NAME_253, True),
    "label of 64": ("a" * 64, False),
    "name of 254": (NAME_253 + "a", False),
    "underscore": ("a_b.example", False),
    "leading hyphen": ("-a.example", False),
    "trailing hyphen": ("a-.example", False),
    "upper case": ("Mail.example", False),
    "U-label": ("日本語.example", False),
    "trailing dot": ("mail.example.", False),
    "trailing newline": ("mail.example\n", False),
    "empty": ("", False),
}


@pytest.mark.parametrize(("text", "accepted"), HOSTS.values(), ids=HOSTS.keys())
def test_is_host_name(text: str, accepted: bool) -> None:
    """Servers are called what every mail program accepts: no underscores, no outer hyphens, no Unicode."""
    assert accepted is is_host_name(text)


def test_to_host_name() -> None:
    """A server's name may be written as people write it and is carried in lower-case A-labels."""
    assert to_host_name("Ｍail.日本語.example.") == "mail.xn--wgv71a119e.example"


@pytest.mark.parametrize(
    "text", ["a_b.example", "-a.example", "", "a b"], ids=["underscore", "hyphen", "empty", "space"]
)
def test_to_host_name_refuses(text: str) -> None:
    """A name that mail programs refuse is no host name, even where it is a domain name."""
    with pytest.raises(DomainInvalid):
        to_host_name(text)
