"""A bounded cache."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class LRU(OrderedDict[Key, Value], Generic[Key, Value]):
    """A dict of at most `most` entries that drops the one put or touched longest ago. `get` does not touch."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def put(self, key: Key, value: Value) -> None:
        """Store a value as the newest entry."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > self._most:
            self.popitem(last=False)

    def touch(self, key: Key) -> None:
        """Make an entry the newest one. Raise KeyError if there is none."""
        self.move_to_end(key)
