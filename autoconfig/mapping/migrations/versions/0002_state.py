"""What holds for the table as a whole: which programs can use it, and which history its ids belong to."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NEEDS = "0001"
"""The oldest schema that a program must know to work with this one: a table more harms nobody."""

TABLE = sa.table("mapping_state", sa.column("needs", sa.String), sa.column("generation", sa.String))


def upgrade() -> None:
    """Make the table and its one row."""
    # Where a migration is no transaction, an interrupted one goes on from here.
    if not sa.inspect(op.get_bind()).has_table("mapping_state"):
        op.create_table(
            "mapping_state",
            sa.Column("needs", sa.String(4), nullable=False),
            sa.Column("generation", sa.String(32), nullable=False),
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_bin",
        )
    # The row and the revision are one transaction on every engine.
    op.bulk_insert(TABLE, [{"needs": NEEDS, "generation": secrets.token_hex(16)}])
