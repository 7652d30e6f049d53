"""What tests of the server share with those of the commands, which start it, and of the web, which it serves."""

from __future__ import annotations

import pytest

from tests.cli.conftest import demo, environment, listening, made, serve, start, wait_until
from tests.web.conftest import ENTRY, open_site

__all__ = ["demo", "environment", "listening", "made", "open_site", "serve", "start", "wait_until"]


@pytest.fixture
def way() -> str:
    """As a server asks: through the fast path."""
    return ENTRY
