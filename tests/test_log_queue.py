from __future__ import annotations

import logging
import os
import select
import threading
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.log_queue import MOST_OCTETS, LogQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 20.0
"""Seconds after which a test gives up."""


class Pipe:
    """A queue before a pipe, and the pipe's other end."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        self.looks: list[bool] = []
        self.drops: list[int] = []
        self.dropped = threading.Event()
        self.queue = LogQueue(self.looks.append, self._drop, self.writer)

    def _drop(self, lines: int) -> None:
        self.drops.append(lines)
        self.dropped.set()

    def log(self, text: str) -> None:
        """Log a line."""
        self.queue.handle(logging.makeLogRecord({"msg": text}))

    def read(self, octets: int) -> bytes:
        """Wait for so many octets."""
        text, deadline = b"", time.monotonic() + LIMIT
        while len(text) < octets and time.monotonic() < deadline:
            if select.select([self.reader], [], [], 0.1)[0]:
                text += os.read(self.reader, 1 << 20)
        return text


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A pipe that is read by the test."""
    made = Pipe()
    yield made
    os.close(made.reader)  # which ends a thread that writes
    made.queue.flush()
    os.close(made.writer)


def test_every_line(pipe: Pipe) -> None:
    """What is logged is what is written, in UTF-8; what UTF-8 does not have is made visible."""
    lines = [f"line {number} 日本語 \udcff" for number in range(1000)]
    for line in lines:
        pipe.log(line)
    expected = "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")

    assert pipe.read(len(expected)) == expected
    assert pipe.drops == []


def test_reader_that_stalls(pipe: Pipe) -> None:
    """While nobody reads, nobody waits, memory is bounded, and what is dropped is counted and reported."""
    line = "x" * 9_999
    for _ in range(1000):
        pipe.log(line)
    before = pipe.drops.copy()
    written = pipe.read((MOST_OCTETS // 10_000) * 10_000)
    assert pipe.dropped.wait(LIMIT)
    pipe.log("after")
    while not written.endswith(b"after\n"):
        written += pipe.read(1)

    assert before == []
    assert len(written) < 2 * MOST_OCTETS
    assert pipe.drops == [1000 - written.count(b"x\n")]


def test_end_while_nobody_reads(pipe: Pipe) -> None:
    """The end of the process waits a moment for a reader that stalls, and not longer."""
    for _ in range(100):
        pipe.log("x" * 9_999)
    pipe.queue.flush()

    assert pipe.read(1) != b""


def test_reader_that_is_gone() -> None:
    """Where the reader has ended, lines are thrown away."""
    pipe = Pipe()
    os.close(pipe.reader)
    for _ in range(1000):
        pipe.log("x" * 9_999)
    pipe.queue.flush()
    os.close(pipe.writer)

    assert pipe.queue._waiting == 0


def test_descriptor_that_does_not_block(pipe: Pipe) -> None:
    """A descriptor that another process made non-blocking takes all lines all the same."""
    os.set_blocking(pipe.writer, False)
    for _ in range(30):
        pipe.log("x" * 9_999)

    assert len(pipe.read(300_000)) == 300_000


def test_line_that_cannot_be_made(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that cannot be formatted ends nothing."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    pipe.queue.handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",)}))
    pipe.log("after")

    assert pipe.read(6) == b"after\n"


def test_looks_without_lines(pipe: Pipe) -> None:
    """Counts are looked for while no line comes."""
    deadline = time.monotonic() + LIMIT
    while not pipe.looks and time.monotonic() < deadline:
        time.sleep(0.01)

    assert pipe.looks[0] is False
