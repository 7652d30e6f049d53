"""The truth about each program is what its page says, for tables, letters and portals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.settings import PageLanguage
from autoconfig.web.pages.programs import Device, Program
from autoconfig.web.pages.sources import ValueSource
from autoconfig.web.pages.truths import ProgramTruth, truths
from autoconfig.web.pages.verdict import Verdict
from tests.support.demo import DOMAINS
from tests.web.conftest import PLANS
from tests.web.pages.conftest import URL, words

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.conftest import OpenSite, Site


def truths_of(site: Site, typed: str, base: str = "", own: Path | None = None) -> dict[Program, ProgramTruth]:
    """The truths about an address or a domain."""
    _, at, name = typed.rpartition("@")
    resolution = site.runner.run(site.services.resolve({}, Domain.parse(name), None))
    account = resolution.bound.account(resolution.domain, EmailAddress.parse(typed) if at else None)
    return {truth.program: truth for truth in truths(account, base, own)}


@pytest.mark.parametrize("language", PageLanguage)
@pytest.mark.parametrize("domain", ["sample.co.jp", "old-shop.example"])
def test_as_the_page(site: Site, domain: str, language: PageLanguage) -> None:
    """The link leads to a page that has the program's name, what it cannot do, and what to use instead."""
    found = truths_of(site, f"taro@{domain}")
    for truth in found.values():
        text = words(site.fetch(f"{URL}{truth.path}&lang={language}")).replace("\N{WORD JOINER}", "")
        sentence = truth.sentence.by_language[language] if truth.sentence else ""

        assert truth.name.by_language[language] in text
        assert truth.device_name.by_language[language] in text
        assert sentence in text
        assert all(found[other].name.by_language[language] in text for other in truth.instead)
        assert bool(sentence) is (truth.verdict is not Verdict.FITS)


def test_old_system(site: Site) -> None:
    """For the old system the truths are those that its page is tested for, as plain text in both languages."""
    found = truths_of(site, "taro@old-shop.example")
    outlook = found[Program.OUTLOOK]

    assert list(found) == [program for device in Device for program in Program if found[program].device is device]
    assert outlook.verdict is Verdict.NO_USER_NAME
    assert outlook.source is ValueSource.NONE
    assert outlook.sentence is not None
    assert outlook.sentence.by_language["en"] == (
        "The new Outlook cannot be set up for this address: it has no field for the user name taro.old-shop.example"
    )
    assert outlook.sentence.by_language["ja"].startswith("新しい Outlook")
    assert outlook.instead == (Program.THUNDERBIRD,)
    assert outlook.path == "/setup?email=taro%40old-shop.example&program=outlook"
    assert found[Program.THUNDERBIRD].instead == ()


FOUND_BY = {
    Program.IPHONE: ValueSource.PROFILE,
    Program.THUNDERBIRD_ANDROID: ValueSource.MOZILLA,
    Program.OUTLOOK_CLASSIC: ValueSource.AUTODISCOVER,
    Program.THUNDERBIRD: ValueSource.MOZILLA,
    Program.MAC: ValueSource.PROFILE,
    Program.GMAIL_WEB: ValueSource.NONE,
    Program.WINDOWS_MAIL: ValueSource.NONE,
}
SOURCES = {
    "taro@sample.co.jp": {},
    "taro@old-shop.example": {
        Program.THUNDERBIRD_ANDROID: ValueSource.QR_CODE,
        Program.OUTLOOK: ValueSource.NONE,
    },
    # Android's parser refuses the address; a code cannot have it either.
    "太郎@old-shop.example": {
        Program.THUNDERBIRD_ANDROID: ValueSource.HAND,
        Program.OUTLOOK: ValueSource.NONE,
    },
    "sample.co.jp": {Program.IPHONE: ValueSource.HAND, Program.MAC: ValueSource.HAND},
}


@pytest.mark.parametrize(("typed", "others"), SOURCES.items(), ids=SOURCES)
def test_sources(site: Site, typed: str, others: dict[Program, ValueSource]) -> None:
    """How a program gets the values: those that find nothing by themselves need a person."""
    expected = dict.fromkeys(Program, ValueSource.HAND) | FOUND_BY | others

    assert {program: truth.source for program, truth in truths_of(site, typed).items()} == expected


def test_recommended_way(open_site: OpenSite) -> None:
    """Where POP is recommended, classic Outlook does not find it: Autodiscover makes an IMAP account there."""
    plans = PLANS.replace('recommend = "both"\n', 'recommend = "pop3"\n')

    assert truths_of(open_site(plans=plans), "taro@sample.co.jp")[Program.OUTLOOK_CLASSIC].source is ValueSource.HAND


@pytest.mark.parametrize("domain", DOMAINS)
def test_no_markup(site: Site, domain: str) -> None:
    """No text has a tag, an entity, or a line break in it."""
    for truth in truths_of(site, f"a&b@{domain}", "/for/cs312.xbit.jp").values():
        texts = [truth.name, truth.device_name, truth.source_text, *([truth.sentence] if truth.sentence else [])]
        said = " ".join(text for spoken in texts for text in spoken.by_language.values())

        assert not set("<>\n\N{WORD JOINER}") & set(said)
        assert "&amp;" not in said
        assert truth.path.startswith("/for/cs312.xbit.jp/setup?email=a%26b%40")


def test_own_words(site: Site, tmp_path: Path) -> None:
    """The operator's own words stand in the truths as on the page."""
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "en.po").write_text('msgid "Gmail app"\nmsgstr "The Gmail app"\n', "utf-8")
    found = truths_of(site, "taro@sample.co.jp", own=tmp_path)

    assert found[Program.GMAIL].name.by_language["en"] == "The Gmail app"
