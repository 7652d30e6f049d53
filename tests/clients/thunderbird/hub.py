"""The Account Hub, the window in which people make an account: type, press Continue, read what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tests.clients.thunderbird.detection import servers_of
from tests.clients.thunderbird.processes import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.thunderbird.detection import Server
    from tests.clients.thunderbird.marionette import Marionette

BEGIN, FOUND, PASSWORD, ADDED = (
    "emailAutoConfigSubview",
    "emailConfigFoundSubview",
    "emailPasswordSubview",
    "emailAddedSuccessSubview",
)
LABELS = {"SSL/TLS": "SSL", "STARTTLS": "STARTTLS", "No Encryption": "plain"}
METHODS = {"Normal Password": "password-cleartext", "Encrypted Password": "password-encrypted"}


class HubComplains(Exception):
    """The window shows a red bar, or another step than the one that should come."""


class Found(NamedTuple):
    """What the window offers."""

    protocols: list[str]
    selected: str
    servers: list[Server]
    """For receiving, for sending."""


class Account(NamedTuple):
    """An account that was made."""

    servers: list[Server]
    """For receiving, for sending."""
    messages: int
    """In its inbox."""


class AccountHub:
    """The window, used as a person uses it."""

    def __init__(self, marionette: Marionette, account: str, shots: Path) -> None:
        self._marionette = marionette
        self._account = account
        self._shots = shots
        for old in shots.glob("*.png"):
            old.unlink()
        self._address = ""

    def look_up(self, name: str, address: str) -> Found:
        """Type name and address, press Continue, read what was found."""
        self._address = address
        self._do("open")
        self._reach(BEGIN)
        self._do("type", {"realName": name, "email": address})
        self._forward()
        self._reach(FOUND, after=BEGIN)
        found = until("the words of the result", self._found)
        self.shoot("found")
        return found

    def log_in(self, password: str) -> Account:
        """Accept what was found, type the password, press Continue, wait for the account and the mail in it."""
        self._forward()
        self._reach(PASSWORD, after=FOUND)
        self._do("type", {"password": password})
        self._forward()
        self._reach(ADDED, after=PASSWORD)
        self.shoot("added")
        self._forward()
        until("the window to close", lambda: not self._do("state")["step"])
        account = until("mail", self._logged_in)
        self.shoot("mail")
        return account

    def close(self) -> None:
        """Whatever it shows."""
        self._do("close")

    def shoot(self, name: str) -> None:
        """Keep a picture of what the window shows now."""
        self._shots.mkdir(parents=True, exist_ok=True)
        (self._shots / f"{name}.png").write_bytes(self._marionette.screenshot())

    def _reach(self, step: str, after: str = "") -> None:
        def there() -> bool:
            state = self._do("state")
            if state["failed"] or state["step"] not in {"", after, step}:
                raise HubComplains(f"{state['step']}: {state['notice']}")
            return state["step"] == step and not state["busy"]

        until(step, there)

    def _forward(self) -> None:
        until("the Continue button", lambda: self._do("forward"))

    def _found(self) -> Found | None:
        """The labels of modes and methods are translated after the values are there."""
        shown = self._do("found")
        if not all(server["tls"] and server["login"] for server in shown["servers"]):
            return None
        servers = [
            {**server, "port": int(server["port"]), "tls": LABELS[server["tls"]], "login": METHODS[server["login"]]}
            for server in shown["servers"]
        ]
        return Found(shown["offered"], shown["selected"], servers_of(servers))

    def _logged_in(self) -> Account | None:
        made = self._marionette.run(self._account, self._address)
        return Account(servers_of(made["servers"]), made["messages"]) if made and made["messages"] else None

    def _do(self, what: str, *arguments: object) -> Any:
        return self._marionette.run(f"return window.hub.{what}(...arguments);", *arguments)
