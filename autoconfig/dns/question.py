"""A question to the DNS and its answer, as values; this module does not load dnspython."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_CHAIN = 8
"""CNAMEs in a row that are followed; BIND follows 16, other resolvers fewer."""
MOST_RECORDS = 100
"""Records of one answer that are kept, because strangers decide how many there are."""
LONGEST_DATA = 1200
"""Characters of one record that are kept; any name fits, even if all of it is escaped."""


class AnswerStatus(StrEnum):
    """The result of a question."""

    FOUND = "found"
    NO_DATA = "there is no such record"
    """NODATA (RFC 2308 section 2.2), or a CNAME that the server does not follow."""
    NO_NAME = "there is no such name"
    """NXDOMAIN (RFC 2308 section 2.1)."""
    LOOP = "CNAMEs lead in a circle"
    TOO_LONG = "CNAMEs lead on and on"
    SERVFAIL = "the server failed (SERVFAIL)"
    LAME = "the server is not responsible for the zone"
    """REFUSED, a referral to others, or an answer without authority."""
    TIMED_OUT = "no answer"
    BROKEN = "the answer cannot be used"
    """Not DNS, the answer to another question, or an error such as NOTIMP."""

    @property
    def failed(self) -> bool:
        """Whether the question failed, so that nothing is known."""
        return self in {AnswerStatus.SERVFAIL, AnswerStatus.LAME, AnswerStatus.TIMED_OUT, AnswerStatus.BROKEN}


@dataclass(frozen=True, slots=True)
class Answer:
    r"""
    The answer of one server. Names are in lower case without the final dot; everything but printable ASCII is escaped
    as in a zone file (`\032`), so that any terminal can show it.
    """

    status: AnswerStatus
    data: tuple[str, ...] = ()
    """The records at the end of the chain, sorted; at most `MOST_RECORDS`."""
    chain: tuple[str, ...] = ()
    """The targets of CNAMEs, in order."""
    server: str = ""
    """The server that answered: its name, if known, and its address."""
    cut: str = ""
    """The zone below its own that the server referred to, if it did."""

    @property
    def own(self) -> tuple[str, ...]:
        """The data of the asked name itself: the target of its CNAME, or its records."""
        return self.chain[:1] or self.data


class Asker(Protocol):
    """Asks the DNS. Failures of the DNS are answers, not exceptions."""

    async def authorities(self, name: str, kind: str) -> Sequence[Answer]:
        """The answer of each name server of the zone; CNAMEs that lead out of the zone are not followed."""
        ...

    async def follow(self, name: str, kind: str) -> Answer:
        """The answer of a resolver, with all CNAMEs followed."""
        ...
