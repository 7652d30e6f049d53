"""What the dialogues with all mail servers have in common: greeting, offers, STARTTLS."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.check.flaw import Flaw
from autoconfig.check.printable import printable
from autoconfig.mail.server import Login

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autoconfig.check.server_codes import ServerCode
    from autoconfig.check.stream import Stream

    Answering = Callable[[bytes], bytes]

PLAIN = frozenset({"PLAIN", "LOGIN"})
"""SASL mechanisms that send the password as it is."""
MECHANISMS: dict[Login, frozenset[str]] = {
    Login.CLEARTEXT: PLAIN,
    # Thunderbird's name for CRAM-MD5 (153); it has no other mechanism for it, and its POP3 has APOP besides.
    Login.ENCRYPTED: frozenset({"CRAM-MD5"}),
    Login.OAUTH2: frozenset({"XOAUTH2", "OAUTHBEARER"}),
    Login.NTLM: frozenset({"NTLM"}),
    Login.GSSAPI: frozenset({"GSSAPI"}),
}
"""The SASL mechanisms of each login method; others need none."""


@dataclass(frozen=True, slots=True)
class Offers:
    """What a server offers at one moment of a dialogue."""

    mechanisms: frozenset[str] = frozenset()
    """SASL mechanisms, in upper case."""
    has_starttls: bool = False
    has_own_login: bool = False
    """IMAP's LOGIN or POP3's USER."""
    has_apop: bool = False

    @property
    def has_plain(self) -> bool:
        """Whether a password may be sent as it is."""
        return self.has_own_login or bool(self.mechanisms & PLAIN)

    def has(self, login: Login) -> bool:
        """Whether clients can log in by a method."""
        if login not in MECHANISMS or self.mechanisms & MECHANISMS[login]:
            return True
        return (login is Login.CLEARTEXT and self.has_own_login) or (login is Login.ENCRYPTED and self.has_apop)

    def listed(self) -> str:
        """The login methods, for people."""
        own = [name for name, has in (("APOP", self.has_apop), ("the protocol's own", self.has_own_login)) if has]
        return ", ".join([*sorted(self.mechanisms), *own]) or "nothing"


class DialogueFailed(Exception):
    """The server said something that ends the dialogue."""

    def __init__(self, code: ServerCode, said: str | bytes) -> None:
        """`said`: the server's words."""
        self.flaw = Flaw(code, printable(said))
        super().__init__(self.flaw.seen)


class Dialogue(ABC):
    """Speaks one protocol over a stream. Every method raises `DialogueFailed` or the stream's `StreamFailed`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    @abstractmethod
    async def greet(self) -> None:
        """Read the greeting."""

    @abstractmethod
    async def offers(self) -> Offers:
        """Ask what the server offers now."""

    @abstractmethod
    async def ask_for_tls(self) -> str:
        """Ask to begin TLS; an empty text if the server agrees, else its words."""

    @abstractmethod
    async def leave(self) -> None:
        """Say goodbye, and wait for nothing."""

    async def sasl(self, mechanism: str, answers: Sequence[Answering]) -> str:
        """
        Log in by a SASL mechanism, with an answer to each challenge (in Base64, as it came).

        An empty text if the login succeeds, else the server's words.
        """
        await self._command(f"{self._sasl_command(mechanism)}")
        for answer in answers:
            challenge, said = await self._challenge()
            if challenge is None:
                return said
            await self._command(base64.b64encode(answer(challenge)).decode("ascii"))
        challenge, said = await self._challenge()
        return said if challenge is None else "it goes on asking"

    async def own_login(self, _username: str, _password: str) -> str:
        """Log in by the protocol's own command; an empty text if it succeeds, else the server's words."""
        return "there is no such command"

    @abstractmethod
    def _sasl_command(self, mechanism: str) -> str:
        """The command that begins a SASL login."""

    @abstractmethod
    async def _challenge(self) -> tuple[bytes | None, str]:
        """Read a challenge; `None` and the result as in `sasl` if the login has ended."""

    async def _command(self, text: str) -> None:
        await self._stream.send(f"{text}\r\n".encode())


def words(text: str) -> list[str]:
    """The words of a line, in upper case."""
    return text.upper().split()
