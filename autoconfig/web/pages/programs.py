"""The mail programs that the page has steps for, and the one that a reader has at hand."""

from __future__ import annotations

from enum import StrEnum


class Program(StrEnum):
    """Spelled as in `program=` and in the names of templates/page/programs/."""

    THUNDERBIRD = "thunderbird"
    OUTLOOK = "outlook"
    OUTLOOK_CLASSIC = "outlook-classic"
    IPHONE = "iphone"
    MAC = "mac"
    GMAIL = "gmail"
    THUNDERBIRD_ANDROID = "thunderbird-android"


# What a device has by itself. iPads say Macintosh, and one click away stands the iPhone: the profile is the same.
_AT_HAND = (
    ("Thunderbird/", Program.THUNDERBIRD),
    ("iPhone", Program.IPHONE),
    ("iPad", Program.IPHONE),
    ("iPod", Program.IPHONE),
    ("Android", Program.GMAIL),
    ("Macintosh", Program.MAC),
    ("Windows", Program.OUTLOOK),
)
PHONES = frozenset({Program.IPHONE, Program.GMAIL, Program.THUNDERBIRD_ANDROID})
"""Whoever reads on one of these needs no QR code to get there."""


def at_hand(user_agent: str) -> Program:
    """The program that comes with the reader's device."""
    return next((program for word, program in _AT_HAND if word in user_agent), Program.THUNDERBIRD)


def in_order(first: Program) -> list[Program]:
    """All programs, `first` before the others."""
    return sorted(Program, key=lambda program: program is not first)


def known(name: str | None) -> Program | None:
    """The program of that name."""
    return Program(name) if name in set(Program) else None
