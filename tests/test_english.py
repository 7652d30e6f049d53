"""
Contorted phrases, counted in the docstrings, comments and texts of autoconfig/, in docs/ and in README.md.

Each phrase has a budget: how often it still occurs. When you straighten sentences, lower the number. Never raise it:
write subject, verb, object instead. All budgets together stay below 20.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.imports import PACKAGE, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]

PHRASES: dict[str, tuple[str, int]] = {
    "whom": (r"\bwhom\b", 0),
    "whoever": (r"\bwhoever\b", 0),
    "is told": (r"\b(is|are|was|were|be) (said|told)\b", 0),
    "nobody": (r"\bnobody\b", 0),
    "of ours": (r"\bof ours\b", 0),
    "what is not": (r"\bwhat (\w+ ){0,3}(is|are) (not|no|none)\b", 0),
    "is no": (r"(?<!there )\b(is|are) no (?!longer\b|more\b|such\b)", 0),
    "is none": (r"\b(it|that|which) (is|are) none\b", 0),
    "see": (r"\ASee `[^`]*`\.?\Z", 0),
    "for as because": (r", for (then|else|\w+ (is|are|has|have|would|can|cannot|does|do|must|may))\b", 0),
    "at the most": (r"\bat the (most|least)\b", 0),
    "has it": (r"\bas [\w.' -]{1,30} ha(s|ve) it\b", 0),
    "stands": (r"\bstands? (there|beside|where)\b", 0),
    "where there is": (r"\bwhere (it|there) is (one|none|no)\b", 0),
    "if need be": (r"\bif need be\b", 0),
    "all the same": (r"\ball the same\b", 0),
}


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """The comments and texts of a module with their lines; a paragraph of comments is one text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    block: list[str] = []
    start, last = 0, -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            line, text = token.start[0], token.string.removeprefix("#").strip()
            if line != last + 1:
                yield start, " ".join(block)
                block, start = [], line
            block.append(text)
            last = line
    yield start, " ".join(block)


def prose_of(page: str) -> str:
    """A page of the documentation, with its code left blank."""
    return re.sub(r"^```.*?^```", lambda found: "\n" * found.group().count("\n"), page, flags=re.MULTILINE | re.DOTALL)


@cache
def texts() -> list[tuple[str, str]]:
    """All texts, each with its place: not read where tests are only collected."""
    return list(_texts())


def _texts() -> Iterator[tuple[str, str]]:
    for path in modules().values():
        for line, text in texts_of(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(PACKAGE.parent)}:{line}", text
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        yield str(path.relative_to(ROOT)), prose_of(path.read_text(encoding="utf-8"))


def found(pattern: str, text: str) -> list[str]:
    """The phrases in a text, on one line each."""
    return [match.group() for match in re.finditer(pattern, re.sub(r"\s+", " ", text).strip(), re.IGNORECASE)]


@pytest.mark.parametrize(("pattern", "budget"), PHRASES.values(), ids=PHRASES)
def test_budget(pattern: str, budget: int) -> None:
    """No phrase occurs more often than its budget."""
    places = [f"{place}: … {phrase} …" for place, text in texts() for phrase in found(pattern, text)]

    assert len(places) <= budget, "\n".join([f"{len(places)}, and the budget is {budget}:", *places])


@pytest.mark.parametrize(
    ("source", "phrase"),
    [
        ('"""Say whom\n\nto ask."""', "whom"),
        ("x = 1  # for\n# nobody to see", "nobody"),
        ('f"it {x} is no URL"', "is no"),
        ('"""See `Plan`."""', "see"),
        ('"the log is\\ntold of it"', "is told"),
    ],
    ids=["docstring", "comment", "formatted", "whole docstring", "two lines"],
)
def test_finds(source: str, phrase: str) -> None:
    """A phrase is found anywhere in a module."""
    assert any(found(PHRASES[phrase][0], text) for _, text in texts_of(source))
