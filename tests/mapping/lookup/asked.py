"""Questions to another program's database, for tests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.lookup.connection import QueryResult, Statement
from autoconfig.mapping.lookup.database import ForeignDatabase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.mapping.foreign.databases import Foreign

NAMED = {Kind.SQLITE: ":domain", Kind.POSTGRESQL: "%(domain)s", Kind.MARIADB: "%(domain)s"}


def asked(foreign: Foreign, question: Callable[[ForeignDatabase], Awaitable[QueryResult]]) -> QueryResult:
    """The answer to a question."""

    async def ask() -> QueryResult:
        database = ForeignDatabase(DatabaseLocation.parse(foreign.url))
        try:
            return await question(database)
        finally:
            await database.close()

    return asyncio.run(ask())


def about(foreign: Foreign, name: str, table: str = "customers") -> Statement:
    """A statement about one name."""
    return Statement(f"SELECT package, host FROM {table} WHERE domain = {NAMED[foreign.kind]}", {"domain": name})


def about_all() -> Statement:
    """A statement whose result has several rows."""
    return Statement("SELECT domain FROM customers ORDER BY domain", {})


def one(foreign: Foreign, statement: Statement) -> QueryResult:
    """The answer to one statement."""
    return asked(foreign, lambda database: database.answer(statement))
