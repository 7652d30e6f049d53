"""The mail programs with steps on the page, the devices to choose from, and the program on the reader's device."""

from __future__ import annotations

from enum import StrEnum


class Program(StrEnum):
    """A mail program, as in `program=` and in the file names of templates/page/programs/."""

    IPHONE = "iphone"
    GMAIL = "gmail"
    THUNDERBIRD_ANDROID = "thunderbird-android"
    SAMSUNG = "samsung"
    OUTLOOK = "outlook"
    OUTLOOK_CLASSIC = "outlook-classic"
    OUTLOOK_MOBILE = "outlook-mobile"
    OUTLOOK_MAC = "outlook-mac"
    THUNDERBIRD = "thunderbird"
    MAC = "mac"
    OTHER = "other"
    BECKY = "becky"
    HIDEMARU = "hidemaru"
    SHURIKEN = "shuriken"
    EM_CLIENT = "em-client"
    GMAIL_WEB = "gmail-web"
    WINDOWS_MAIL = "windows-mail"


class Device(StrEnum):
    """The first choice of readers; `PROGRAMS` has the programs of each, the usual one first."""

    IPHONE = "iphone"
    ANDROID = "android"
    OUTLOOK = "outlook"
    THUNDERBIRD = "thunderbird"
    MAC = "mac"
    OTHER = "other"


PROGRAMS: dict[Device, tuple[Program, ...]] = {
    Device.IPHONE: (Program.IPHONE,),
    Device.ANDROID: (Program.GMAIL, Program.THUNDERBIRD_ANDROID, Program.SAMSUNG),
    Device.OUTLOOK: (Program.OUTLOOK, Program.OUTLOOK_CLASSIC, Program.OUTLOOK_MOBILE, Program.OUTLOOK_MAC),
    Device.THUNDERBIRD: (Program.THUNDERBIRD,),
    Device.MAC: (Program.MAC,),
    Device.OTHER: (
        Program.OTHER,
        Program.BECKY,
        Program.HIDEMARU,
        Program.SHURIKEN,
        Program.EM_CLIENT,
        Program.GMAIL_WEB,
        Program.WINDOWS_MAIL,
    ),
}

# The program that comes with a device. iPads claim to be a Macintosh; the iPhone, with the same profile, is one click
# away.
_AT_HAND = (
    ("Thunderbird/", Program.THUNDERBIRD),
    ("iPhone", Program.IPHONE),
    ("iPad", Program.IPHONE),
    ("iPod", Program.IPHONE),
    ("Android", Program.GMAIL),
    ("Macintosh", Program.MAC),
    ("Windows", Program.OUTLOOK),
)
PHONES = frozenset({Program.IPHONE, Program.GMAIL})
"""Readers with one of these at hand use a phone already, and need no QR code."""
APPLE = frozenset({Program.IPHONE, Program.MAC})
"""Readers with one of these at hand can install a profile."""


def at_hand(user_agent: str) -> Program:
    """The program that comes with the reader's device."""
    return next((program for word, program in _AT_HAND if word in user_agent), Program.THUNDERBIRD)


def device_of(program: Program) -> Device:
    """The device under which a program is chosen."""
    return next(device for device, programs in PROGRAMS.items() if program in programs)


def known(name: str | None) -> Program | None:
    """The program of that name."""
    return Program(name) if name in set(Program) else None
