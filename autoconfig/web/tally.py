"""
What a process counts: plain integers in one list, so that a request costs an addition and nothing else.

Every name that there can be is laid out beforehand. None has a domain, an address or anything else that is sent in it,
so that no client can make the list longer.
"""

from __future__ import annotations

from bisect import bisect_left
from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig.dns.answer import MXStatus
from autoconfig.resolve import How

if TYPE_CHECKING:
    from collections.abc import Mapping


class Document(StrEnum):
    """What was asked for."""

    MOZILLA = "mozilla"
    AUTODISCOVER = "autodiscover"
    AUTODISCOVER_JSON = "autodiscover_json"
    APPLE = "apple"
    PACC = "pacc"
    PAGE = "page"
    """The page for people, with its style, script and logo."""
    TLS_ALLOWED = "tls_allowed"
    INTERNAL = "internal"
    OTHER = "other"
    """A path that is not there."""


class Outcome(StrEnum):
    """What became of a request."""

    SERVED = "served"
    REDIRECTED = "redirected"
    UNKNOWN = "unknown"
    """The name is not ours, or there is nothing of this kind for it."""
    INVALID = "invalid"
    """What was sent cannot be read."""
    REFUSED = "refused"
    """A method, a size or an encoding that is not taken, or no TLS where it is wanted."""
    UNUSABLE = "unusable"
    """A plan and a row do not fit: an operator has to look."""
    UNAVAILABLE = "unavailable"
    """The mapping or the DNS could not be asked."""
    ERROR = "error"
    """A bug."""


BY_STATUS = {
    200: Outcome.SERVED,
    204: Outcome.SERVED,
    302: Outcome.REDIRECTED,
    400: Outcome.INVALID,
    403: Outcome.REFUSED,
    404: Outcome.UNKNOWN,
    405: Outcome.REFUSED,
    413: Outcome.REFUSED,
    415: Outcome.REFUSED,
    503: Outcome.UNAVAILABLE,
}
"""What a status says, where an answer does not say more."""

ANSWERS = tuple(status for status in MXStatus if status is not MXStatus.NOT_ASKED)
"""What may come of a question to the DNS."""

BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0)
"""Upper ends of the classes of duration, in seconds."""

_NAMES = [
    *(f"requests {document} {outcome}" for document in Document for outcome in Outcome),
    *(f"resolved {how.name.lower()}" for how in How),
    *(f"mx {status.name.lower()}" for status in ANSWERS),
    *(f"duration {bucket}" for bucket in (*BUCKETS, "+Inf")),
    "duration_microseconds",
    "limited",
    "reloads loaded",
    "reloads refused",
]
INDEX: Mapping[str, int] = {name: index for index, name in enumerate(_NAMES)}
"""The place in `Tally.counts` of each name."""

REQUEST = {(document, outcome): INDEX[f"requests {document} {outcome}"] for document in Document for outcome in Outcome}
RESOLVED = {how: INDEX[f"resolved {how.name.lower()}"] for how in How}
_DURATION, _MICROSECONDS = INDEX[f"duration {BUCKETS[0]}"], INDEX["duration_microseconds"]


class Tally:
    """The counts of one process since it started."""

    def __init__(self) -> None:
        self.counts = [0] * len(_NAMES)
        """By `INDEX`. The hot path adds to it directly."""

    def request(self, document: Document, status: int, outcome: Outcome | None = None) -> None:
        """Count a request that was answered."""
        self.counts[REQUEST[document, outcome or BY_STATUS.get(status, Outcome.ERROR)]] += 1

    def resolved(self, how: How) -> None:
        """Count what led to a plan."""
        self.counts[RESOLVED[how]] += 1

    def asked_dns(self, status: MXStatus) -> None:
        """Count what came of asking the DNS where a domain's mail goes."""
        self.counts[INDEX[f"mx {status.name.lower()}"]] += 1

    def limited(self) -> None:
        """Count a request that was turned away because of its client's rate."""
        self.counts[INDEX["limited"]] += 1

    def reloaded(self, *, refused: bool) -> None:
        """Count a look at a changed plans.toml."""
        self.counts[INDEX["reloads refused" if refused else "reloads loaded"]] += 1

    def took(self, seconds: float) -> None:
        """Count the duration of a request that is a sample."""
        self.counts[_DURATION + bisect_left(BUCKETS, seconds)] += 1
        self.counts[_MICROSECONDS] += int(seconds * 1e6)

    def named(self) -> dict[str, int]:
        """The counts by name."""
        return dict(zip(_NAMES, self.counts, strict=True))
