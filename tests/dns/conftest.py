from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.scripted_dns import Nameserver

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def nameserver() -> Iterator[Nameserver]:
    """A name server of the test's own."""
    server = Nameserver()
    yield server
    server.stop()
