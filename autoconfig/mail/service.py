"""Services with a URL, beside the mail servers: calendars, address books, JMAP, ActiveSync, OAuth2."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoconfig.mail.pattern import Pattern
    from autoconfig.mail.server import Login


class ServiceKind(StrEnum):
    """The protocol at the URL; the values are those in plans.toml."""

    CALDAV = "caldav"
    """RFC 4791."""
    CARDDAV = "carddav"
    """RFC 6352."""
    JMAP = "jmap"
    """RFC 8620."""
    ACTIVESYNC = "activesync"
    """MS-ASHTTP."""

    @property
    def has_mailbox_urls(self) -> bool:
        """Whether each mailbox may have a URL of its own; ActiveSync has one for all."""
        return self is not ServiceKind.ACTIVESYNC

    @property
    def has_principals(self) -> bool:
        """Whether the URL may be a principal's (RFC 3744 section 2)."""
        return self in {ServiceKind.CALDAV, ServiceKind.CARDDAV}


@dataclass(frozen=True, slots=True)
class ServiceTemplate:
    """A service of a plan: URL and user name are patterns."""

    kind: ServiceKind
    url: Pattern
    login: tuple[Login, ...]
    username: Pattern
    principal: bool = False
    """Whether the URL is a principal's."""

    @property
    def of_mailbox(self) -> bool:
        """Whether each mailbox has a URL of its own, so that only documents for an address can have the service."""
        return self.url.needs_mailbox


@dataclass(frozen=True, slots=True)
class Service:
    """A service of an account: all is decided except what the user name takes from the address."""

    kind: ServiceKind
    url: str
    """An https URL."""
    login: tuple[Login, ...]
    username: Pattern
    """It has only variables left."""
    principal: bool = False
    """Whether the URL is a principal's."""
    of_mailbox: bool = False
    """Whether the URL belongs to one mailbox."""


SCOPE = r"[!#-[\]-~]+"
"""A regular expression for one scope-token (RFC 6749 appendix A.4); a scope has one or more."""


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Where clients get tokens (draft-ietf-mailmaint-autoconfig-06, `oAuth2`; RFC 8414)."""

    issuer: str
    """An https URL."""
    auth_url: str
    token_url: str
    scope: tuple[str, ...]
    client_id: str | None = None
    client_secret: str | None = None
    """Not really a secret: it stands in a document that anyone can ask for."""
