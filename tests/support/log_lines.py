"""The log lines that a test's server writes."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from autoconfig import log
from autoconfig.log_counts import LineCounts
from autoconfig.settings import LogFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

LogLines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """Reads the log lines written since it was called last."""
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn.error")
    before, level, uvicorn_level = root.handlers, root.level, uvicorn.level
    log.configure(LogFormat.JSON)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the client of these tests
    (ours,) = root.handlers
    assert isinstance(ours, logging.StreamHandler)
    written = io.StringIO()
    ours.setStream(written)
    root.handlers = [*before, ours]

    def lines() -> list[dict[str, Any]]:
        text = written.getvalue()
        written.seek(0)
        written.truncate()
        log._counts = LineCounts()  # what is repeated from here on is a line again
        return [json.loads(line) for line in text.splitlines()]

    yield lines
    root.removeHandler(ours)
    root.setLevel(level)
    uvicorn.setLevel(uvicorn_level)
    structlog.reset_defaults()
