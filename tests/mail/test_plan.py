from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mail.plan import KEY, MAX_KEY, key_from


@given(st.text() | st.text("aZ09-_. é"), st.integers(1, MAX_KEY))
def test_key_from_any(text: str, longest: int) -> None:
    """Any text makes a key that a plan may have, and that makes itself again, or none."""
    key = key_from(text, longest)

    assert not key or (KEY.fullmatch(key) and len(key) <= longest)
    assert key_from(key) == key
