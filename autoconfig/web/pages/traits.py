"""
The traits of each mail program: the version whose wording was checked, and what it can do. docs/page.md names the
source of each line; a test compares the two, and the programs restated in tests/clients.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from autoconfig.web.pages.programs import Program


class UserNameFields(StrEnum):
    """Where a program has fields for a user name other than the address."""

    EACH = "each"
    """For receiving and for sending."""
    ONE = "one"
    """One for both."""
    SENDING = "sending"
    """For sending only."""


class Traits(NamedTuple):
    """The traits of one program."""

    checked: str = ""
    """The version whose wording was checked; empty without a source, and labels are neutral then."""
    encrypted_login: bool | None = None
    """Whether it has CRAM-MD5 or the like; `None` if that is unknown."""
    user_name: UserNameFields = UserNameFields.EACH
    ended: bool = False
    """Whether it was discontinued, and cannot be set up."""


TRAITS: dict[Program, Traits] = {
    Program.IPHONE: Traits("iOS 18", encrypted_login=True),
    Program.GMAIL: Traits("Android 13", encrypted_login=False),
    Program.THUNDERBIRD_ANDROID: Traits("Thunderbird 19", encrypted_login=True),
    Program.SAMSUNG: Traits(),
    Program.OUTLOOK: Traits("Outlook for Windows", encrypted_login=False, user_name=UserNameFields.SENDING),
    Program.OUTLOOK_CLASSIC: Traits("Outlook 2019", encrypted_login=False),
    Program.OUTLOOK_MOBILE: Traits("Outlook for Android (2024-11)", encrypted_login=False),
    Program.OUTLOOK_MAC: Traits("Outlook for Mac (2024-10)", encrypted_login=False, user_name=UserNameFields.ONE),
    Program.THUNDERBIRD: Traits("Thunderbird 153", encrypted_login=True),
    Program.MAC: Traits("macOS 15", encrypted_login=True),
    Program.OTHER: Traits(),
    Program.BECKY: Traits("Becky! Ver.2"),
    Program.HIDEMARU: Traits("Ver. 7.33"),
    Program.SHURIKEN: Traits(),
    Program.EM_CLIENT: Traits(),
    Program.GMAIL_WEB: Traits(encrypted_login=False, ended=True),
    Program.WINDOWS_MAIL: Traits(encrypted_login=False, ended=True),
}
