"""
What there is to explain about an account: the things over which people stumble, found in the account itself. The
sentences are in templates/page/parts/why.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig.mail.pattern import ADDRESS, DOMAIN, LOCAL, Slot
from autoconfig.mail.server import Login, TLSMode

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.pattern import Pattern
    from autoconfig.mail.server import Server


class UserName(StrEnum):
    """How a user name is made of the address."""

    ADDRESS = "address"
    """It is the address."""
    DOTTED = "dotted"
    """The address with a dot for the @."""
    LOCAL = "local"
    """What stands before the @."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Facts:
    """What about an account needs a sentence."""

    customary: str
    """`mail.DOMAIN`, the name that people would guess."""
    certified: str | None
    """The receiving server whose certificate does not fit that name, where there is one."""
    foreign: bool
    """Whether it has a name outside the customer's domain."""
    apart: tuple[str, str] | None
    """The receiving and the sending server, where they are two."""
    starttls: Server | None
    """The sending server, where TLS begins after a command and there is no other way."""
    plain: tuple[Server, ...]
    """Servers without TLS."""
    readable_password: bool
    """Whether a password travels as it is over one of those."""
    encrypted_login: bool
    user_name: UserName
    names_differ: bool
    """Whether sending has another user name than receiving."""
    international: bool
    """Whether machines spell the domain otherwise than people."""

    @classmethod
    def of(cls, account: Account) -> Facts:
        """Look through an account that has servers."""
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
    def plain_receiving(self) -> bool:
        """Whether mail is received without TLS."""
        return any(server.protocol.incoming for server in self.plain)


def _within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _kind(username: Pattern, domain: str) -> UserName:
    """Read the pattern as text, for `{local}@{domain}` is the address too."""
    text = username.expand({ADDRESS: f"{{}}@{domain}", LOCAL: "{}", DOMAIN: domain})
    if text == f"{{}}@{domain}":
        return UserName.ADDRESS
    if text == f"{{}}.{domain}":
        return UserName.DOTTED
    return UserName.LOCAL if username.parts == (Slot(LOCAL),) else UserName.OTHER
