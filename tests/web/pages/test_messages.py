from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from lxml import html

from autoconfig.settings import PageLanguage
from autoconfig.web.pages import catalogues, files, messages
from autoconfig.web.pages.programs import Program
from autoconfig.web.pages.validation import PROBLEMS
from tests.support.demo import DOMAINS
from tests.web.pages.conftest import MOVED, RICH, page_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.web.conftest import OpenSite, Site

JA, EN = PageLanguage.JA, PageLanguage.EN

NAMES = {
    # what programs, companies and systems are called, in every language
    *("Thunderbird", "Outlook", "Gmail", "Android", "iPhone", "iPad", "Mac", "macOS", "iOS", "Safari", "Windows"),
    *("Mail", "Microsoft", "Exchange", "ActiveSync", "Kerberos", "Xserver", "Samsung", "Becky", "Shuriken", "eM"),
    *("Client", "LINE", "AirDrop", "OP25B", "ESMTP", "POP3S", "IMAPS", "SMTPS", "AUTH", "classic"),
    # what machines speak
    *("IMAP", "POP", "POP3", "SMTP", "SSL", "TLS", "STARTTLS", "CalDAV", "CardDAV", "JMAP", "OAuth2", "GSSAPI"),
    *("NTLM", "CRAM", "MD5", "PLAIN", "APOP", "SPA", "QR", "Wi", "Fi", "OS", "VPN", "ID", "OK", "over", "xbit", "jp"),
}
"""Latin words that a Japanese page may have: Japanese mail programs write them the same way."""

JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")
LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]+")
# Two sentences without a space between them.
STUCK = re.compile(r"[a-z][.:,;!?][A-Z]\w+")
# What is the account's: addresses and hosts, also in titles and notes.
OWN = re.compile(r"https?://[\w./-]+|[\w@.-]+\.(?:example|jp|invalid)\b")
APART = "@translate='no' or (@lang and not(self::html))"
MARKUP = re.compile(r"<span translate=\"no\">.*?</span>|<[^>]+>|%\(\w+\)s|&\w+;")


def source(language: PageLanguage) -> bytes:
    """The catalogue as it is shipped."""
    return files.read(catalogues.path_of(language), None)


@pytest.mark.parametrize("language", PageLanguage)
def test_complete(language: PageLanguage) -> None:
    """No message is missing, stale or fuzzy, and each translation has the slots and tags of its message."""
    assert messages.faults(language, source(language)) == []


@pytest.mark.parametrize("language", PageLanguage)
def test_up_to_date(language: PageLanguage) -> None:
    """The file is as `python -m autoconfig.web.pages.messages` writes it."""
    assert messages.updated(language, source(language)) == source(language)


FAULTS = {
    "missing": ('msgid "Copied"\nmsgstr "Copied"', 'msgid "Copied"\nmsgstr ""', "missing: 'Copied'"),
    "not there": ('msgid "Copied"\nmsgstr "Copied"', "", "missing: 'Copied'"),
    "stale": ('msgid "Copied"', 'msgid "Old"\nmsgstr "old"\n\nmsgid "Copied"', "stale: 'Old'"),
    "fuzzy": ('msgid "Copied"', '#, fuzzy\nmsgid "Copied"', "fuzzy: 'Copied'"),
    "slot": ('msgstr "Plan: %(plan)s"', 'msgstr "Plan: %(plane)s"', "other slots or tags: 'Plan: %(plan)s'"),
}


@pytest.mark.parametrize(("old", "new", "fault"), FAULTS.values(), ids=FAULTS.keys())
def test_faults_are_found(old: str, new: str, fault: str) -> None:
    """The check sees each kind of fault."""
    text = source(EN).decode()

    assert old in text
    assert [found.removesuffix("'") for found in messages.faults(EN, text.replace(old, new).encode())] == [
        fault.removesuffix("'")
    ]


def test_update() -> None:
    """A new message is filled in English and left to a translator in Japanese; an old one goes; the others stay."""
    before = source(JA).decode().replace('msgid "Copied"', 'msgid "Old"')

    assert 'msgid "Copied"\nmsgstr ""' in (after := messages.updated(JA, before.encode()).decode())
    assert 'msgid "Old"' not in after
    assert 'msgstr "接続の保護"' in after
    assert 'msgid "Copied"\nmsgstr "Copied"' in messages.updated(EN, b"").decode()


def test_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command writes the catalogues of a checkout, also where there is none yet."""
    shutil.copytree(str(files.shipped()), tmp_path / "page")
    monkeypatch.setattr(files, "shipped", lambda: tmp_path / "page")
    japanese, english = (tmp_path / "page" / catalogues.path_of(language) for language in (JA, EN))
    before = japanese.read_bytes(), english.read_bytes()
    english.unlink()
    messages.main()

    assert (japanese.read_bytes(), english.read_bytes()) == before


def strangers(text: str, language: PageLanguage) -> list[str]:
    """What in a text is of another language."""
    if language is EN:
        return JAPANESE.findall(text)
    return [word for word in LATIN.findall(text) if word not in NAMES]


@pytest.mark.parametrize("language", PageLanguage)
def test_catalogue_has_one_language(language: PageLanguage) -> None:
    """No English in the Japanese catalogue, and none the other way."""
    texts = [str(message.string) for message in catalogues.read(language, source(language)) if message.id]

    assert [text for text in texts if strangers(MARKUP.sub(" ", text), language)] == []


def read_aloud(document: html.HtmlElement) -> Iterator[str]:
    """All texts and spoken attributes of a page, but for values, names and the other language's name."""
    for element in document.iter():
        if not isinstance(element.tag, str) or element.tag in {"script", "style"}:
            continue
        yield from (element.get(name, "") for name in ("aria-label", "alt", "title", "placeholder", "data-copied"))
        if not element.xpath(f"ancestor-or-self::*[{APART}]"):
            yield element.text or ""
        if not element.xpath(f"ancestor::*[{APART}]"):
            yield element.tail or ""


def as_lines(document: html.HtmlElement) -> str:
    """The text of a page, where a paragraph or a list begins on a line of its own."""
    for element in document.iter("p", "div", "dl", "dt", "dd", "ul", "ol", "li", "form", "figure"):
        element.text = f"\n{element.text or ''}"
        element.tail = f"\n{element.tail or ''}"
    return str(document.text_content())


def page_of_every_kind(site: Site) -> list[str]:
    """What to type to see all pages that a customer can see."""
    site.finder.add("rich.example", "rich")
    site.finder.add("plain.example", "plain-sending")
    site.finder.add("moved.example", "url")
    site.finder.add("moved-too.example", "domain", '{"to":"rich.example"}')
    site.finder.add("broken.example", "no-such-plan")
    return [
        *("", "x", "a@stranger.example", "a@moved.example", "a@moved-too.example", "a@broken.example"),
        *("a@gmail.com", "a@gmial.com", "a@xbit.jq"),
        *("a@rich.example", "rich.example", "a@plain.example"),
        *(f"{typed}{domain}" for domain in DOMAINS for typed in ("a@", "")),
    ]


@pytest.mark.parametrize("language", PageLanguage)
def test_pages_have_one_language(open_site: OpenSite, language: PageLanguage) -> None:
    """No English in a Japanese page, and none the other way, whatever the page."""
    from tests.web.conftest import PLANS

    site = open_site(
        plans=PLANS.replace("[[host]]", f"{RICH}{MOVED}\n[[host]]"),
        provider_name={"ja": "例の会社", "en": "The Company"},
        support_url="https://www.provider.example/",
        support_phone="0123-456-789",
    )
    pages = [(typed, "thunderbird") for typed in page_of_every_kind(site)]
    pages += [(f"a@{domain}", program.value) for domain in ("old-shop.example", "rich.example") for program in Program]
    for typed, program in pages:
        answer = page_for(site, typed, lang=language.value, program=program)
        document = html.document_fromstring(answer.text)
        if typed:
            document.forms[0].fields["email"] = ""
        values = OWN.sub(" ", "\n".join(read_aloud(document)))
        found = strangers(values, language)

        assert found == [], (typed, program)
        assert STUCK.findall(OWN.sub(" ", as_lines(document))) == [], (typed, program)


def test_problems_are_all_tried() -> None:
    """The pages above have every problem that the templates know, but for the one of a broken template."""
    text = files.read("problem.html", None).decode()
    named = set(re.findall(r'problem == "(\w+)"', text))

    assert named | {"broken"} == {*PROBLEMS, "moved"}
