"""Ask one server under one name: connect, TLS as announced, greeting, offers."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from autoconfig.check.dialogue import DialogueFailed
from autoconfig.check.flaw import Flaw
from autoconfig.check.imap_dialogue import IMAPDialogue
from autoconfig.check.observation import Observation
from autoconfig.check.pop3_dialogue import POP3Dialogue
from autoconfig.check.server_codes import ServerCode
from autoconfig.check.sieve_dialogue import SieveDialogue
from autoconfig.check.smtp_dialogue import SMTPDialogue
from autoconfig.check.stream import Stream, StreamEnd, StreamFailed
from autoconfig.check.tls_codes import TLSCode
from autoconfig.check.tls_verdict import flaws_of
from autoconfig.mail.server import Protocol, TLSMode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from autoconfig.check.dialogue import Dialogue, Offers
    from autoconfig.check.observation import Target
    from autoconfig.check.step_clock import StepClock
    from autoconfig.check.tls_handshake import Handshake, Trust

    Attempt = Callable[[Dialogue, Offers], Awaitable[None]]

DIALOGUES: dict[Protocol, type[Dialogue]] = {
    Protocol.IMAP: IMAPDialogue,
    Protocol.POP3: POP3Dialogue,
    Protocol.SMTP: SMTPDialogue,
    Protocol.MANAGESIEVE: SieveDialogue,
}
_CODES = {
    StreamEnd.CLOSED: ServerCode.CLOSED,
    StreamEnd.FILTERED: ServerCode.FILTERED,
    StreamEnd.UNREACHABLE: ServerCode.UNREACHABLE,
    StreamEnd.NO_ROUTE: ServerCode.IPV6_NOT_CHECKED,
    StreamEnd.SLOW: ServerCode.SLOW,
    StreamEnd.ENDED: ServerCode.BROKEN,
    StreamEnd.TOO_MUCH: ServerCode.FLOODS,
    StreamEnd.NO_TLS: TLSCode.NO_TLS,
    StreamEnd.TLS_FAILED: TLSCode.FAILED,
}
_NO_CONNECTION = frozenset({StreamEnd.CLOSED, StreamEnd.FILTERED, StreamEnd.UNREACHABLE, StreamEnd.NO_ROUTE})


class Probe:
    """One connection to a server, by a client that knows it under this name."""

    def __init__(self, target: Target, name: str, trust: Trust, clock: StepClock) -> None:
        self._target, self._name, self._trust, self._clock = target, name, trust, clock
        self._flaws: list[Flaw] = []
        self._greeted = False
        self.shake: Handshake | None = None
        """The handshake, if there was one."""

    async def observe(self, attempt: Attempt | None = None) -> Observation:
        """
        Ask the server; every failure is a flaw.

        `attempt`: something to try where clients log in, unless there is a flaw.
        """
        seen = Observation()
        try:
            async with Stream.opened(self._target.address, self._target.port, self._clock) as stream:
                seen = await self._converse(stream, attempt)
        except DialogueFailed as failed:
            self._flaws.append(failed.flaw)
        except StreamFailed as failed:
            if not self._is_masked:  # whatever hides STARTTLS also hinders it
                self._flaws.append(Flaw(self._code(failed), str(failed)))
            seen = replace(seen, no_connection=failed.end in _NO_CONNECTION, no_route=failed.end is StreamEnd.NO_ROUTE)
        certificate = None if self.shake is None else self.shake.leaf
        return replace(seen, flaws=tuple(self._flaws), certificate=certificate)

    @property
    def _is_masked(self) -> bool:
        return any(flaw.code == ServerCode.STARTTLS_MASKED for flaw in self._flaws)

    def _code(self, failed: StreamFailed) -> str:
        if failed.end is StreamEnd.ENDED and not self._greeted:
            return ServerCode.REFUSES  # many servers refuse a client without a word
        if failed.end is StreamEnd.NO_TLS and self._target.tls is TLSMode.STARTTLS:
            return TLSCode.FAILED  # STARTTLS was accepted, so the port is the right one
        return _CODES[failed.end]

    async def _converse(self, stream: Stream, attempt: Attempt | None) -> Observation:
        target = self._target
        if target.tls is TLSMode.SSL:
            await self._begin_tls(stream)
        if target.protocol is None:
            return Observation()
        dialogue = DIALOGUES[target.protocol](stream)
        offers = await self._introduced(stream, dialogue)
        if target.tls is TLSMode.STARTTLS:
            offers = await self._protected(stream, dialogue, offers)
        if attempt is not None and not self._flaws:
            async with stream.step():
                await attempt(dialogue, offers)
        with contextlib.suppress(StreamFailed):
            async with stream.step():
                await dialogue.leave()
        return Observation(offers=offers)

    async def _introduced(self, stream: Stream, dialogue: Dialogue) -> Offers:
        """What is offered after the greeting."""
        try:
            async with stream.step():
                await dialogue.greet()
                if self._target.protocol is not Protocol.MANAGESIEVE:
                    self._greeted = True
                offers = await dialogue.offers()
                self._greeted = True
        except StreamFailed as failed:
            if failed.end is StreamEnd.SLOW and not self._greeted and self._target.tls is not TLSMode.SSL:
                await self._expect_no_tls(stream)
            raise
        return offers

    async def _protected(self, stream: Stream, dialogue: Dialogue, before: Offers) -> Offers:
        """What is offered after STARTTLS."""
        try:
            async with stream.step():
                refusal = await dialogue.ask_for_tls()
        except StreamFailed as failed:
            if failed.end is not StreamEnd.ENDED:
                raise
            refusal = str(failed)
        if refusal:
            code = ServerCode.STARTTLS_FAILS if before.has_starttls else ServerCode.STARTTLS_MISSING
            raise DialogueFailed(code, f"STARTTLS: {refusal}")
        if not before.has_starttls:
            self._flaws.append(Flaw(ServerCode.STARTTLS_MASKED, "STARTTLS is not listed, and accepted"))
        elif before.has_plain:
            self._flaws.append(Flaw(ServerCode.PLAIN_LOGIN, f"before TLS: {before.listed()}"))
        await self._begin_tls(stream)
        async with stream.step():
            return await dialogue.offers()

    async def _begin_tls(self, stream: Stream) -> None:
        async with stream.step():
            self.shake = await stream.start_tls(self._name, self._trust)
        self._flaws += flaws_of(self.shake, self._name)

    async def _expect_no_tls(self, stream: Stream) -> None:
        """Find out whether a server that says nothing waits for TLS."""
        with contextlib.suppress(StreamFailed):
            async with stream.step():
                self.shake = await stream.start_tls(self._name, self._trust)
            raise DialogueFailed(ServerCode.TLS_ON_PLAIN_PORT, f"{self.shake.version} without STARTTLS")


async def bare_handshake(target: Target, trust: Trust, clock: StepClock) -> Handshake | str | None:
    """
    The handshake with a server without SNI, or why it fails.

    `None`: the server could not be asked; it was there a moment ago, and says no more about clients without SNI.
    """
    try:
        async with Stream.opened(target.address, target.port, clock) as stream:
            if target.tls is TLSMode.STARTTLS and target.protocol is not None:
                dialogue = DIALOGUES[target.protocol](stream)
                async with stream.step():
                    await dialogue.greet()
                    await dialogue.offers()
                    if await dialogue.ask_for_tls():
                        return None
            async with stream.step():
                return await stream.start_tls(None, trust)
    except DialogueFailed:
        return None
    except StreamFailed as failed:
        return str(failed) if failed.end is StreamEnd.TLS_FAILED else None
