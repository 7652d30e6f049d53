"""What each program is to make of a document that was altered: tables say it by short names, program by program."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.clients.readers.client import CLEARTEXT, IMAP, POP3, SMTP, SSL, STARTTLS, Found, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.readers.client import Client

SERVERS = (
    Found(IMAP, "imap.example.jp", 993, SSL, (CLEARTEXT,), "taro@example.jp"),
    Found(POP3, "pop.example.jp", 110, STARTTLS, (CLEARTEXT,), "taro@example.jp"),
    Found(SMTP, "smtp.example.jp", 587, STARTTLS, (CLEARTEXT,), "taro@example.jp"),
)
"""What the documents mean before they are altered."""
NO = "refused"
NOTHING = "no server"
NO_IMAP: dict[str, None] = {IMAP: None}


def imap(**changes: Any) -> dict[str, dict[str, Any]]:
    """A change of what is read of the IMAP server."""
    return {IMAP: changes}


def expected(client: Client, format_: str, short: str, effects: dict[str, Any]) -> frozenset[Found] | str:
    """What a program is to read; who is not named in `effects` reads `SERVERS`."""
    effect: Any = next((effect for names, effect in effects.items() if short in names.split()), {})
    if effect == NO:
        return NO
    if effect == NOTHING:
        return frozenset()
    changes = {server: effect.get(server.protocol, {}) for server in client.of(SERVERS, format_)}
    return frozenset(replace(server, **change) for server, change in changes.items() if change is not None)


def found_by(read: Callable[[bytes], tuple[Found, ...]], document: bytes) -> frozenset[Found] | str:
    """What a program reads, or that it refuses."""
    try:
        return frozenset(read(document))
    except Refused:
        return NO
