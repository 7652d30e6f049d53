"""The append-only table of names."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table, in key order on SQLite so that a lookup is one descent of one tree."""
    op.create_table(
        "mapping",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("name", sa.String(253), nullable=False),
        sa.Column("valid_from", sa.BigInteger, nullable=False),
        sa.Column("plan", sa.String(63)),
        sa.Column("params", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("changed_by", sa.String(255), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", "valid_from", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("mapping_id", "mapping", ["id"], unique=True)
