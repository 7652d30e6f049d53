"""What tests have in common with those after them in the same process, and have to leave as it was."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
LOGGERS = ("", "uvicorn", "uvicorn.error", "uvicorn.access", "alembic", "sqlalchemy")


@pytest.fixture(autouse=True)
def _unchanged() -> Iterator[None]:
    """Fail the test that changes it, and not another one that happens to come after it."""
    before = state()
    yield
    after = state()
    changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    assert not changed, f"changed for all tests after this one: {changed}"


def state() -> dict[str, Any]:
    """What programs that a test starts inherit, and what decides which lines are logged."""
    return {
        "folder": Path.cwd(),
        "environment": {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "blocked": signal.pthread_sigmask(signal.SIG_BLOCK, []),
        **{number.name: signal.getsignal(number) for number in SIGNALS},
        **{f"logger {name!r}": _logged(logging.getLogger(name)) for name in LOGGERS if _is_loaded(name)},
    }


def _is_loaded(name: str) -> bool:
    """Whether a logger's library is imported, which may set its level: SQLAlchemy's does."""
    return not name or name.partition(".")[0] in sys.modules


def _logged(logger: logging.Logger) -> tuple[object, ...]:
    """How a logger is configured; handlers of pytest come and go, and those that do nothing come with libraries."""
    handlers = [
        handler
        for handler in logger.handlers
        if not isinstance(handler, logging.NullHandler) and not type(handler).__module__.startswith("_pytest.")
    ]
    return logger.level, logger.disabled, handlers
