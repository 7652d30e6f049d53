"""
What differs between the engines when a command reads or writes: a subclass of `Engine` for each. Only what requests
ask, the migrations and `copies`, which are SQLite files, have SQL of one engine beside these modules; whoever else asks
for the engine only wants to know whether a mapping is a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.mapping.place import Kind

if TYPE_CHECKING:
    from autoconfig.mapping.engines.engine import Engine


def engine_of(kind: Kind) -> Engine:
    """How to use an engine; its driver is imported now."""
    if kind is Kind.SQLITE:
        from autoconfig.mapping.engines.sqlite import SQLite

        return SQLite()
    if kind is Kind.POSTGRESQL:
        from autoconfig.mapping.engines.postgresql import PostgreSQL

        return PostgreSQL()
    from autoconfig.mapping.engines.mariadb import MariaDB

    return MariaDB()
