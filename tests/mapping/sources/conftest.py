from __future__ import annotations

import pytest

from autoconfig.mapping.sources import hosts


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts are waited for no longer than a test can bear."""
    for name, seconds in {"PATIENCE": 1.0, "_LOOK": 0.4, "_SEEKING": 0.5, "_ROUND": 0.1, "_PAUSE": 0.01}.items():
        monkeypatch.setattr(hosts, name, seconds)
