from __future__ import annotations

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
import uvicorn

from tests.support.unchanged import state

if TYPE_CHECKING:
    from collections.abc import Callable

    Action = Callable[[], object]

ACCESS = logging.getLogger(f"{uvicorn.__name__}.access")
HANDLER = logging.StreamHandler()
CHANGES: dict[str, tuple[Action, Action]] = {
    "folder": (lambda: os.chdir("/"), lambda: None),
    "environment": (lambda: os.environ.update(UNCHANGED="no"), lambda: os.environ.pop("UNCHANGED")),
    "handler of a signal": (
        lambda: signal.signal(signal.SIGCHLD, lambda *_: None),
        lambda: signal.signal(signal.SIGCHLD, signal.SIG_DFL),
    ),
    "blocked signal": (
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]),
        lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT]),
    ),
    "level of a logger": (lambda: ACCESS.setLevel(logging.INFO), lambda: ACCESS.setLevel(logging.NOTSET)),
    "handler of a logger": (lambda: ACCESS.addHandler(HANDLER), lambda: ACCESS.removeHandler(HANDLER)),
}


@pytest.mark.parametrize(("change", "undo"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen(monkeypatch: pytest.MonkeyPatch, change: Action, undo: Action) -> None:
    """What a test changes for those after it is seen, and only as long as it is changed."""
    monkeypatch.chdir(os.curdir)  # and back at the end
    before = state()
    change()
    changed = state()
    undo()
    monkeypatch.undo()

    assert changed != before
    assert state() == before


def test_a_library_that_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test is not blamed for what a library does to its own logger when that test is the first to import it."""
    monkeypatch.delitem(sys.modules, "uvicorn")

    assert not [name for name in state() if "uvicorn" in name]
