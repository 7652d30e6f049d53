"""A client of Marionette, the remote control in Thunderbird: messages are `LENGTH:JSON` over TCP."""

from __future__ import annotations

import base64
import json
import socket
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

LIMIT = 90
"""Seconds for one command; a script may wait for several requests of Thunderbird's."""
COMMAND = 0
"""The first element of a message to Thunderbird."""


class ScriptFailed(Exception):
    """Thunderbird could not do what it was told."""


class Marionette:
    """One session, in the window that people see, with all of Thunderbird's own rights."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), LIMIT)
        self._stream = self._socket.makefile("rb")
        self._number = 0
        self._read()  # it greets
        self.call("WebDriver:NewSession")
        self.call("Marionette:SetContext", value="chrome")
        self.call("WebDriver:SetTimeouts", script=LIMIT * 1000)

    def __enter__(self) -> Self:
        """Connected since it was made."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Hang up."""
        self._stream.close()
        self._socket.close()

    def call(self, command: str, **parameters: object) -> Any:
        """
        Have a command done.

        Raises:
            ScriptFailed: with Thunderbird's own words.
        """
        self._number += 1
        message = json.dumps([COMMAND, self._number, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _kind, _number, error, result = self._read()
        if error:
            raise ScriptFailed(f"{command}: {error.get('message')}")
        return result

    def run(self, script: str, *arguments: object) -> Any:
        """The value that a script returns, or that its promise comes to."""
        return self.call("WebDriver:ExecuteScript", script=script, args=arguments, sandbox="system")["value"]

    def screenshot(self) -> bytes:
        """The window, as PNG."""
        return base64.b64decode(self.call("WebDriver:TakeScreenshot", full=True, hash=False)["value"])

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self._stream.read(1)
            if not byte:
                raise ScriptFailed("Thunderbird is gone")
            length += byte
        return json.loads(self._stream.read(int(length[:-1])))
