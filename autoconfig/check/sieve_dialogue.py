"""ManageSieve up to the login (RFC 5804)."""

from __future__ import annotations

import re

from autoconfig.check.dialogue import Dialogue, DialogueFailed, Offers
from autoconfig.check.server_codes import ServerCode

_CAPABILITY = re.compile(r'"([^"]*)"(?: "([^"]*)")?')


class SieveDialogue(Dialogue):
    """Speaks ManageSieve, whose server lists its capabilities unasked: as a greeting, and after TLS has begun."""

    _has_greeted = False

    async def greet(self) -> None:
        """Nothing: the greeting is the list of capabilities, which `offers` reads (RFC 5804 section 1.7)."""

    async def offers(self) -> Offers:
        """Read the capabilities."""
        bad = ServerCode.BROKEN if self._has_greeted else ServerCode.OTHER_PROTOCOL
        found: dict[str, str] = {}
        while True:
            line = (await self._stream.line()).decode("latin-1")
            word = line.upper().split(" ")[0]
            if word == "OK":
                break
            if word in {"BYE", "NO"}:
                raise DialogueFailed(ServerCode.REFUSES, line)
            capability = _CAPABILITY.fullmatch(line.rstrip())
            if capability is None:
                raise DialogueFailed(bad, line)
            found[capability[1].upper()] = capability[2] or ""
        self._has_greeted = True
        return Offers(frozenset(found.get("SASL", "").upper().split()), has_starttls="STARTTLS" in found)

    async def ask_for_tls(self) -> str:
        """STARTTLS (section 2.2)."""
        await self._command("STARTTLS")
        line = (await self._stream.line()).decode("latin-1")
        return "" if line.upper().startswith("OK") else line

    def _sasl_command(self, mechanism: str) -> str:
        return f'AUTHENTICATE "{mechanism}"'

    async def _challenge(self) -> tuple[bytes | None, str]:
        return None, "logins to ManageSieve are not tried"

    async def leave(self) -> None:
        """LOGOUT."""
        await self._command("LOGOUT")
