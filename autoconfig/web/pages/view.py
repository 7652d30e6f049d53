"""An account as the templates read it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.mail.account import Recommend
from autoconfig.mail.pattern import DOMAIN, Slot
from autoconfig.mail.server import MAIL, Protocol
from autoconfig.web.pages.explanations import Explanations

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Login, Server, TLSMode
    from autoconfig.mail.service import Service

_PROPOSED = {Recommend.IMAP: Protocol.IMAP, Recommend.POP3: Protocol.POP3}


@dataclass(frozen=True, slots=True)
class ServerView:
    """A server, with its user name if known."""

    protocol: Protocol
    host: str
    port: int
    tls: TLSMode
    login: tuple[Login, ...]
    username: str | None
    """`None` without an address, if the name depends on it."""
    pieces: tuple[tuple[str, str], ...]
    """The parts of the user name: pairs of `text`, `local` or `address` and, for `text`, the text."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account with servers, sorted for reading."""

    account: Account
    servers: tuple[ServerView, ...]
    """All mail servers, in the order of the documents."""
    facts: Explanations

    @classmethod
    def of(cls, account: Account) -> AccountView:
        """The view of an account that did not move away."""
        servers = tuple(_server(account, server) for server in account.servers if server.protocol in MAIL)
        return cls(account, servers, Explanations.of(account))

    @property
    def address(self) -> str | None:
        """The address as mail programs need it."""
        return str(self.account.address) if self.account.address else None

    @property
    def name(self) -> str:
        """The subject of the page as people write it: the address, or the domain."""
        address, domain = self.account.address, self.account.domain.display
        return f"{address.local}@{domain}" if address else domain

    def repaired(self, typed: str) -> bool:
        """Whether the typed text differs from the subject of this page by more than letter case and full width."""
        plain = unicodedata.normalize("NFKC", typed).strip().casefold()
        domain = self.account.domain
        return bool(plain) and plain not in {self.name.casefold(), (self.address or domain.name).casefold()}

    @property
    def receiving(self) -> list[ServerView]:
        """The preferred server of IMAP and of POP3."""
        found = (self._first(protocol) for protocol in (Protocol.IMAP, Protocol.POP3))
        return [server for server in found if server]

    def ways(self, wanted: Protocol | None = None) -> list[ServerView]:
        """The receiving servers to set up: that of the wanted or recommended protocol, or both without preference."""
        protocol = wanted or _PROPOSED.get(self.account.recommend)
        return [server for server in self.receiving if server.protocol is protocol] or self.receiving

    @property
    def sending(self) -> ServerView | None:
        """The preferred sending server."""
        return self._first(Protocol.SMTP)

    @property
    def services(self) -> list[tuple[Service, str | None]]:
        """Calendars and the like, each with its user name if known."""
        return [(service, _username(self.account, service)) for service in self.account.services]

    def _first(self, protocol: Protocol) -> ServerView | None:
        return next((server for server in self.servers if server.protocol is protocol), None)


def _server(account: Account, server: Server) -> ServerView:
    pieces = tuple(
        (part.name.removesuffix("_lower"), "")
        if isinstance(part, Slot) and part.name != DOMAIN
        else ("text", _literal(account, part))
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
