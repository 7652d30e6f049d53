"""Templates compiled once for all languages: compiling one takes longer than a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import BytecodeCache

from autoconfig.lru import LRU

if TYPE_CHECKING:
    from jinja2.bccache import Bucket

MOST = 256
"""Templates that are kept; there are about 50."""


class CompiledTemplates(BytecodeCache):
    """Byte code in memory, by the name and the text of a template."""

    def __init__(self) -> None:
        self._kept = LRU[tuple[str, str], bytes](MOST)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill in what was compiled before."""
        kept = self._kept.get((bucket.key, bucket.checksum))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept.put((bucket.key, bucket.checksum), bucket.bytecode_to_string())
