"""The tables `[[brand]]`: what they may say, and how their faults are told; and origins of sites."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import SettingsInvalid
from autoconfig.settings import PageLanguage, load
from autoconfig.settings.values import origin

if TYPE_CHECKING:
    from pathlib import Path

FINE = '[[brand]]\nplans = ["standard"]\n'

BAD_TABLES = {
    "for nobody": ('provider_name = "Second"', "fits no customer: it has none of the keys hosts, plans and param"),
    "unknown key": (
        'plans = ["a"]\npage_colour = "#000000"',
        "page_colour: there is no such key; did you mean page_color?",
    ),
    "no key at all": (
        'plans = ["a"]\nzzz = 1',
        "zzz: there is no such key; the keys are hosts, plans, param, provider_",
    ),
    "colour": ('plans = ["a"]\npage_color = "#ffff00"', "page_color = '#ffff00': is not readable on the light page"),
    "name": ('plans = ["a"]\nprovider_name = ""', "provider_name = '': is empty, longer than 60 characters"),
    "name in a language": ('plans = ["a"]\nprovider_name = { ja = "" }', "provider_name = '': is empty, longer"),
    "language": ('plans = ["a"]\npage_language = "fr"', "page_language = 'fr': Input should be 'ja' or 'en'"),
    "support": ('plans = ["a"]\nsupport_url = "second"', "support_url = 'second': is not a URL in ASCII"),
    "telephone": ('plans = ["a"]\nsupport_phone = "call us"', "support_phone = 'call us': is not a telephone number"),
    "host": ('hosts = ["a b"]', "hosts = 'a b': 'a b' is neither a host name nor one behind *."),
    "star within": ('hosts = ["a.*.example"]', "hosts = 'a.*.example': 'a.*.example' is neither a host name"),
    "star alone": ('hosts = ["*"]', "hosts = '*': '*' is neither a host name"),
    "address": ('hosts = ["192.0.2.1"]', "hosts = '192.0.2.1': '192.0.2.1' is an address; write the host name"),
    "hosts as a text": ('hosts = "a.example"', "hosts = 'a.example': Input should be a valid tuple"),
    "param": ('param = { name = "domain", value = "a" }', "param = 'domain': cannot be the name of a plan's param"),
    "param without a value": ('param = { name = "brand" }', "param = {'name': 'brand'}: Field required"),
}


@pytest.mark.parametrize(("table", "fault"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_table(tmp_path: Path, table: str, fault: str) -> None:
    """A fault of a brand is told with the number of its table and with its key."""
    file = tmp_path / "autoconfig.toml"
    file.write_text(f"{FINE}[[brand]]\n{table}\n", encoding="utf-8")
    with pytest.raises(SettingsInvalid) as caught:
        load(file, {})

    assert str(caught.value).startswith(f"{file}: brand 2: {fault}")


def test_all_faults(tmp_path: Path) -> None:
    """All faults of all brands are told at once, beside those of settings."""
    file = tmp_path / "autoconfig.toml"
    file.write_text('mx = 5\n[[brand]]\nplans = 1\n[[brand]]\nplans = ["a"]\npage_color = "red"\nx = 1\n', "utf-8")
    with pytest.raises(SettingsInvalid) as caught:
        load(file, {})

    starts = [
        line.removeprefix(f"{file}: ").split(" = ")[0].split(": there")[0] for line in str(caught.value).splitlines()
    ]
    assert starts == ["mx", "brand 1: plans", "brand 2: page_color", "brand 2: x"]


@pytest.mark.parametrize("text", ['brand = "second"', "brand = { plans = ['a'] }", "[brand]\nplans = ['a']"])
def test_no_table(tmp_path: Path, text: str) -> None:
    """Brands are tables; the environment cannot set them."""
    file = tmp_path / "autoconfig.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=r"write \[\[brand\]\] there"):
        load(file, {})
    file.write_text("", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=r"AUTOCONFIG_BRAND: brand = .*write \[\[brand\]\] there"):
        load(file, {"AUTOCONFIG_BRAND": "second"})


def test_with_brand(tmp_path: Path) -> None:
    """What a brand says replaces the setting; what it does not say is as for everybody. Its logo's path is anchored."""
    file = tmp_path / "autoconfig.toml"
    file.write_text(
        'provider_name = "First"\nsupport_phone = "0123-456-789"\npage_language = "en"\n'
        '[[brand]]\nplans = ["a"]\nprovider_name = { ja = "第二" }\nprovider_logo = "second.svg"\n'
        'page_language = "ja"\n',
        encoding="utf-8",
    )
    settings = load(file, {})
    (brand,) = settings.brand
    branded = settings.with_brand(brand)

    assert brand.provider_logo == tmp_path / "second.svg"
    assert branded.provider_name == {PageLanguage.JA: "第二"}
    assert (branded.provider_logo, branded.page_language) == (brand.provider_logo, PageLanguage.JA)
    assert (branded.support_phone, branded.page_color) == ("0123-456-789", settings.page_color)
    assert (settings.provider_name, settings.page_language) == ("First", PageLanguage.EN)


GOOD_ORIGINS = {
    "https://my.provider.example": "https://my.provider.example",
    "HTTPS://a.example": None,
    "https://My.Provider.EXAMPLE:443": "https://my.provider.example",
    "http://a.example:80": "http://a.example",
    "http://a.example:443": "http://a.example:443",
    "https://a.example:08443": "https://a.example:8443",
    "https://日本語.example": "https://xn--wgv71a119e.example",
    "http://localhost:3000": "http://localhost:3000",
    "http://192.0.2.1": "http://192.0.2.1",
    "https://[2001:DB8:0::1]:8443": "https://[2001:db8::1]:8443",
    "*": None,
    "null": None,
    "": None,
    "https://*.example": None,
    "https://a.example/": None,
    "https://a.example/path": None,
    "https://a.example?x": None,
    "https://user@a.example": None,
    "https://a.example:": None,
    "https://a.example:0": None,
    "https://a.example:65536": None,
    "https://a.example https://b.example": None,
    "https://a.example; script-src *": None,
    "https://a.example,https://b.example": None,
    "https://a.example\r\nx-evil: 1": None,
    "https://a.example\n": None,
    "https://'self'": None,
    "https://[::1": None,
    "https://[fe80::1%eth0]": None,
    "https://1.2.3": None,
    "ftp://a.example": None,
    "a.example": None,
}


@pytest.mark.parametrize(("text", "expected"), GOOD_ORIGINS.items())
def test_origin(text: str, expected: str | None) -> None:
    """An origin becomes what browsers send; everything else is refused."""
    if expected is None:
        with pytest.raises(ValueError, match=r"is not the origin of a site|would be every site"):
            origin(text)
    else:
        assert origin(text) == expected


ANY_ORIGIN = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["https", "http", "https ", "HTTP"]),
    st.one_of(st.text(max_size=30), st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True)),
    st.sampled_from(["", ":", ":80", ":8443", ":99999"]),
    st.one_of(st.just(""), st.text(max_size=10)),
)


@given(st.one_of(st.text(), ANY_ORIGIN))
def test_nothing_is_injected(text: str) -> None:
    """Whatever is accepted is one source of a CSP and one header value: no space, no semicolon, no line end."""
    try:
        found = origin(text)
    except ValueError:
        return

    assert re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", found)
    assert origin(found) == found
    assert urlsplit(found).path == ""


def test_star_is_explained(tmp_path: Path) -> None:
    """Every site at once is refused with the reason."""
    file = tmp_path / "autoconfig.toml"
    file.write_text('portal_origins = ["*"]', encoding="utf-8")
    with pytest.raises(SettingsInvalid, match="portal_origins = '\\*': would be every site, and the answer is about"):
        load(file, {})
    found = load(file, {"AUTOCONFIG_PORTAL_ORIGINS": "https://a.example, https://b.example:8443"})

    assert found.portal_origins == ("https://a.example", "https://b.example:8443")
