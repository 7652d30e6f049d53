"""An account as the templates read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.errors import Inexpressible
from autoconfig.formats import apple
from autoconfig.mail.pattern import DOMAIN, Slot
from autoconfig.mail.server import MAIL, Protocol
from autoconfig.web.pages.facts import Facts

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Login, Server, TLSMode
    from autoconfig.mail.service import Service


@dataclass(frozen=True, slots=True)
class ServerView:
    """A server, with its user name as far as it is known."""

    protocol: Protocol
    host: str
    port: int
    tls: TLSMode
    login: tuple[Login, ...]
    username: str | None
    """`None` without an address, where the name depends on it."""
    pieces: tuple[tuple[str, str], ...]
    """What the user name is made of: pairs of `text`, `local` or `address` and, for `text`, the text."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account with servers, sorted for reading."""

    account: Account
    servers: tuple[ServerView, ...]
    """All mail servers, in the order of the documents."""
    facts: Facts
    profiles: tuple[Protocol, ...]
    """Those of IMAP and POP3 that an Apple profile can be had for."""

    @classmethod
    def of(cls, account: Account, profile_identifier: str) -> AccountView:
        """Of an account that did not move away."""
        servers = tuple(_server(account, server) for server in account.servers if server.protocol in MAIL)
        profiles = tuple(
            protocol
            for protocol in (Protocol.IMAP, Protocol.POP3)
            if _has_profile(account, profile_identifier, protocol)
        )
        return cls(account, servers, Facts.of(account), profiles)

    @property
    def address(self) -> str | None:
        """The address as mail programs want it."""
        return str(self.account.address) if self.account.address else None

    @property
    def name(self) -> str:
        """What the page is about, as people write it: the address, or the domain."""
        address, domain = self.account.address, self.account.domain.display
        return f"{address.local}@{domain}" if address else domain

    @property
    def receiving(self) -> list[ServerView]:
        """The preferred server of IMAP and of POP3."""
        found = (self._first(protocol) for protocol in (Protocol.IMAP, Protocol.POP3))
        return [server for server in found if server]

    @property
    def sending(self) -> ServerView | None:
        """The preferred server to send by."""
        return self._first(Protocol.SMTP)

    @property
    def services(self) -> list[tuple[Service, str | None]]:
        """Calendars and the like, each with its user name where that is known."""
        return [(service, _username(self.account, service)) for service in self.account.services]

    def _first(self, protocol: Protocol) -> ServerView | None:
        return next((server for server in self.servers if server.protocol is protocol), None)


def _server(account: Account, server: Server) -> ServerView:
    pieces = tuple(
        (part.name, "") if isinstance(part, Slot) and part.name != DOMAIN else ("text", _literal(account, part))
        for part in server.username.parts
    )
    username = _username(account, server)
    return ServerView(server.protocol, server.host, server.port, server.tls, server.login, username, pieces)


def _literal(account: Account, part: str | Slot) -> str:
    return part if isinstance(part, str) else account.domain.name


def _username(account: Account, server: Server | Service) -> str | None:
    if account.address is None and server.username.names - {DOMAIN}:
        return None
    return account.login_name(server)


def _has_profile(account: Account, identifier: str, protocol: Protocol) -> bool:
    try:
        apple.document(account, identifier, protocol)
    except Inexpressible:
        return False
    return True
