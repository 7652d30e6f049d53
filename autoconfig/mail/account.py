"""The account that every document describes: a domain's servers, for one address or for all of its addresses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig.mail.pattern import ADDRESS, ADDRESS_LOWER, DOMAIN, LOCAL, LOCAL_LOWER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.mail.address import EmailAddress
    from autoconfig.mail.domain import Domain
    from autoconfig.mail.server import Protocol, Server
    from autoconfig.mail.service import OAuth2, Service, ServiceKind


MAX_NAME, MAX_SHORT_NAME = 60, 20
"""Longest name and short name of a plan, in characters (draft-ietf-mailmaint-pacc-03, `info.provider`)."""

LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*"
"""A regular expression for a text's language: the form of a BCP 47 tag, with the primary subtag in lower case."""


def variables(domain: Domain, address: EmailAddress | None) -> dict[str, str]:
    """The values for the slots of a bound pattern; without an address, those of the mailbox are missing."""
    values = {DOMAIN: domain.name}
    if address is not None:
        lower = address.lowered
        values |= {LOCAL: address.local, ADDRESS: str(address), LOCAL_LOWER: lower.local, ADDRESS_LOWER: str(lower)}
    return values


@dataclass(frozen=True, slots=True)
class Text:
    """A short text in one or more languages; the first is the plan's own."""

    by_language: Mapping[str, str]

    def in_language(self, language: str | None = None) -> str:
        """The text in `language` (a BCP 47 primary subtag), else in the first language given."""
        own = next(iter(self.by_language.values()))
        return own if language is None else self.by_language.get(language, own)


class Recommend(StrEnum):
    """The protocol for reading mail that the setup page recommends."""

    IMAP = "imap"
    POP3 = "pop3"
    BOTH = "both"
    """No preference: the page shows the two side by side."""


@dataclass(frozen=True, slots=True)
class Documentation:
    """A page that explains the plan to its customers."""

    url: str
    text: Text | None


@dataclass(frozen=True, slots=True)
class Account:
    """
    The settings of `domain`, or the place it moved to.

    `servers` is in order of preference, but IMAP comes first: Geary and FairEmail read only the first incoming server
    and want it to be IMAP.
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
    """Where clients get tokens for servers and services that offer `Login.OAUTH2`."""
    redirect_url: str | None = None
    redirect_domain: Domain | None = None
    notes: tuple[Text, ...] = ()
    """Notes about the plan, for the setup page."""
    recommend: Recommend = Recommend.IMAP

    @property
    def redirects(self) -> bool:
        """Whether the domain moved away and has no servers here."""
        return self.redirect_url is not None or self.redirect_domain is not None

    def login_name(self, server: Server | Service) -> str:
        """The user name to log in with. The account must have an address if the user name needs one."""
        return server.username.expand(variables(self.domain, self.address))

    def first(self, *protocols: Protocol) -> Server | None:
        """The preferred server for one of `protocols`."""
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
        """The servers to send mail with."""
        return tuple(server for server in self.servers if server.protocol.outgoing)
