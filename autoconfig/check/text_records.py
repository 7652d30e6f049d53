"""Check TXT records: the digest for PACC, a DAV server's path, and where Himalaya finds the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.check.dns_codes import Code
from autoconfig.check.verdict import bad, ok, unknown
from autoconfig.formats.zone import RecordType
from autoconfig.formats.zone_purposes import Purpose

if TYPE_CHECKING:
    from autoconfig.check.domain_view import DomainView
    from autoconfig.check.verdict import RecordVerdict
    from autoconfig.formats.zone import ZoneRecord

_STALE = {Purpose.PACC_DIGEST: Code.PACC_STALE}


_PACC = "UAAC1"
_MOST_TAGS = 20


class TextJudge:
    """Checks the TXT records of one domain."""

    def __init__(self, view: DomainView) -> None:
        self._view = view

    async def judge(self, record: ZoneRecord) -> RecordVerdict:
        """Check one record; the name may also have texts for other purposes, such as SPF."""
        seen = await self._view.ask(record.name, RecordType.TXT)
        if seen.disagreement:
            return bad(record, Code.NAMESERVERS_DISAGREE, (), seen.disagreement, keep=True)
        if (answer := seen.answer) is None:
            return unknown(record)
        found = [text for text in answer.data if _kind(text) == _kind(record.data)]
        if any(_equivalent(text, record) for text in found):
            return ok(record, found)
        if found:
            code = _STALE.get(record.purpose, Code.TEXT_WRONG)
            return bad(record, code, found, f"{record.name} TXT {', '.join(found)}")
        hidden = record.purpose is not Purpose.MAILCONF and await self._view.by_wildcard(record.name, "TXT", answer)
        if hidden:
            seen_texts = ", ".join(answer.own)
            return bad(record, Code.WILDCARD_HIDES, answer.own, f"{record.name} TXT {seen_texts}")
        key, _, _ = record.data.partition("=")
        return bad(record, Code.RECORD_MISSING, (), f"{record.name}: no TXT record with {key}=")


def _kind(text: str) -> str:
    """The purpose of a text: the key that it begins with, or PACC, whose tags come in any order."""
    if _tags(text)["v"] == _PACC:
        return _PACC
    return text.partition("=")[0].strip().lower()


def _equivalent(text: str, record: ZoneRecord) -> bool:
    if record.purpose is Purpose.PACC_DIGEST:
        return _tags(text) == _tags(record.data)
    value, expected = text.partition("=")[2], record.data.partition("=")[2]
    if record.purpose is Purpose.MAILCONF:  # the document is the same under every URL
        return value == expected or _host_of(value) == f"autoconfig.{record.name}"
    return value == expected


def _tags(text: str) -> dict[str, str]:
    """The known tags; their order, spaces and unknown tags do not matter (draft-ietf-mailmaint-pacc-03)."""
    tags = dict(part.strip().partition("=")[::2] for part in text.split(";")[:_MOST_TAGS])
    return {key: tags.get(key, "") for key in ("v", "a", "d")}


def _host_of(url: str) -> str | None:
    """The host of an untrusted URL."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
