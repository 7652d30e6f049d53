"""A fault of a server, without a domain."""

from __future__ import annotations

from typing import NamedTuple


class Flaw(NamedTuple):
    """A fault that was seen, by its code; the kind of the code has everything else."""

    code: str
    seen: str
    """The fact; printable ASCII."""
