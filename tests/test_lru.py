from __future__ import annotations

import pytest

from autoconfig.lru import LRU


@pytest.mark.parametrize(
    ("steps", "left"),
    [("put a, put b, put c", "bc"), ("put a, put b, touch a, put c", "ac"), ("put a, put b, put a, put c", "ac")],
    ids=["put", "touched", "put again"],
)
def test_the_oldest_entry_goes(steps: str, left: str) -> None:
    """Beyond the limit, the entry goes that was put or touched longest ago; reading touches nothing."""
    cache: LRU[str, int] = LRU(2)
    for number, step in enumerate(steps.split(", ")):
        action, key = step.split()
        cache.put(key, number) if action == "put" else cache.touch(key)
        cache.get("a")

    assert "".join(cache) == left
