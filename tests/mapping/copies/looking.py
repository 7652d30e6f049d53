"""Looks of a replicator."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from autoconfig.mapping.copies.replication import Look, Replicator

if TYPE_CHECKING:
    from pathlib import Path


def looked(url: str, path: Path, *, verify: bool = False) -> Look:
    """One look of a replicator that begins and ends with it."""
    with contextlib.closing(Replicator(url, path)) as replicator:
        return replicator.look(verify=verify)
