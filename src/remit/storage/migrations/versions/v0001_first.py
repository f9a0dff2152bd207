"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "entry",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "seq"),
    )
    op.create_index("entry_about", "entry", ["tenant", "id"])
    op.create_table(
        "state",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("replaced", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hot", sa.Boolean, nullable=False),
        sa.Column("belongs", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "id"),
        sqlite_with_rowid=False,
    )
    belongs = sa.text("belongs != ''")
    op.create_index(
        "state_belongs", "state", ["tenant", "belongs", "seq"], sqlite_where=belongs, postgresql_where=belongs
    )
    op.create_table(
        "detail",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("mission", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "mission", "owner", "kind"),
    )
    op.create_table(
        "mission_key",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("mission", sa.Text, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "mission"),
    )
    meta = op.create_table(
        "meta",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.bulk_insert(meta, [{"key": "product", "value": "remit"}, {"key": "epoch", "value": "1"}])
