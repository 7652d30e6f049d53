"""The append-only table of names."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None

# Collations with byte order, so that every engine compares and sorts names in the same way.
NAME = (
    sa.String(253)
    .with_variant(sa.String(253, collation="C"), "postgresql")
    .with_variant(mysql.VARCHAR(253, charset="ascii", collation="ascii_bin"), "mysql")
)
PLAN = sa.String(63).with_variant(mysql.VARCHAR(63, charset="ascii", collation="ascii_bin"), "mysql")
# MySQL's TEXT is limited to 64 KiB; the other engines have no limit.
TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")


def upgrade() -> None:
    """Create the table; on SQLite in key order, so that a lookup descends only one tree."""
    # On engines without transactional DDL, an interrupted migration continues from here.
    there = sa.inspect(op.get_bind())
    if not there.has_table("mapping"):
        op.create_table(
            "mapping",
            sa.Column("id", sa.BigInteger, nullable=False, autoincrement=False),
            sa.Column("name", NAME, nullable=False),
            sa.Column("valid_from", sa.BigInteger, nullable=False),
            sa.Column("plan", PLAN),
            sa.Column("params", TEXT, nullable=False),
            sa.Column("note", TEXT),
            sa.Column("changed_by", sa.String(255), nullable=False),
            sa.Column("recorded_at", sa.BigInteger, nullable=False),
            sa.PrimaryKeyConstraint("name", "valid_from", "id"),
            sqlite_with_rowid=False,
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_bin",
        )
        op.create_index("mapping_id", "mapping", ["id"], unique=True)
    elif "mapping_id" not in {index["name"] for index in there.get_indexes("mapping")}:
        op.create_index("mapping_id", "mapping", ["id"], unique=True)
