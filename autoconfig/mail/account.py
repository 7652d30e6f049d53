"""What every document is made from: one domain's servers, for one address or for all of its addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.mail.pattern import ADDRESS, DOMAIN, LOCAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.mail.address import EmailAddress
    from autoconfig.mail.domain import Domain
    from autoconfig.mail.server import Protocol, Server
    from autoconfig.mail.service import OAuth2, Service, ServiceKind


MAX_NAME, MAX_SHORT_NAME = 60, 20
"""Characters of a plan's name and of its short one (draft-ietf-mailmaint-pacc-03, `info.provider`)."""

LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*"
"""The language of a text as a regular expression: the form of BCP 47's tags, the primary subtag in lower case."""


@dataclass(frozen=True, slots=True)
class Text:
    """A short text in one or more languages; the first one is the plan's own."""

    by_language: Mapping[str, str]

    def in_language(self, language: str | None = None) -> str:
        """The text in `language` (a BCP 47 primary subtag), else in the first language given."""
        own = next(iter(self.by_language.values()))
        return own if language is None else self.by_language.get(language, own)


@dataclass(frozen=True, slots=True)
class Documentation:
    """A page that explains the plan to its customers."""

    url: str
    text: Text | None


@dataclass(frozen=True, slots=True)
class Account:
    """
    The settings of `domain`, or, where it moved away, the place it moved to.

    `servers` is in order of preference, except that IMAP comes first: Geary and FairEmail read only the first
    incoming server and want it to be IMAP.
    """

    domain: Domain
    address: EmailAddress | None
    name: Text
    short_name: Text | None
    servers: tuple[Server, ...]
    documentation: tuple[Documentation, ...] = ()
    webmail: str | None = None
    services: tuple[Service, ...] = ()
    oauth2: OAuth2 | None = None
    """Where a server or service that offers `Login.OAUTH2` gets its tokens from."""
    redirect_url: str | None = None
    redirect_domain: Domain | None = None
    notes: tuple[Text, ...] = ()
    """What people are told about the plan beside the values."""

    @property
    def redirects(self) -> bool:
        """Whether this name has no servers here any more, only a place it moved to."""
        return self.redirect_url is not None or self.redirect_domain is not None

    def login_name(self, server: Server | Service) -> str:
        """The user name to log in with. Only for an account with an address, or a user name that needs none."""
        variables = {DOMAIN: self.domain.name}
        if self.address is not None:
            variables |= {LOCAL: self.address.local, ADDRESS: str(self.address)}
        return server.username.expand(variables)

    def first(self, *protocols: Protocol) -> Server | None:
        """The preferred server among those that speak one of `protocols`."""
        return next((server for server in self.servers if server.protocol in protocols), None)

    def service(self, kind: ServiceKind) -> Service | None:
        """The preferred service of a kind."""
        return next((service for service in self.services if service.kind == kind), None)

    @property
    def incoming(self) -> tuple[Server, ...]:
        """The servers to read mail from."""
        return tuple(server for server in self.servers if server.protocol.incoming)

    @property
    def outgoing(self) -> tuple[Server, ...]:
        """The servers to send mail by."""
        return tuple(server for server in self.servers if server.protocol.outgoing)
