"""
Ask name servers from several processes, for a check of very many domains: reading answers takes most of its time.

The processes end with this one, also if it is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Self

from autoconfig.dns.question import Answer, AnswerStatus

if TYPE_CHECKING:
    from autoconfig.dns.exchange import NameserverAddress

MOST_PROCESSES = 4
WORKER = "autoconfig.dns.exchange_worker"
LONGEST_LINE = 1 << 20
"""Octets of an answer: `MOST_RECORDS` of `LONGEST_DATA` fit."""
_ENDED = "a process that asks the DNS has ended"


class ExchangePool:
    """Processes that ask, each in turn. Use it with `async with`."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._workers: list[asyncio.subprocess.Process] = []
        self._is_broken = False
        self._questions: list[asyncio.StreamWriter] = []
        self._readers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start the processes."""
        for _ in range(min(MOST_PROCESSES, os.cpu_count() or 1)):
            worker = await asyncio.create_subprocess_exec(
                sys.executable, "-m", WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=LONGEST_LINE
            )
            self._workers.append(worker)
            if worker.stdin is None or worker.stdout is None:
                raise OSError(None, "a process that asks the DNS has no pipes")
            self._questions.append(worker.stdin)
            self._readers.append(asyncio.create_task(self._read(worker.stdout)))
        return self

    async def __aexit__(self, *_: object) -> None:
        """End them."""
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        for worker in self._workers:
            with contextlib.suppress(ProcessLookupError):
                worker.kill()
            await worker.wait()

    async def exchange(
        self, server: NameserverAddress, name: str, kind: str, limit: float, *, recursive: bool
    ) -> Answer:
        """
        Do what `exchange.exchange` does.

        Raises:
            OSError: the process that asked has ended.
        """
        if self._is_broken:
            raise OSError(None, _ENDED)
        number = next(self._numbers)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        question = [number, server.address, server.port, server.name, name, str(kind), limit, recursive]
        self._questions[number % len(self._questions)].write(json.dumps(question).encode() + b"\n")
        try:
            return await answer
        finally:
            self._waiting.pop(number, None)

    async def _read(self, answers: asyncio.StreamReader) -> None:
        try:
            while line := await answers.readline():
                number, status, data, chain, server, cut = json.loads(line)
                answer = self._waiting.get(number)
                if answer is not None and not answer.done():
                    answer.set_result(Answer(AnswerStatus(status), tuple(data), tuple(chain), server, cut))
        finally:  # a process that says something else is of no more use either
            self._is_broken = True
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(OSError(None, _ENDED))
