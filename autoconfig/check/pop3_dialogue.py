"""POP3 up to the login (RFC 1939, 2449, 2595)."""

from __future__ import annotations

import re

from autoconfig.check.dialogue import Dialogue, DialogueFailed, Offers, words
from autoconfig.check.server_codes import ServerCode

_STAMP = re.compile(r"<[!-;=?-~]{1,250}@[!-;=?-~]{1,250}>")
"""The timestamp in the greeting of a server with APOP (RFC 1939 section 7)."""


class POP3Dialogue(Dialogue):
    """Speaks POP3."""

    stamp = ""
    """The timestamp for APOP, if the greeting has one."""

    async def greet(self) -> None:
        """Read the greeting (RFC 1939 section 4)."""
        line = await self._line()
        if line.upper().startswith("-ERR"):
            raise DialogueFailed(ServerCode.REFUSES, line)
        if not line.upper().startswith("+OK"):
            raise DialogueFailed(ServerCode.OTHER_PROTOCOL, line)
        if found := _STAMP.search(line):
            self.stamp = found.group()

    async def offers(self) -> Offers:
        """Ask for the capabilities (RFC 2449); without an answer there is the login that RFC 1939 has."""
        if not (await self.ask("CAPA")).startswith("+OK"):
            return Offers(has_own_login=True, has_apop=bool(self.stamp))
        found: dict[str, list[str]] = {}
        while (line := await self._line()) != ".":
            name, *arguments = words(line) or [""]
            found[name] = arguments
        return Offers(
            frozenset(found.get("SASL", ())),
            has_starttls="STLS" in found,
            has_own_login="USER" in found,
            has_apop=bool(self.stamp),
        )

    async def ask_for_tls(self) -> str:
        """STLS (RFC 2595 section 4)."""
        line = await self.ask("STLS")
        return "" if line.startswith("+OK") else line

    async def own_login(self, username: str, password: str) -> str:
        """USER and PASS (RFC 1939 section 7)."""
        if said := await self._login(f"USER {username}"):
            return said
        return await self._login(f"PASS {password}")

    async def apop(self, username: str, digest: str) -> str:
        """APOP (RFC 1939 section 7)."""
        return await self._login(f"APOP {username} {digest}")

    async def _login(self, command: str) -> str:
        line = await self.ask(command)
        return "" if line.upper().startswith("+OK") else line

    def _sasl_command(self, mechanism: str) -> str:
        return f"AUTH {mechanism}"

    async def _challenge(self) -> tuple[bytes | None, str]:
        line = await self._line()
        if line.startswith("+ ") or line == "+":
            return line[1:].strip().encode("latin-1"), ""
        return None, "" if line.upper().startswith("+OK") else line

    async def leave(self) -> None:
        """QUIT."""
        await self._command("QUIT")

    async def ask(self, command: str) -> str:
        """Send a command, and return the first line of the answer."""
        await self._command(command)
        line = await self._line()
        if not line.upper().startswith(("+", "-ERR")):
            raise DialogueFailed(ServerCode.BROKEN, line)
        return line

    async def _line(self) -> str:
        return (await self._stream.line()).decode("latin-1")
