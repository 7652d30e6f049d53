"""
The program behind `tests.support.commands`: it loads what commands need once, and becomes each command by a fork.

A child leaves `main` as a new interpreter would have entered it, and ends as an interpreter ends.
"""

from __future__ import annotations

import fcntl
import gc
import io
import json
import os
import resource
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
from importlib import import_module
from typing import Any, TextIO

LARGEST = 1 << 17
"""Bytes of a request at the most: mostly environment."""
MOST_DESCRIPTORS = 16
LIBRARIES = (
    "alembic.command",
    "psycopg",
    "pymysql",
    "rich.console",
    "rich.progress",
    "rich.table",
    "sqlalchemy.dialects.mysql.pymysql",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
)
"""What commands load inside of functions."""


def serve(control: socket.socket) -> dict[str, Any] | None:
    """
    Fork for each request, and tell its sender the child's number and later its exit code.

    Returns:
        In a child: what it has to run. In the parent `None`, at the end: when nobody can send requests any more.
    """
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not control:
                    selector.unregister(key.fileobj)
                    _report_end(*key.data)
                    continue
                message, descriptors, _, _ = socket.recv_fds(control, LARGEST, MOST_DESCRIPTORS)
                if not message:
                    return None
                request: dict[str, Any] = json.loads(message)
                child = os.fork()
                if child == 0:
                    _let_go(control, selector)
                    _become(request, descriptors[1:])
                    return request
                for descriptor in descriptors[1:]:
                    os.close(descriptor)
                watched = os.pidfd_open(child)
                answers = socket.socket(fileno=descriptors[0])
                answers.send(str(child).encode())
                selector.register(watched, selectors.EVENT_READ, (child, watched, answers))


def _let_go(control: socket.socket, selector: selectors.BaseSelector) -> None:
    """Leave it to `_become` to close by number: an object that closed later would close what has its number by then."""
    for key in selector.get_map().values():
        if key.fileobj is not control:
            key.data[2].detach()
    control.detach()
    selector.close()


def _report_end(child: int, watched: int, answers: socket.socket) -> None:
    _, status = os.waitpid(child, 0)
    os.close(watched)
    with answers:
        answers.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(request: dict[str, Any], given: list[int]) -> None:
    """Have the descriptors, folder and environment that the command is to have, and nothing of the parent's."""
    spare = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1024) // 2
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, spare) for descriptor in given]
    os.closerange(3, spare)
    for descriptor, wanted in zip(moved, request["descriptors"], strict=True):
        os.dup2(descriptor, wanted)
        os.close(descriptor)
    os.chdir(request["folder"])
    sys.path[0] = request["folder"]
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    for name, mode in (("stdin", "rb"), ("stdout", "wb"), ("stderr", "wb")):
        opened = _opened(getattr(sys, name), mode)
        setattr(sys, name, opened)
        setattr(sys, f"__{name}__", opened)


def _opened(before: TextIO, mode: str) -> io.TextIOWrapper:
    """A standard stream as an interpreter makes it at its start, by what is behind the descriptor now."""
    number = before.fileno()
    return io.TextIOWrapper(
        open(number, mode, closefd=False),
        encoding=before.encoding,
        errors=before.errors,
        newline="\n",
        line_buffering=number == sys.stderr.fileno() or os.isatty(number),
    )


def main() -> None:
    """Load, serve, and in a child run the command."""
    from autoconfig.cli.main import NAMES

    for name in (*(f"autoconfig.cli.{name}" for name in NAMES), *LIBRARIES):
        import_module(name)
    assert threading.active_count() == 1, "a fork would lose the other threads"
    gc.freeze()  # a child need not copy what it collects no garbage from
    request = serve(socket.socket(fileno=int(sys.argv[1])))
    if request is None:
        return
    if "COVERAGE_PROCESS_CONFIG" in os.environ:  # as coverage's own .pth file does at the start of an interpreter
        import coverage

        coverage.process_startup()
    sys.argv[1:] = request["arguments"]
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
