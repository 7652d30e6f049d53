"""The result for one record, and the line to add, change or delete."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig.check.dns_codes import Code
from autoconfig.check.finding import NOTHING, both
from autoconfig.formats.zone import HOST_TYPES
from autoconfig.formats.zone_text import line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.formats.zone import ZoneRecord
    from autoconfig.mail.account import Text

MOST_FOUND = 10
"""Most records of one name that are shown."""
LONGEST_SEEN = 500
"""Characters of the fact that a finding shows."""


class RecordStatus(StrEnum):
    """The state of a record."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    CONFLICTING = "conflicting"
    """Something conflicts with it: a wildcard, an alias, an old digest, servers that disagree."""
    ELSEWHERE = "elsewhere"
    """It leads to another provider."""
    UNKNOWN = "unknown"
    """No server answered."""


_STATUS = {
    Code.RECORD_MISSING: RecordStatus.MISSING,
    Code.DOMAIN_MISSING: RecordStatus.MISSING,
    Code.ELSEWHERE: RecordStatus.ELSEWHERE,
    Code.WILDCARD_HIDES: RecordStatus.CONFLICTING,
    Code.WILDCARD_ELSEWHERE: RecordStatus.CONFLICTING,
    Code.SRV_ALIAS: RecordStatus.CONFLICTING,
    Code.PACC_STALE: RecordStatus.CONFLICTING,
    Code.NAMESERVERS_DISAGREE: RecordStatus.CONFLICTING,
}
"""All other codes mean that the record is wrong."""


@dataclass(frozen=True, slots=True)
class RecordVerdict:
    """The result for an expected record, or for one that should not exist."""

    name: str
    type: str
    status: RecordStatus
    expected: str | None
    """The expected data; `None` for a record that should not exist."""
    found: tuple[str, ...] = ()
    advice: Text = NOTHING
    needed: bool = False
    code: Code | None = None
    """The code of its finding; an `unknown` record has none, and one that is `ok` at most a note."""
    seen: str = ""

    def json_value(self) -> dict[str, object]:
        """The JSON object for programs."""
        return {
            "name": self.name,
            "type": self.type,
            "status": self.status,
            "expected": self.expected,
            "found": list(self.found),
            "advice": dict(self.advice.by_language),
            "needed": self.needed,
        }

    def without_need(self) -> RecordVerdict:
        """The same, not needed because another record does its work."""
        return replace(self, needed=False)

    def noted(self, code: Code, seen: str) -> RecordVerdict:
        """The same, with a finding."""
        return replace(self, code=code, seen=seen)


def ok(record: ZoneRecord, found: Sequence[str]) -> RecordVerdict:
    """A record that is right."""
    return RecordVerdict(record.name, record.type, RecordStatus.OK, record.data, _shown(found), needed=record.needed)


def unknown(record: ZoneRecord, found: Sequence[str] = ()) -> RecordVerdict:
    """A record of unknown state; a finding about the name server says why."""
    advice = both("後でもう一度確認してください。", "Check again later.")
    return RecordVerdict(
        record.name, record.type, RecordStatus.UNKNOWN, record.data, _shown(found), advice, record.needed
    )


def bad(record: ZoneRecord, code: Code, found: Sequence[str], seen: str, *, keep: bool = False) -> RecordVerdict:
    """
    A record with a fault. `found` is data of the record's type, or `TYPE DATA` for a name that leads to a host.

    `keep`: the record itself is right, and the fault is elsewhere.
    """
    wanted = line(record.name, record.type, record.data, record.ttl)
    absent = code in {Code.RECORD_MISSING, Code.DOMAIN_MISSING, Code.WILDCARD_HIDES, Code.WILDCARD_ELSEWHERE}
    if keep:
        advice = NOTHING
    elif absent or not found:
        advice = both(f"追加: {wanted}", f"add: {wanted}")
    else:
        old = " / ".join(lines(record.name, record.type, found))
        advice = both(f"変更前: {old} 変更後: {wanted}", f"change: {old} to: {wanted}")
    status = _STATUS.get(code, RecordStatus.WRONG)
    shown = _shown(found)
    return RecordVerdict(record.name, record.type, status, record.data, shown, advice, record.needed, code, _cut(seen))


def surplus(name: str, kind: str, found: Sequence[str], code: Code, expected: str | None, seen: str) -> RecordVerdict:
    """Records that should not exist."""
    old = " / ".join(lines(name, kind, found))
    advice = both(f"削除: {old}", f"delete: {old}")
    return RecordVerdict(
        name, kind, _STATUS.get(code, RecordStatus.WRONG), expected, _shown(found), advice, False, code, _cut(seen)
    )


def lines(name: str, kind: str, found: Sequence[str]) -> list[str]:
    """Write found records as lines of a zone file."""
    if kind not in HOST_TYPES:
        return [line(name, kind, data) for data in found[:MOST_FOUND]]
    split = (text.partition(" ") for text in found[:MOST_FOUND])
    return [line(name, type_, data) for type_, _, data in split]


def _cut(seen: str) -> str:
    return seen if len(seen) <= LONGEST_SEEN else f"{seen[:LONGEST_SEEN]}..."


def _shown(found: Sequence[str]) -> tuple[str, ...]:
    return tuple(found[:MOST_FOUND])
