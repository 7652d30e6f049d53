"""State of the table as a whole: which programs can use it, and which history its ids belong to."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NEEDS = "0001"
"""The oldest schema that a program must know to use this one: an additional table is harmless."""

TABLE = sa.table("mapping_state", sa.column("needs", sa.String), sa.column("generation", sa.String))


def upgrade() -> None:
    """Create the table and its only row."""
    # On engines without transactional DDL, an interrupted migration continues from here.
    if not sa.inspect(op.get_bind()).has_table("mapping_state"):
        op.create_table(
            "mapping_state",
            sa.Column("needs", sa.String(4), nullable=False),
            sa.Column("generation", sa.String(32), nullable=False),
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_bin",
        )
    # The row and the revision are committed together on every engine.
    op.bulk_insert(TABLE, [{"needs": NEEDS, "generation": secrets.token_hex(16)}])
