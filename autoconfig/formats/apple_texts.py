"""
The texts of a profile for the person who installs it, in Japanese and English.

`ConsentText` has both, and the device chooses; the other texts have one language, chosen when the profile is made. No
text repeats what a customer wrote: they name the plan and the mailbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autoconfig.mail.server import Protocol
from autoconfig.mail.service import ServiceKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.mail.account import Account, Text

DEFAULT = "en"
"""The language for all others."""


class Texts(NamedTuple):
    """The texts in one language; `{name}` is the plan's name, `{address}` the mailbox, `{things}` what is set up."""

    description: str
    consent: str
    removal: dict[Protocol, str]
    things: dict[Protocol | ServiceKind, str]
    comma: str


TEXTS = {
    "en": Texts(
        description="Sets up {things} for {address}. It holds no password: type it while you install.",
        consent="This profile sets up {things} on this device, for the mailbox {address} ({name}).\n\n"
        "It holds no password. You are asked for the password of the mailbox while you install.\n\n",
        removal={
            Protocol.IMAP: "If you remove the profile later, the account is removed from this device too. "
            "Your mail stays on the server.",
            Protocol.POP3: "If you remove the profile later, the account is removed from this device too, "
            "with the mail that was downloaded to it.",
        },
        things={
            Protocol.IMAP: "mail (IMAP)",
            Protocol.POP3: "mail (POP3)",
            ServiceKind.CALDAV: "calendars",
            ServiceKind.CARDDAV: "contacts",
        },
        comma=", ",
    ),
    "ja": Texts(
        description="{address} の{things}を設定します。"
        "パスワードは含まれていません。インストール中に入力してください。",
        consent="このプロファイルは、「{name}」のメールアドレス {address} を使えるように、"
        "このデバイスに{things}を設定します。\n\n"
        "パスワードは含まれていません。インストール中に、メールアドレスのパスワードを入力してください。\n\n",
        removal={
            Protocol.IMAP: "あとでプロファイルを削除すると、アカウントもこのデバイスから削除されます。"
            "メールはサーバーに残ります。",
            Protocol.POP3: "あとでプロファイルを削除すると、アカウントと、このデバイスに受信したメールも削除されます。",
        },
        things={
            Protocol.IMAP: "メール (IMAP)",
            Protocol.POP3: "メール (POP3)",
            ServiceKind.CALDAV: "カレンダー",
            ServiceKind.CARDDAV: "連絡先",
        },
        comma="、",
    ),
}


def language_of(name: Text, wanted: str | None) -> str:
    """The language of the texts around `name`: the wanted one, else the plan's own, else English."""
    own = next(iter(name.by_language))
    return next((language for language in (wanted, own) if language in TEXTS), DEFAULT)


def description(account: Account, kinds: Sequence[Protocol | ServiceKind], language: str) -> str:
    """`PayloadDescription`: what the profile sets up."""
    return TEXTS[language].description.format(things=_things(kinds, language), address=account.address)


def title(kind: ServiceKind, language: str) -> str:
    """What the device calls a calendar or an address book."""
    text = TEXTS[language].things[kind]
    return text[0].upper() + text[1:]


def consent(account: Account, protocol: Protocol, kinds: Sequence[Protocol | ServiceKind]) -> dict[str, str]:
    """`ConsentText`: what the person agrees to, in each language, and in English for all others."""
    by_language = {
        language: texts.consent.format(
            things=_things(kinds, language), name=account.name.in_language(language), address=account.address
        )
        + texts.removal[protocol]
        for language, texts in TEXTS.items()
    }
    return {"default": by_language[DEFAULT], **by_language}


def _things(kinds: Sequence[Protocol | ServiceKind], language: str) -> str:
    texts = TEXTS[language]
    return texts.comma.join(texts.things[kind] for kind in kinds)
