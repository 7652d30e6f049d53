"""How a mail program gets the values of an account."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig.errors import Inexpressible
from autoconfig.formats import apple, thunderbird_qr
from autoconfig.mail.server import Protocol
from autoconfig.web.pages.programs import Program
from autoconfig.web.pages.verdict import verdict_of

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.web.pages.view import AccountView


class ValueSource(StrEnum):
    """The document that a program takes the values from, or the person who types them."""

    MOZILLA = "mozilla"
    """config-v1.1.xml, which the program looks up by itself."""
    AUTODISCOVER = "autodiscover"
    """The same with Autodiscover's document."""
    PROFILE = "profile"
    """A profile of Apple, which the reader installs from the page."""
    QR_CODE = "qr-code"
    """Thunderbird's QR code on the page."""
    HAND = "hand"
    NONE = "none"
    """The program cannot be set up for the account."""


def source_of(program: Program, view: AccountView, protocol: Protocol) -> ValueSource:
    """
    How a program gets the values for receiving by IMAP or POP3.

    What is automatic rests on the restated programs of docs/clients.md: classic Outlook asks Autodiscover and makes an
    IMAP account, and Thunderbird for Android refuses a document with a server without TLS.
    """
    if verdict_of(program, view.account, view.facts).blocks:
        return ValueSource.NONE
    if program is Program.THUNDERBIRD:
        return ValueSource.MOZILLA
    if program is Program.THUNDERBIRD_ANDROID:
        if not view.facts.plain:
            return ValueSource.MOZILLA
        return ValueSource.QR_CODE if code_text(view.account, protocol) else ValueSource.HAND
    if program is Program.OUTLOOK_CLASSIC and protocol is Protocol.IMAP:
        return ValueSource.AUTODISCOVER
    if program in {Program.IPHONE, Program.MAC} and has_profile(view.account, protocol):
        return ValueSource.PROFILE
    return ValueSource.HAND


def has_profile(account: Account, protocol: Protocol) -> bool:
    """Whether Apple's profiles can describe the account."""
    try:
        apple.document(account, "invalid.autoconfig", protocol)
    except Inexpressible:
        return False
    return True


def code_text(account: Account, protocol: Protocol, name: str = "") -> str | None:
    """The text of Thunderbird's QR code with the sender's `name`; `None` if it cannot describe the account."""
    try:
        return thunderbird_qr.document(account, protocol, name).decode()
    except Inexpressible:
        return None
