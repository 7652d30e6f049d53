"""What was typed wrong, and addresses of other companies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from autoconfig.web.pages.elsewhere import one_slip
from tests.web.pages.conftest import RICH, page_for, shown, words

if TYPE_CHECKING:
    from tests.web.conftest import OpenSite, Site

REPAIRED = {
    "two at signs": "taro@@hanako-flowers.example",
    "long vowel mark": "taro@hanakoーflowers.example",
    "half-width long vowel mark": "taro@hanakoｰflowers.example",
    "hyphen of Unicode": "taro@hanako‐flowers.example",
    "minus": "taro@hanako−flowers.example",
    "dash": "taro@hanako–flowers.example",
    "comma": "taro@hanako-flowers,example",
    "www": "taro@www.hanako-flowers.example",
    "URL": "https://taro@hanako-flowers.example/",
    "spaces": " taro @ hanako-flowers . example ",
    "full width": "ｔａｒｏ＠ｈａｎａｋｏ－ｆｌｏｗｅｒｓ．ｅｘａｍｐｌｅ",
}


@pytest.mark.parametrize("typed", REPAIRED.values(), ids=REPAIRED.keys())
def test_repaired(site: Site, typed: str) -> None:
    """What was probably meant is shown, with a sentence where more was mended than width and case."""
    answer = page_for(site, typed)
    sentence = f"“{typed.strip()}” was read as taro@hanako-flowers.example."

    assert shown(answer)[0].username == "taro@hanako-flowers.example"
    assert (sentence in words(answer)) == ("ｔ" not in typed)
    assert "was read as" not in words(page_for(site, "taro@hanako-flowers.example"))


ELSEWHERE = {
    "gmail.com": ("an address of Gmail", "https://support.google.com/mail/"),
    "yahoo.co.jp": ("an address of Yahoo!メール", "https://support.yahoo-net.jp/PccMail/s/"),
    "docomo.ne.jp": ("an address of ドコモメール", "https://www.docomo.ne.jp/service/docomo_mail/"),
    "icloud.com": ("an address of iCloud", "https://support.apple.com/102525"),
    "outlook.com": ("an address of Outlook.com", "https://support.microsoft.com/outlook"),
    "gmial.com": ("Did you mean taro@gmail.com?", "https://support.google.com/mail/"),
    "gmail.co.jp": ("Did you mean taro@gmail.com?", "https://support.google.com/mail/"),
    "docmo.ne.jp": ("Did you mean taro@docomo.ne.jp?", "https://www.docomo.ne.jp/service/docomo_mail/"),
    "xbit.jq": ("Did you mean this one? taro@xbit.jp", "/setup?email=taro%40xbit.jp&lang=en"),
    "samplr.co.jp": ("We do not know the domain samplr.co.jp", None),
    "provider.examplle": (
        "Did you mean this one? taro@provider.example",
        "/setup?email=taro%40provider.example&lang=en",
    ),
}


@pytest.mark.parametrize(("domain", "expected"), ELSEWHERE.items(), ids=ELSEWHERE.keys())
def test_elsewhere(open_site: OpenSite, domain: str, expected: tuple[str, str | None]) -> None:
    """Who has an address of a well-known service, or nearly one, is told so, with the right link."""
    site = open_site(support_url="https://www.provider.example/support")
    answer = page_for(site, f"taro@{domain}")
    links = html.document_fromstring(answer.text).xpath("//section//a/@href")

    assert answer.status_code == 404
    assert expected[0] in words(answer)
    assert links == ([expected[1]] if expected[1] else [])


def test_elsewhere_with_default_plan(open_site: OpenSite) -> None:
    """A default plan is for the provider's customers, not for those of a well-known service; a row decides."""
    site = open_site(default_plan="sample", plans=RICH.replace("plans.rich", "plans.sample"))
    before = page_for(site, "taro@gmail.com").status_code
    site.finder.add("gmail.com", "sample")

    assert (before, page_for(site, "taro@gmail.com").status_code) == (404, 200)


names = st.text("abc.", min_size=1, max_size=6)


@given(names, st.integers(0, 6), st.sampled_from(["drop", "double", "change", "swap"]))
def test_one_slip(name: str, place: int, kind: str) -> None:
    """A letter left out, doubled or wrong, and two that changed places are one slip; the same name is none."""
    at = place % len(name)
    changed = {
        "drop": name[:at] + name[at + 1 :],
        "double": name[:at] + name[at] + name[at:],
        "change": f"{name[:at]}x{name[at + 1 :]}",
        "swap": name[:at] + name[at : at + 2][::-1] + name[at + 2 :],
    }[kind]

    assert one_slip(changed, name) is (changed != name)


@pytest.mark.parametrize("typed", ["gmali.com", "gmail.cm", "gmal.com", "ggmail.com", "gmailcom"])
def test_slips(typed: str) -> None:
    """Slips that people make."""
    assert one_slip(typed, "gmail.com")


@pytest.mark.parametrize("typed", ["gmail.com", "gmx.com", "hotmail.com", "gmail.co.jp", "mail.com.g"])
def test_no_slips(typed: str) -> None:
    """Other names are not taken for a slip."""
    assert not one_slip(typed, "gmail.com")
