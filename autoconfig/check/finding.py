"""Findings of checks: a code that never changes, and what to do, in Japanese and English."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig.mail.account import Text

if TYPE_CHECKING:
    from collections.abc import Sequence


class Severity(StrEnum):
    """How serious a finding is."""

    ERROR = "error"
    """Mail programs cannot be set up, or are set up wrongly."""
    WARNING = "warning"
    """The same for some mail programs, or soon."""
    NOTE = "note"
    """Worth knowing."""


def both(ja: str, en: str) -> Text:
    """A text in Japanese and English."""
    return Text({"ja": ja, "en": en})


NOTHING = both("", "")
ALL = ("every mail program",)
"""The clients of a finding that affects all of them."""


@dataclass(frozen=True, slots=True)
class FindingKind:
    """What all findings with a code share; docs/findings.md is made from it."""

    severity: Severity
    """For a needed record it is an error whatever this says."""
    seen: Text
    why: Text
    remedy: Text
    clients: tuple[str, ...]
    """The mail programs that it affects."""

    @property
    def affects_all(self) -> bool:
        """Whether it affects every mail program."""
        return self.clients == ALL


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, in one place."""

    code: str
    kind: FindingKind
    domain: str
    server: str
    """The name asked for, or the server that answered."""
    seen: str
    """The fact, in terms of the DNS or the protocol; strangers' text in it is printable ASCII."""
    severity: Severity
    advice: Text = NOTHING
    """What to do in this case, beside the remedy of `kind`."""

    @property
    def remedy(self) -> Text:
        """What to do in general, and in this case."""
        return joined([self.kind.remedy, self.advice])

    def json_value(self) -> dict[str, object]:
        """The JSON object for programs."""
        return {
            "code": self.code,
            "severity": self.severity,
            "domain": self.domain,
            "server": self.server,
            "seen": self.seen,
            "why": dict(self.kind.why.by_language),
            "remedy": dict(self.remedy.by_language),
            "clients": list(self.kind.clients),
        }


def joined(texts: Sequence[Text]) -> Text:
    """Join texts with spaces."""
    return both(*(" ".join(filter(None, (text.by_language[language] for text in texts))) for language in ("ja", "en")))
