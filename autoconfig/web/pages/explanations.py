"""
What a page explains about an account: the things that confuse people. The sentences are in
templates/page/parts/topics.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig.mail.pattern import ADDRESS, ADDRESS_LOWER, DOMAIN, LOCAL, LOCAL_LOWER, Slot
from autoconfig.mail.server import Login, TLSMode

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.pattern import Pattern
    from autoconfig.mail.server import Server


class UserNameForm(StrEnum):
    """How a user name is derived from the address."""

    ADDRESS = "address"
    """The address."""
    DOTTED = "dotted"
    """The address with a dot for the @."""
    LOCAL = "local"
    """The part before the @."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Explanations:
    """The properties of an account that need an explanation."""

    customary: str
    """`mail.DOMAIN`, the host that people would guess."""
    certified: str | None
    """A receiving server with a certificate for another name than that, if any."""
    foreign: bool
    """Whether its name is outside the customer's domain."""
    apart: tuple[str, str] | None
    """The receiving and the sending server, if they differ."""
    starttls: Server | None
    """The sending server, if all of them use STARTTLS or no TLS."""
    plain: tuple[Server, ...]
    """Servers without TLS."""
    readable_password: bool
    """Whether a password goes over one of those in clear text."""
    encrypted_login: bool
    user_name: UserNameForm
    names_differ: bool
    """Whether sending and receiving have different user names."""
    international: bool
    """Whether the domain has A-labels."""

    @classmethod
    def of(cls, account: Account) -> Explanations:
        """The explanations of an account with servers."""
        receiving, sending = account.incoming[0], account.outgoing[0]
        customary = f"mail.{account.domain.name}"
        protected = [server for server in account.incoming if server.tls is not TLSMode.PLAIN]
        certified = next((server.host for server in protected if server.host != customary), None)
        servers = (*account.incoming, *account.outgoing)
        plain = tuple(server for server in servers if server.tls is TLSMode.PLAIN)
        alone = all(server.tls is not TLSMode.SSL for server in account.outgoing)
        return cls(
            customary=f"mail.{account.domain.display}",
            certified=certified,
            foreign=certified is not None and not _within(certified, account.domain.name),
            apart=(receiving.host, sending.host) if receiving.host != sending.host else None,
            starttls=sending if alone and sending.tls is TLSMode.STARTTLS else None,
            plain=plain,
            readable_password=any(Login.CLEARTEXT in server.login for server in plain),
            encrypted_login=any(Login.ENCRYPTED in server.login for server in servers),
            user_name=_kind(receiving.username, account.domain.name),
            names_differ=receiving.username != sending.username,
            international=account.domain.display != account.domain.name,
        )

    @property
    def topics(self) -> list[str]:
        """The topics to explain, by their names in templates/page/parts/topics.html."""
        found = {
            "unencrypted": self.plain,
            "certificate": self.certified,
            "servers": self.apart,
            "starttls": self.starttls,
            "user-name": self.user_name is not UserNameForm.ADDRESS,
            "sending-user-name": self.names_differ,
            "encrypted-password": self.encrypted_login,
            "international": self.international,
        }
        return [topic for topic, holds in found.items() if holds]

    @property
    def plain_receiving(self) -> bool:
        """Whether mail is received without TLS."""
        return any(server.protocol.incoming for server in self.plain)


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _kind(username: Pattern, domain: str) -> UserNameForm:
    """Compare the pattern as text, because `{local}@{domain}` is the address too."""
    whole, local = f"{{}}@{domain}", "{}"
    text = username.expand({ADDRESS: whole, ADDRESS_LOWER: whole, LOCAL: local, LOCAL_LOWER: local, DOMAIN: domain})
    if text == whole:
        return UserNameForm.ADDRESS
    if text == f"{{}}.{domain}":
        return UserNameForm.DOTTED
    return UserNameForm.LOCAL if username.parts in ((Slot(LOCAL),), (Slot(LOCAL_LOWER),)) else UserNameForm.OTHER
