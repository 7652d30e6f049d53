"""What is known of the place from which domains come: for each domain the document that it gets there."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.mail.domain import Domain


class Kind(StrEnum):
    """What a remark means for its domain."""

    LEFT_OUT = "left out"
    """It cannot be on a plan, so no row is written."""
    DIFFERS = "differs"
    """Mail programs would be given other servers than now; no row is written unless that is accepted."""
    TAKEN = "taken"
    """It has a row that says something else; no row is written unless it is to be replaced."""
    NOT_KEPT = "not kept"
    """Something beside the servers is not said any more."""
    NOTE = "note"
    """Something in the source that might not be as it was meant."""

    @property
    def misses(self) -> bool:
        """Whether the domain is not served here as it is there."""
        return self in {Kind.LEFT_OUT, Kind.DIFFERS, Kind.TAKEN}


def printable(text: str) -> str:
    """
    A name of the source for terminals, JSON and comments in plans.toml: what no terminal shows as a character, such as
    an escape or a byte that is not UTF-8, is written with a backslash.
    """
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


class Remark(NamedTuple):
    """Something that the operator has to know of one domain."""

    domain: str
    """In A-labels; what stands in the source where it is no domain, or a file that names none."""
    kind: Kind
    problem: str
    remedy: str = ""
    place: str = ""
    """Where in the source, if that is not said by the domain."""


class Document(NamedTuple):
    """A document of the source. Domains that get the same one share the object."""

    place: str
    """A file and such."""
    served: bytes
    """What mail programs are given, as far as it is the same for all domains that share it."""
    readable: bytes
    """The same with what else the source knows, for `read_document`."""


class Entry(NamedTuple):
    """One domain of the source."""

    domain: Domain
    document: Document
    obstacle: Remark | None = None
    """Why mail programs are given something else than `document` says."""


class Source(NamedTuple):
    """All that was read."""

    name: str
    """As it stands in comments and notes: what it is, and nothing secret."""
    entries: Sequence[Entry]
    """Each domain once."""
    remarks: Sequence[Remark]
    """What made no entry, and why."""
