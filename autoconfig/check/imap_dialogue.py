"""IMAP up to the login (RFC 9051)."""

from __future__ import annotations

from autoconfig.check.dialogue import Dialogue, DialogueFailed, Offers, words
from autoconfig.check.server_codes import ServerCode


class IMAPDialogue(Dialogue):
    """Speaks IMAP."""

    _tags = 0

    async def greet(self) -> None:
        """Read the greeting (section 7.1)."""
        line = await self._line()
        if line.upper().startswith("* BYE"):
            raise DialogueFailed(ServerCode.REFUSES, line)
        if words(line)[:2] not in (["*", "OK"], ["*", "PREAUTH"]):
            raise DialogueFailed(ServerCode.OTHER_PROTOCOL, line)

    async def offers(self) -> Offers:
        """Ask for the capabilities (section 6.1.1)."""
        status, untagged = await self.ask("CAPABILITY")
        if not status.startswith("OK"):
            raise DialogueFailed(ServerCode.BROKEN, f"CAPABILITY: {status}")
        found = {word for line in untagged if words(line)[:2] == ["*", "CAPABILITY"] for word in words(line)[2:]}
        return Offers(
            frozenset(word.removeprefix("AUTH=") for word in found if word.startswith("AUTH=")),
            has_starttls="STARTTLS" in found,
            has_own_login="LOGINDISABLED" not in found,
        )

    async def ask_for_tls(self) -> str:
        """STARTTLS (section 6.2.1)."""
        status, _ = await self.ask("STARTTLS")
        return "" if status.startswith("OK") else status

    async def own_login(self, username: str, password: str) -> str:
        """LOGIN (section 6.2.3)."""
        status, _ = await self.ask(f"LOGIN {_quoted(username)} {_quoted(password)}")
        return "" if status.startswith("OK") else status

    def _sasl_command(self, mechanism: str) -> str:
        self._tags += 1
        return f"a{self._tags} AUTHENTICATE {mechanism}"

    async def _challenge(self) -> tuple[bytes | None, str]:
        while (line := await self._line()).startswith("*"):
            pass
        if line.startswith("+"):
            return line[1:].strip().encode("latin-1"), ""
        _tag, _, status = line.partition(" ")
        return None, "" if status.upper().startswith("OK") else status

    async def leave(self) -> None:
        """LOGOUT."""
        await self._command("z LOGOUT")

    async def ask(self, command: str) -> tuple[str, list[str]]:
        """Send a command, and return the tagged response without its tag, and the lines before it."""
        self._tags += 1
        tag = f"a{self._tags}"
        await self._command(f"{tag} {command}")
        return await self.response(tag)

    async def response(self, tag: str) -> tuple[str, list[str]]:
        """Read up to the response with a tag."""
        untagged: list[str] = []
        while True:
            line = await self._line()
            first, _, rest = line.partition(" ")
            if first.lower() == tag:
                status, _, more = rest.partition(" ")
                return f"{status.upper()} {more}".rstrip(), untagged
            if not line.startswith(("*", "+")):
                raise DialogueFailed(ServerCode.BROKEN, line)
            untagged.append(line)

    async def _line(self) -> str:
        return (await self._stream.line()).decode("latin-1")


def _quoted(text: str) -> str:
    """A quoted string (section 4.3)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
