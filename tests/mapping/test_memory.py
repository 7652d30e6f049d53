from __future__ import annotations

import asyncio

from autoconfig.mail.domain import Domain
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.mapping.timeline import Row


def test_given_rows() -> None:
    """Rows given in any order are answered in theirs."""
    finder = MemoryFinder({"example.com": [Row(2, 20, "b", "{}"), Row(1, 10, "a", "{}")]})

    assert [row.plan for row in asyncio.run(finder.find(Domain("example.com"))).rows] == ["a", "b"]


def test_add() -> None:
    """A row that is added has the next id of the whole mapping, and is answered at once."""
    finder = MemoryFinder()
    rows = [finder.add("a.example", "a"), finder.add("b.example", "b", '{"x":"y"}', 7)]

    assert [Row(1, 0, "a", "{}"), Row(2, 7, "b", '{"x":"y"}')] == rows
    assert [rows[1]] == asyncio.run(finder.find(Domain("b.example"))).rows


def test_asking_adds_nothing() -> None:
    """A stranger's name leaves nothing behind."""
    finder = MemoryFinder()
    asyncio.run(finder.find(Domain("stranger.example")))

    assert not finder._rows
