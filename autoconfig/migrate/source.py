"""The source of a migration: its domains, and the document that it serves for each."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.mail.domain import Domain


_NAMED = 3


class RemarkKind(StrEnum):
    """What a remark means for its domain."""

    LEFT_OUT = "left out"
    """No plan can have it, so no row is written."""
    DIFFERS = "differs"
    """Mail programs would get other servers than now; no row is written unless that is accepted."""
    TAKEN = "taken"
    """It has a row with other servers; no row is written unless `--replace` is given."""
    NOT_KEPT = "not kept"
    """A text or setting beside the servers gets lost."""
    NOTE = "note"
    """Something in the source may be a mistake."""

    @property
    def misses(self) -> bool:
        """Whether the domain does not get the same servers here."""
        return self in {RemarkKind.LEFT_OUT, RemarkKind.DIFFERS, RemarkKind.TAKEN}


def printable(text: str) -> str:
    """
    Write a name from the source for terminals, JSON and comments in plans.toml, with backslash escapes for everything
    unprintable, such as control characters and bytes that are not UTF-8.
    """
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def some(names: Sequence[str]) -> str:
    """List the first few names, and how many more there are."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


class Remark(NamedTuple):
    """A remark for the operator about one domain."""

    domain: str
    """The domain in A-labels; or the invalid name in the source, or a file that names no domain."""
    kind: RemarkKind
    problem: str
    remedy: str = ""
    place: str = ""
    """The place in the source, if the domain does not say it."""


class SourceDocument(NamedTuple):
    """A document of the source. Domains with the same document share the object."""

    place: str
    """A file, or another place in the source."""
    served: bytes
    """What mail programs get, as far as it is the same for all domains that share it."""
    readable: bytes
    """The same with what else the source has, for `read_document`."""


class SourceDomain(NamedTuple):
    """One domain of the source."""

    domain: Domain
    document: SourceDocument
    obstacle: Remark | None = None
    """Why mail programs get something else than `document`."""


class MigrationSource(NamedTuple):
    """Everything read from the source."""

    name: str
    """Its name for comments and notes, without secrets."""
    entries: Sequence[SourceDomain]
    """Each domain once."""
    remarks: Sequence[Remark]
    """Domains without an entry, and why."""
