"""
The one rule for health: a process is ready as long as its answers are right.

readyz, `autoconfig ready`, the metrics and the log all use it, with a reason for each "no". A problem that makes no
answer wrong, such as a faulty plans.toml while the previous plans are served, is a note.
"""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import AutoconfigError
from autoconfig.mail.domain import Domain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.mapping.timeline import Finder

COPY_AGE = "copy_age_seconds"
"""The gauge of a finder that reads a local copy."""

_CACHED = "cache_known_names"
"""The gauge of a finder that queries another program's database: names still answered while that is gone."""

# Looked up to see whether the database answers. The name is reserved (RFC 6761).
_PROBE = Domain("readiness.invalid")


class Reason(StrEnum):
    """Why a process is not ready."""

    MAPPING = "mapping"
    """Names cannot be looked up."""
    COPY_TOO_OLD = "copy_too_old"
    """The local copy is older than `copy_max_age` allows."""


class Health(NamedTuple):
    """The health at one moment."""

    reasons: Mapping[Reason, str]
    """A sentence for each reason why the process is not ready."""
    mapping_note: str | None = None
    """A problem of the mapping that makes no answer wrong."""

    @property
    def ready(self) -> bool:
        """Whether the answers are right."""
        return not self.reasons

    @property
    def mapping(self) -> str:
        """A sentence about the mapping."""
        return "; ".join(self.reasons.values()) or self.mapping_note or "ok"


async def find_fault(finder: Finder) -> str | None:
    """Look up a reserved name, also if a database server has to be asked; return why that fails, or `None`."""
    try:
        await finder.find(_PROBE)
    except AutoconfigError as error:
        return str(error)
    return None


def health_of(finder: Finder, fault: str | None, copy_max_age: int | None) -> Health:
    """
    Judge the health now, as far as it is known without waiting.

    A node that still answers while a database server is gone is ready: the server is gone for all nodes alike, and
    removing the nodes would end all answers.

    Args:
        finder: where names are looked up.
        fault: the problem that the last check of the database found.
        copy_max_age: most seconds that a local copy may be old.
    """
    try:
        finder.settled(_PROBE.name, time.time())
    except AutoconfigError as error:
        fault = str(error)
    gauges, stale = finder.gauges(), finder.stale()
    if fault is not None:
        if not gauges.get(_CACHED):
            return Health({Reason.MAPPING: fault})
        return Health({}, f"served from the cache as of {gauges.get('mapping_age_seconds', 0.0):.0f} s ago: {fault}")
    age = gauges.get(COPY_AGE)
    if age is None:
        return Health({}, stale)
    why = f": {stale}" if stale else ""
    if copy_max_age is not None and age > copy_max_age:
        old = f"the local copy is {age:.0f} s old, which is over copy_max_age = {copy_max_age}{why}"
        return Health({Reason.COPY_TOO_OLD: old})
    return Health({}, f"served from the local copy as of {age:.0f} s ago{why}" if stale else None)
