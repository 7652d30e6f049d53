"""What the schema of a mapping database is in truth."""

from __future__ import annotations

from contextlib import closing

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from autoconfig.mapping.schema import metadata
from autoconfig.mapping.store import Change, Journal
from autoconfig.mapping.store_database import Database

OURS = {"alembic_version", "mapping", "mapping_state"}


def tables(url: str) -> set[str]:
    """What tables it has."""
    with closing(Database(url)) as database, database.reading() as connection:
        return set(inspect(connection).get_table_names())


def is_whole(url: str) -> None:
    """See that its tables are those of this release, and can be used."""
    with closing(Database(url)) as database, database.writing() as connection:
        options = {"include_name": lambda name, kind, _parents: kind != "table" or name in OURS}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    with closing(Journal(url)) as journal, journal.writing() as writing:
        assert writing.append_one(Change("a.example", 1, "p", "{}")).id == 1
        assert len(writing.generation()) == 32
