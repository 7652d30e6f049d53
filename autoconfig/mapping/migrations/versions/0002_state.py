"""What holds for the table as a whole: which programs can use it, and which history its ids belong to."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NEEDS = "0001"
"""The oldest schema that a program must know to work with this one: a table more harms nobody."""


def upgrade() -> None:
    """Make the table and its one row."""
    table = op.create_table(
        "mapping_state",
        sa.Column("needs", sa.String(4), nullable=False),
        sa.Column("generation", sa.String(32), nullable=False),
    )
    op.bulk_insert(table, [{"needs": NEEDS, "generation": secrets.token_hex(16)}])
