"""One mail server of an account: protocol, host, port, protection, login."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autoconfig.mail.pattern import Pattern


class Protocol(StrEnum):
    """The protocol of a server, spelled as in Mozilla's `type` attribute."""

    IMAP = "imap"
    POP3 = "pop3"
    SMTP = "smtp"
    MANAGESIEVE = "managesieve"
    """Filters on the server (RFC 5804)."""

    @property
    def incoming(self) -> bool:
        """Whether clients read mail with it."""
        return self in {Protocol.IMAP, Protocol.POP3}

    @property
    def outgoing(self) -> bool:
        """Whether clients send mail with it."""
        return self is Protocol.SMTP


MAIL = (Protocol.IMAP, Protocol.POP3, Protocol.SMTP)
"""The protocols of mail itself, in the order in which documents list them."""


class TLSMode(StrEnum):
    """When TLS begins; the values are those in plans.toml."""

    SSL = "ssl"
    """At the first byte: implicit TLS (RFC 8314 section 3)."""
    STARTTLS = "starttls"
    """After a command, and required."""
    PLAIN = "plain"
    """Never."""


class Login(StrEnum):
    """Login methods in Mozilla's spelling (draft-ietf-mailmaint-autoconfig-06, `authentication`)."""

    CLEARTEXT = "password-cleartext"
    """PLAIN, LOGIN or the protocol's own login; says nothing about TLS."""
    ENCRYPTED = "password-encrypted"
    """CRAM-MD5 and similar, for POP3 also APOP."""
    OAUTH2 = "OAuth2"
    NTLM = "NTLM"
    GSSAPI = "GSSAPI"
    TLS_CLIENT_CERT = "TLS-client-cert"
    CLIENT_IP_ADDRESS = "client-IP-address"
    NONE = "none"

    @property
    def is_password(self) -> bool:
        """Whether it uses a password, in whichever way it is sent."""
        return self in {Login.CLEARTEXT, Login.ENCRYPTED}

    @property
    def has_user(self) -> bool:
        """Whether a user logs in; the other methods are for sending only (Thunderbird, desktop, 153)."""
        return self not in {Login.NONE, Login.CLIENT_IP_ADDRESS}


@dataclass(frozen=True, slots=True)
class ServerTemplate:
    """A server of a plan: host and user name are patterns."""

    protocol: Protocol
    host: Pattern
    port: int
    tls: TLSMode
    login: tuple[Login, ...]
    username: Pattern


@dataclass(frozen=True, slots=True)
class Server:
    """A server of an account: all is decided except what the user name takes from the address."""

    protocol: Protocol
    host: str
    port: int
    tls: TLSMode
    login: tuple[Login, ...]
    username: Pattern
    """It has only variables left."""


_RANKS = {protocol: rank for rank, protocol in enumerate(Protocol)}


def imap_first(servers: Iterable[ServerTemplate]) -> list[ServerTemplate]:
    """
    Sort by IMAP, POP3, SMTP, ManageSieve; within a protocol keep the plan's order of preference.

    Geary and FairEmail read only the first incoming server and want it to be IMAP.
    """
    return sorted(servers, key=lambda server: _RANKS[server.protocol])
