"""Where SQL and the names of database engines may occur: only in `mapping`, and there only where engines differ."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.imports import all_imports, modules, part_of

if TYPE_CHECKING:
    from collections.abc import Iterator


ENGINE_SQL = re.compile(
    r"\b(PRAGMA|sqlite_(schema|master)|pg_[a-z_]+|GET_LOCK|RELEASE_LOCK|information_schema|ON CONFLICT|ON DUPLICATE KEY"
    r"|SELECT\b.+\bFROM|INSERT INTO|DELETE FROM|CREATE TABLE|BEGIN IMMEDIATE)\b",
    re.DOTALL,
)

ENGINES = re.compile(r"sqlite|postgres|psycopg|mariadb|mysql|libpq|dialect", re.IGNORECASE)

# Whoever opens a mapping for a command, reads and writes it, does so alike on every engine.
ENGINE_FREE = ("mapping.store", "mapping.store_database", "mapping.edits", "mapping.sync", "mapping.csv_file")


def words_of(source: str) -> Iterator[str]:
    """All names and all texts of a module, except what only explains it."""
    tree = ast.parse(source)
    explaining = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explaining:
            yield node.value
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name


def test_sql_lives_in_mapping() -> None:
    """
    No SQL of any engine stands outside of `mapping`, and nobody else opens a database, except for the results of
    checks, and to read what automx2 left in one.
    """
    found = [
        f"autoconfig.{name}: {word[:60]!r}"
        for name, path in modules().items()
        if not name.startswith(("mapping.", "results.")) and name != "migrate.automx2_database"
        for word in words_of(path.read_text(encoding="utf-8"))
        if ENGINE_SQL.search(word) or word in {"dialect", "sqlite3"}
    ]

    assert found == []


@pytest.mark.parametrize("name", ENGINE_FREE)
def test_engines_are_alike(name: str) -> None:
    """What commands do to a mapping names no engine: `mapping.dialects` has what differs."""
    assert [word for word in words_of(modules()[name].read_text(encoding="utf-8")) if ENGINES.search(word)] == []


def test_web_knows_no_engine() -> None:
    """
    Requests know the `Finder` protocol and who opens one, and nothing else of the mapping; the support desk knows the
    file on this machine too.
    """
    known = {f"autoconfig.mapping.{name}" for name in ("timeline", "finder_factory", "local_reading", "record")}

    assert {
        found.module for found in all_imports() if found.part == "web" and part_of(found.module) == "mapping"
    } <= known


@pytest.mark.parametrize(
    "source",
    [
        "x = 'PRAGMA journal_mode'",
        "run(f'SELECT {name} FROM mapping')",
        "import sqlite3",
        "connection.dialect",
        "x = 'SELECT pg_is_in_recovery()'",
    ],
    ids=["pragma", "formatted", "import", "attribute", "function"],
)
def test_words_catch(source: str) -> None:
    """The rules here see a word wherever it stands."""
    text = " ".join(words_of(source))

    assert ENGINE_SQL.search(text) or ENGINES.search(text)
