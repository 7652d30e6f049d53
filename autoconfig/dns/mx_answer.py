"""The answer to where a domain's mail goes, as values; this module does not load dnspython."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class MXStatus(StrEnum):
    """What the DNS answered, or why there is no answer."""

    FOUND = "found"
    NONE_OFFERED = "accepts no mail"
    """The null MX of RFC 7505."""
    NO_MX = "has no MX"
    """NODATA (RFC 2308 section 2.2)."""
    NO_DOMAIN = "does not exist"
    """NXDOMAIN (RFC 2308 section 2.1)."""
    NOT_ASKED = "is never asked for"
    """A special-use name, or one of the provider's own hosts."""
    FAILED = "could not be asked"
    """SERVFAIL, REFUSED, a referral, an invalid answer, or no name server to ask."""
    TIMED_OUT = "did not answer in time"
    OVER_BUDGET = "was not asked, for the questions of this minute are used up"
    OVER_SHARE = "was not asked, for the client has used up its share of the questions of this minute"


_TEMPORARY = frozenset({MXStatus.FAILED, MXStatus.TIMED_OUT, MXStatus.OVER_BUDGET, MXStatus.OVER_SHARE})


@dataclass(frozen=True, slots=True)
class MXAnswer:
    """The mail exchangers of a domain, the preferred ones first."""

    status: MXStatus
    hosts: tuple[tuple[int, str], ...] = ()
    """Preference and host name in lower case, without the trailing dot; at most `mx.MOST_HOSTS`."""
    ttl: float = field(default=0, compare=False)
    """Seconds that the answer may be cached; for no MX and no domain by RFC 2308 section 5."""

    @property
    def temporary(self) -> bool:
        """Whether the question failed and may succeed later."""
        return self.status in _TEMPORARY
