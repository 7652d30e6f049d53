"""The append-only table of names."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

# Compared byte by byte on every engine, and in the same order.
NAME = (
    sa.String(253)
    .with_variant(sa.String(253, collation="C"), "postgresql")
    .with_variant(mysql.VARCHAR(253, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")
)
PLAN = sa.String(63).with_variant(mysql.VARCHAR(63, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")


def upgrade() -> None:
    """Make the table, in key order on SQLite so that a lookup is one descent of one tree."""
    op.create_table(
        "mapping",
        sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("valid_from", sa.BigInteger, nullable=False),
        sa.Column("plan", PLAN),
        sa.Column("params", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("changed_by", sa.String(255), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", "valid_from", "id"),
        sqlite_with_rowid=False,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
    )
    op.create_index("mapping_id", "mapping", ["id"], unique=True)
