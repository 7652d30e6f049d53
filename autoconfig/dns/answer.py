"""What is known of where a domain's mail goes. Nothing here asks anybody, and nothing loads dnspython."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class MXStatus(StrEnum):
    """What the DNS said, or why it said nothing."""

    FOUND = "found"
    NONE_OFFERED = "accepts no mail"
    """The null MX of RFC 7505."""
    NO_MX = "has no MX"
    """NODATA (RFC 2308 section 2.2)."""
    NO_DOMAIN = "does not exist"
    """NXDOMAIN (RFC 2308 section 2.1)."""
    NOT_ASKED = "is never asked for"
    """A name that the public DNS cannot know, or a host of the provider's own."""
    FAILED = "could not be asked"
    """SERVFAIL, REFUSED, a referral, an answer that is none, or no name server to ask."""
    TIMED_OUT = "did not answer in time"
    OVER_BUDGET = "was not asked, for the questions of this minute are used up"
    OVER_SHARE = "was not asked, for the client has used up its share of the questions of this minute"


_TEMPORARY = frozenset({MXStatus.FAILED, MXStatus.TIMED_OUT, MXStatus.OVER_BUDGET, MXStatus.OVER_SHARE})


@dataclass(frozen=True, slots=True)
class MXAnswer:
    """The exchangers of a domain, the preferred first."""

    status: MXStatus
    hosts: tuple[tuple[int, str], ...] = ()
    """Preference and host name, lower case, without the trailing dot; no more than `mx.MOST_HOSTS`."""
    ttl: float = field(default=0, compare=False)
    """Seconds for which the DNS lets this be kept; for no MX and no domain by RFC 2308 section 5."""

    @property
    def temporary(self) -> bool:
        """Whether this is not knowing, and another time may bring an answer."""
        return self.status in _TEMPORARY
