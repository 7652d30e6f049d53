"""How long a step of a check may take in tests, in seconds."""

from __future__ import annotations

LIMIT = 20.0
"""For servers that answer: a busy machine is slow."""
SHORT = 2.0
"""For one that never does. The others beside it have to answer within it too, also on a busy machine."""
