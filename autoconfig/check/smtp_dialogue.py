"""SMTP up to the login (RFC 5321, 3207, 4954)."""

from __future__ import annotations

import ipaddress
import re

from autoconfig.check.dialogue import Dialogue, DialogueFailed, Offers, words
from autoconfig.check.server_codes import ServerCode

_REPLY = re.compile(r"(\d{3})(?:([ -])(.*))?")


class SMTPDialogue(Dialogue):
    """Speaks SMTP."""

    async def greet(self) -> None:
        """Read the greeting (RFC 5321 section 3.1)."""
        code, lines = await self.reply(ServerCode.OTHER_PROTOCOL)
        if code != "220":
            raise DialogueFailed(ServerCode.REFUSES, f"{code} {lines[-1]}")

    async def offers(self) -> Offers:
        """Ask for the extensions (RFC 5321 section 4.1.1.1), by the address of this machine (section 4.1.3)."""
        code, lines = await self.ask(f"EHLO {_literal(self._stream.local_address)}")
        if code != "250":
            raise DialogueFailed(ServerCode.BROKEN, f"EHLO: {code} {lines[-1]}")
        # `AUTH=` is what servers say to Outlook Express (Postfix: broken_sasl_auth_clients).
        extensions = [words(line.replace("AUTH=", "AUTH ", 1)) or [""] for line in lines[1:]]
        mechanisms = {word for name, *rest in extensions if name == "AUTH" for word in rest}
        return Offers(frozenset(mechanisms), has_starttls=any(name == "STARTTLS" for name, *_ in extensions))

    async def ask_for_tls(self) -> str:
        """STARTTLS (RFC 3207)."""
        code, lines = await self.ask("STARTTLS")
        return "" if code == "220" else f"{code} {lines[-1]}"

    def _sasl_command(self, mechanism: str) -> str:
        return f"AUTH {mechanism}"

    async def _challenge(self) -> tuple[bytes | None, str]:
        code, lines = await self.reply()
        if code == "334":
            return lines[-1].strip().encode("latin-1"), ""
        return None, "" if code == "235" else f"{code} {lines[-1]}"

    async def leave(self) -> None:
        """QUIT."""
        await self._command("QUIT")

    async def ask(self, command: str) -> tuple[str, list[str]]:
        """Send a command, and return the reply."""
        await self._command(command)
        return await self.reply()

    async def reply(self, otherwise: ServerCode = ServerCode.BROKEN) -> tuple[str, list[str]]:
        """Read a reply (RFC 5321 section 4.2): code and lines; `otherwise`: the finding for a line that is not one."""
        lines: list[str] = []
        while True:
            line = (await self._stream.line()).decode("latin-1")
            found = _REPLY.fullmatch(line)
            if found is None:
                raise DialogueFailed(otherwise, line)
            code, separator, text = found.groups()
            lines.append(text or "")
            if separator != "-":
                return code, lines


def _literal(address: str) -> str:
    own = ipaddress.ip_address(address.partition("%")[0])
    return f"[{own}]" if own.version == 4 else f"[IPv6:{own}]"
