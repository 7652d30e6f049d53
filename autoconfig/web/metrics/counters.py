"""
The counters of a process: plain integers in one list, so that counting a request is one addition.

All names are fixed beforehand. None contains a domain, an address or anything else that a client sent, so no client can
make the list longer.
"""

from __future__ import annotations

from bisect import bisect_left
from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig.dns.mx_answer import MXStatus
from autoconfig.resolver import How

if TYPE_CHECKING:
    from collections.abc import Mapping


class RequestKind(StrEnum):
    """What a request asked for."""

    MOZILLA = "mozilla"
    AUTODISCOVER = "autodiscover"
    AUTODISCOVER_JSON = "autodiscover_json"
    APPLE = "apple"
    PACC = "pacc"
    WELL_KNOWN = "well_known"
    """The URL of calendars, address books or JMAP."""
    PAGE = "page"
    """The page for people, with its style, script and logo."""
    DESK = "desk"
    """The support desk's page."""
    TLS_ALLOWED = "tls_allowed"
    INTERNAL = "internal"
    OTHER = "other"
    """An unknown path, or bytes that cannot be read as a request."""


class RequestOutcome(StrEnum):
    """How a request ended."""

    SERVED = "served"
    REDIRECTED = "redirected"
    UNKNOWN = "unknown"
    """The domain is not served, or has no document of this kind."""
    INVALID = "invalid"
    """The request is unreadable."""
    REFUSED = "refused"
    """A method, size or encoding that is not accepted, or no TLS although it is required."""
    UNUSABLE = "unusable"
    """A plan and a row do not fit together: the operator has to act."""
    UNAVAILABLE = "unavailable"
    """The mapping or the DNS was unavailable."""
    OVERLOADED = "overloaded"
    """Too many pages or profiles were requested at once."""
    ERROR = "error"
    """A bug."""


BY_STATUS = {
    200: RequestOutcome.SERVED,
    204: RequestOutcome.SERVED,
    302: RequestOutcome.REDIRECTED,
    303: RequestOutcome.REDIRECTED,
    307: RequestOutcome.REDIRECTED,
    400: RequestOutcome.INVALID,
    403: RequestOutcome.REFUSED,
    404: RequestOutcome.UNKNOWN,
    405: RequestOutcome.REFUSED,
    413: RequestOutcome.REFUSED,
    414: RequestOutcome.REFUSED,
    415: RequestOutcome.REFUSED,
    431: RequestOutcome.REFUSED,
    503: RequestOutcome.UNAVAILABLE,
}
"""The outcome of each status, for responses that do not name one."""

ANSWERS = tuple(status for status in MXStatus if status is not MXStatus.NOT_ASKED)
"""The possible results of a DNS question."""

BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0)
"""Upper ends of the classes of duration, in seconds."""

_NAMES = [
    *(f"requests {document} {outcome}" for document in RequestKind for outcome in RequestOutcome),
    *(f"resolved {how.name.lower()}" for how in How),
    *(f"mx {status.name.lower()}" for status in ANSWERS),
    *(f"duration {bucket}" for bucket in (*BUCKETS, "+Inf")),
    "duration_microseconds",
    "limited",
    "reloads loaded",
    "reloads refused",
]
INDEX: Mapping[str, int] = {name: index for index, name in enumerate(_NAMES)}
"""The index of each name in `Counters.counts`."""

REQUEST = {
    (document, outcome): INDEX[f"requests {document} {outcome}"]
    for document in RequestKind
    for outcome in RequestOutcome
}
RESOLVED = {how: INDEX[f"resolved {how.name.lower()}"] for how in How}
_DURATION, _MICROSECONDS = INDEX[f"duration {BUCKETS[0]}"], INDEX["duration_microseconds"]


class Counters:
    """The counts of one process since it started."""

    def __init__(self) -> None:
        self.counts = [0] * len(_NAMES)
        """By `INDEX`. The fast path adds to it directly."""

    def request(self, document: RequestKind, status: int, outcome: RequestOutcome | None = None) -> None:
        """Count a request that was answered."""
        self.counts[REQUEST[document, outcome or BY_STATUS.get(status, RequestOutcome.ERROR)]] += 1

    def resolved(self, how: How) -> None:
        """Count how a plan was found."""
        self.counts[RESOLVED[how]] += 1

    def asked_dns(self, status: MXStatus) -> None:
        """Count the result of an MX lookup."""
        self.counts[INDEX[f"mx {status.name.lower()}"]] += 1

    def limited(self) -> None:
        """Count a request that was refused by the rate limit."""
        self.counts[INDEX["limited"]] += 1

    def reloaded(self, *, refused: bool) -> None:
        """Count a reload of plans.toml."""
        self.counts[INDEX["reloads refused" if refused else "reloads loaded"]] += 1

    def took(self, seconds: float) -> None:
        """Count the duration of a sampled request."""
        self.counts[_DURATION + bisect_left(BUCKETS, seconds)] += 1
        self.counts[_MICROSECONDS] += int(seconds * 1e6)

    def named(self) -> dict[str, int]:
        """The counts by name."""
        return dict(zip(_NAMES, self.counts, strict=True))
