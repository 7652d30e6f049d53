"""
What differs between the engines when a command reads or writes: one subclass of `Engine` each. Outside of this folder,
only the finders, the follower's copy, backups and the migrations have SQL for one engine. Other modules only ask
whether a mapping is a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.mapping.database_location import Kind

if TYPE_CHECKING:
    from autoconfig.mapping.dialects.dialect import Engine


def engine_of(kind: Kind) -> Engine:
    """The `Engine` of a kind; imports its driver."""
    if kind is Kind.SQLITE:
        from autoconfig.mapping.dialects.sqlite import SQLite

        return SQLite()
    if kind is Kind.POSTGRESQL:
        from autoconfig.mapping.dialects.postgresql import PostgreSQL

        return PostgreSQL()
    from autoconfig.mapping.dialects.mariadb import MariaDB

    return MariaDB()
