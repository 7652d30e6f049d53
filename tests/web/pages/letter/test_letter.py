from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree
from lxml import html as lxml_html

from autoconfig.errors import Inexpressible, SettingsInvalid, UnknownDomain
from autoconfig.formats import mozilla
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.plans import read_plans
from autoconfig.resources import templates
from autoconfig.settings import PageLanguage, Settings
from autoconfig.web.pages.letter.letter import letter
from autoconfig.web.pages.letter.line_breaks import COLUMNS, columns
from autoconfig.web.pages.programs import Program
from tests.support.demo import DOMAINS
from tests.support.letters import SETTINGS, letter_for, resolution_of
from tests.web.pages.conftest import Shown

if TYPE_CHECKING:
    from autoconfig.web.pages.letter.letter import Letter

JA, EN = PageLanguage.JA, PageLanguage.EN
EXPECTED = Path(__file__).parent / "expected"

TLS = {
    JA: {"SSL": "SSL/TLS", "STARTTLS": "STARTTLS", "plain": "なし"},
    EN: {"SSL": "SSL/TLS", "STARTTLS": "STARTTLS", "plain": "None"},
}
LOGIN = {
    JA: {"password-cleartext": "通常のパスワード認証", "password-encrypted": "暗号化されたパスワード認証"},
    EN: {"password-cleartext": "Normal password", "password-encrypted": "Encrypted password"},
}
PROTOCOL = {"imap": "IMAP", "pop3": "POP", "smtp": "SMTP"}
LABELS = {
    JA: ("サーバー名", "ポート番号", "接続の保護", "認証方式", "ユーザー名"),
    EN: ("Server name", "Port", "Connection security", "Authentication method", "User name"),
}
NO_PASSWORD = {JA: "このメールにはパスワードを記載しておりません。", EN: "this letter has no password."}
ELSEWHERE = {JA: "次のメールソフトをお使いください。", EN: "Please use one of these programs instead"}


def in_document(address: str, language: PageLanguage) -> list[Shown]:
    """The values that mail programs get, in the words of a language."""
    mailbox = EmailAddress.parse(address)
    account = resolution_of(mailbox.domain).bound.account(mailbox.domain, mailbox)
    return [
        Shown(
            PROTOCOL[server.get("type", "")],
            server.findtext("hostname", ""),
            server.findtext("port", ""),
            TLS[language][server.findtext("socketType", "")],
            LOGIN[language][server.findtext("authentication", "")],
            server.findtext("username", "").replace("%EMAILADDRESS%", address),
        )
        for server in etree.fromstring(mozilla.document(account)).xpath("//incomingServer | //outgoingServer")
    ]


def in_text(written: Letter, language: PageLanguage) -> list[Shown]:
    """The values that the text lists, each server below its heading."""
    lines = "".join(rf"\n +{label} +: (.+)" for label in LABELS[language])
    return [Shown(*found) for found in re.findall(rf"[（(](IMAP|POP|SMTP)[）)].*{lines}", written.text)]


def in_html(page: lxml_html.HtmlElement) -> list[Shown]:
    """The values that the HTML lists."""
    return [
        Shown(PROTOCOL[table.get("data-protocol", "")], *(cell.text_content() for cell in table.iter("td")))
        for table in page.find_class("values")
    ]


@pytest.mark.parametrize("language", PageLanguage)
@pytest.mark.parametrize("domain", DOMAINS)
def test_values(domain: str, language: PageLanguage) -> None:
    """
    Every letter of every domain states what mail programs get and no other values, as text and as HTML; it names no
    other customer, says that it has no password, and leads to the customer's page.
    """
    address = f"taro@{domain}"
    expected = in_document(address, language)
    known = {part for values in expected for part in (values.host, values.port, values.username)}
    others = {other for other in DOMAINS if other != domain and not any(other in part for part in known)}
    assert len(expected) == 3
    for program in (None, *Program):
        written = letter_for(address, program, language)
        page = lxml_html.document_fromstring(written.html)

        assert in_text(written, language) == in_html(page) == expected, program
        assert {code.text_content() for code in page.iter("code")} <= known | {address, domain}, program
        for text in (written.text, page.text_content()):
            assert [other for other in others if other in text] == [], program
            assert NO_PASSWORD[language] in text, program
        asked = f"&program={program}" if program else ""
        assert written.link == f"https://autoconfig.xbit.jp/setup?email=taro%40{domain}{asked}&lang={language}"
        assert written.link in written.text.split(), program
        assert page.xpath("//a/@href")[0] == written.link, program


@pytest.mark.parametrize("language", PageLanguage)
def test_steps(language: PageLanguage) -> None:
    """The steps are the same in text and HTML; a program that cannot be set up has the names of others instead."""
    for program in Program:
        written = letter_for("taro@old-shop.example", program, language)
        page = lxml_html.document_fromstring(written.html)
        steps = page.xpath("//ol")
        numbers = [int(number) for number in re.findall(r"^(\d+)\. ", written.text, re.MULTILINE)]

        assert numbers == [number for each in steps for number in range(1, len(each) + 1)], program
        assert (steps == []) == (ELSEWHERE[language] in written.text), program
        if not steps:
            links = page.xpath("//div[@id='verdict']//a/@href")
            assert links
            assert all(f"<{link}>" in written.text for link in links), program


@pytest.mark.parametrize("language", PageLanguage)
def test_line_lengths(language: PageLanguage) -> None:
    """No line of a text is too long but one that is a URL; and none is of a browser's word joiners."""
    for program in Program:
        written = letter_for("taro@hanako-flowers.example", program, language)
        long = [line for line in written.text.splitlines() if columns(line) > COLUMNS]

        assert [line for line in long if "https://" not in line] == [], program
        assert "\u2060" not in written.text + written.html + written.subject


GOLDEN = {
    "ja.txt": ("taro@日本語.example", None, JA),
    "ja-iphone.txt": ("taro@hanako-flowers.example", Program.IPHONE, JA),
    "ja-outlook.txt": ("taro@old-shop.example", Program.OUTLOOK, JA),
    "en-gmail.txt": ("taro@old-shop.example", Program.GMAIL, EN),
    "en-thunderbird.html": ("taro@sample.co.jp", Program.THUNDERBIRD, EN),
    "ja-becky.html": ("taro@recommended.example", Program.BECKY, JA),
}


@pytest.mark.parametrize(("name", "made"), GOLDEN.items(), ids=GOLDEN)
def test_whole(name: str, made: tuple[str, Program | None, PageLanguage]) -> None:
    """A whole letter is the one that people have read."""
    written = letter_for(*made)

    assert (EXPECTED / name).read_text(encoding="utf-8") == (
        written.html if name.endswith(".html") else written.plain_text
    )


def test_language() -> None:
    """Without a language a letter is in that of the settings, and its link leaves the language to the browser."""
    written = letter_for("taro@sample.co.jp", language=None, settings=SETTINGS.model_copy(update={"page_language": JA}))

    assert "をご利用のお客様" in written.text
    assert written.link == "https://autoconfig.xbit.jp/setup?email=taro%40sample.co.jp"


def test_host_decides() -> None:
    """A domain that a host rule decided has the host in its link, so that its page says the same."""
    domain, host = Domain("nobody.example"), Domain("cs400.xbit.jp")
    written = letter(SETTINGS, resolution_of(domain, asked=host), EmailAddress("taro", domain))

    assert written.link == "https://autoconfig.xbit.jp/for/cs400.xbit.jp/setup?email=taro%40nobody.example"
    assert written.text.count("cs400.xbit.jp\n") == 3


@pytest.mark.parametrize(
    ("recommend", "first", "marked"), [("imap", "IMAP", 1), ("pop3", "POP", 1), ("both", "IMAP", 0)]
)
def test_recommended(recommend: str, first: str, marked: int) -> None:
    """The way of receiving that the plan recommends comes first and is marked; with both, none is."""
    demo = (templates() / "demo" / "plans.toml").read_text(encoding="utf-8")
    plans = read_plans(demo.replace('recommend = "both"', f'recommend = "{recommend}"').encode())
    settings = SETTINGS.model_copy(update={"default_plan": "server-maintenance"})
    domain, gmail = Domain("any.example"), Domain("gmail.com")
    written = letter(settings, resolution_of(domain, settings, plans=plans), EmailAddress("taro", domain), None, JA)

    assert (in_text(written, JA)[0].protocol, written.text.count("※推奨")) == (first, marked)
    assert f"（{first}）※推奨" in written.text or not marked
    with pytest.raises(UnknownDomain, match=r"gmail\.com is a domain of Gmail"):
        letter(settings, resolution_of(gmail, settings, plans=plans), EmailAddress("taro", gmail))


@pytest.mark.parametrize("target", ['redirect_domain = "new.example"', 'redirect_url = "https://new.example/a"'])
def test_moved(target: str) -> None:
    """A domain that moved away gets no letter, but a sentence that says where it went."""
    plans = read_plans(f'[plans.moved]\nname = "Moved"\n{target}\n'.encode())
    settings, domain = SETTINGS.model_copy(update={"default_plan": "moved"}), Domain("any.example")

    with pytest.raises(Inexpressible, match=r"any\.example has moved to new\.example"):
        letter(settings, resolution_of(domain, settings, plans=plans), EmailAddress("taro", domain))


def test_no_public_url() -> None:
    """Without an address of the page there is no letter."""
    with pytest.raises(SettingsInvalid, match="public_url is not set"):
        letter_for("taro@sample.co.jp", settings=Settings())


def test_own_template(tmp_path: Path) -> None:
    """An operator's file takes the place of ours, and its first line is the subject; a broken one is named."""
    (tmp_path / "letter").mkdir()
    own = tmp_path / "letter" / "en.txt"
    own.write_text("Hello {{ view.name }}\n\nAsk Hanako & Taro:\n{{ link }}\n", encoding="utf-8")
    settings = SETTINGS.model_copy(update={"templates_dir": tmp_path})
    written = letter_for("taro@sample.co.jp", language=EN, settings=settings)

    assert written.subject == "Hello taro@sample.co.jp"
    assert written.text == f"Ask Hanako & Taro:\n{written.link}\n"
    assert "をご利用のお客様" in letter_for("taro@sample.co.jp", settings=settings).text
    own.write_text("\n{{ typo }}", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match=r"letter/en\.txt, line 2: UndefinedError: 'typo' is undefined"):
        letter_for("taro@sample.co.jp", language=EN, settings=settings)


def test_signed_by_a_brand() -> None:
    """A brand that fits the customer signs the letter, in its language; other customers' letters are as before."""
    brand = {"plans": ["xserver"], "provider_name": "Second", "page_language": "ja"}
    branded = Settings.model_validate({**SETTINGS.model_dump(exclude_unset=True), "brand": [brand]})
    second, other = (
        letter_for(f"taro@{domain}", language=None, settings=branded).plain_text
        for domain in ("recommended.example", "sample.co.jp")
    )

    assert second.startswith("件名: 【Second】")
    assert "エックスビット" not in second
    assert other.startswith("Subject: ")
    assert "xbit.jp mail support" in other
