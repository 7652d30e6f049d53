from __future__ import annotations

import plistlib
import re
from collections.abc import Callable
from string import Formatter

import pytest

from autoconfig.formats import apple, apple_texts
from autoconfig.formats.apple_texts import TEXTS
from autoconfig.mail.account import Account, Text
from autoconfig.mail.server import Protocol, Server
from autoconfig.mail.service import Service, ServiceKind

Accounts = Callable[..., Account]
Servers = Callable[..., Server]
Services = Callable[..., Service]

KINDS = [Protocol.IMAP, ServiceKind.CALDAV, ServiceKind.CARDDAV]


def slots(text: str) -> set[str | None]:
    """The slots of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", TEXTS)
def test_complete(language: str) -> None:
    """Every language says everything, of the same things."""
    texts, english = TEXTS[language], TEXTS["en"]

    assert slots(texts.description) == slots(english.description) == {"things", "address"}
    assert slots(texts.consent) == slots(english.consent) == {"name", "things", "address"}
    assert texts.removal.keys() == {Protocol.IMAP, Protocol.POP3}
    assert texts.things.keys() == {*KINDS, Protocol.POP3}


def test_japanese_is_japanese() -> None:
    """No Japanese text is English: the only Latin words are the names of protocols."""
    texts = TEXTS["ja"]
    whole = " ".join([texts.description, texts.consent, *texts.removal.values(), *texts.things.values()])
    words = set(re.findall(r"[A-Za-z0-9]{2,}", re.sub(r"\{\w+\}", "", whole)))

    assert words == {"IMAP", "POP3"}


@pytest.mark.parametrize(
    ("languages", "wanted", "spoken"),
    [
        ("ja en", None, "ja"),
        ("ja en", "en", "en"),
        ("en ja", None, "en"),
        ("ja", "zh", "ja"),
        ("zh", "zh", "en"),
        ("zh", None, "en"),
        ("und", None, "en"),
        ("und", "ja", "ja"),
    ],
)
def test_language(languages: str, wanted: str | None, spoken: str) -> None:
    """Texts are in the language that was asked for, else in the plan's own, else in English."""
    assert spoken == apple_texts.language_of(Text(dict.fromkeys(languages.split(), "x")), wanted)


def test_consent(account: Accounts, server: Servers) -> None:
    """The device has a text in Japanese, one in English, and the English one for all others, each with names of it."""
    box = account(server(Protocol.IMAP), server(Protocol.SMTP))
    consent = plistlib.loads(apple.document(box, "jp.xbit.autoconfig"))["ConsentText"]

    assert consent.keys() == {"default", "en", "ja"}
    assert consent["default"] == consent["en"]
    assert "(Example mail)" in consent["en"]
    assert "「例のメール」" in consent["ja"]
    assert all("taro@example.jp" in text for text in consent.values())


@pytest.mark.parametrize(("protocol", "stays"), [(Protocol.IMAP, True), (Protocol.POP3, False)])
def test_removal(account: Accounts, server: Servers, protocol: Protocol, stays: bool) -> None:
    """Whoever removes the profile is told what becomes of the mail: with POP3 it may be gone."""
    box = account(server(protocol), server(Protocol.SMTP))
    consent = plistlib.loads(apple.document(box, "jp.xbit.autoconfig"))["ConsentText"]

    assert stays is ("stays on the server" in consent["en"])
    assert stays is ("サーバーに残ります" in consent["ja"])


def test_things(account: Accounts, server: Servers, service: Services) -> None:
    """Description and consent name what is set up, and a calendar is called one in the language of the profile."""
    services = (service(ServiceKind.CALDAV), service(ServiceKind.CARDDAV))
    box = account(server(Protocol.POP3), server(Protocol.SMTP), services=services)
    japanese, english = (
        plistlib.loads(apple.document(box, "jp.xbit.autoconfig", language=language)) for language in ("ja", "en")
    )

    assert "メール (POP3)、カレンダー、連絡先" in japanese["PayloadDescription"]
    assert "メール (POP3)、カレンダー、連絡先" in english["ConsentText"]["ja"]
    assert english["PayloadDescription"].startswith("Sets up mail (POP3), calendars, contacts for taro@example.jp.")
    assert [content["PayloadDisplayName"] for content in japanese["PayloadContent"]] == [
        "例のメール POP3",
        "例のメール カレンダー",
        "例のメール 連絡先",
    ]
    assert english["PayloadContent"][1]["PayloadDisplayName"] == "Example mail Calendars"


def test_names_are_no_patterns(account: Accounts, server: Servers) -> None:
    """Braces in a name or an address stay what they are."""
    box = account(server(Protocol.IMAP), server(Protocol.SMTP), address="{name}%s{0}@example.jp")

    assert "{name}%s{0}@example.jp" in plistlib.loads(apple.document(box, "jp.xbit.autoconfig"))["ConsentText"]["ja"]
