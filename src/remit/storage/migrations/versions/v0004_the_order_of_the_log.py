"""Entries and details in the order of the log, each by one number; where a mission has details is written once for many
of them; ledgers side by side. Every entry and detail is written anew: this takes some 13 s a million."""

import sqlalchemy as sa
from alembic import op

from remit.terms import Refused

revision = "0004"
down_revision = "0003"

_PLACES, _BLOCK = 1 << 40, 1024
# The entry that a detail was written with; readers find the one by the other from now on.
_WRITTEN = """CASE detail.kind
    WHEN 'brief' THEN entry.kind IN ('mission.opened', 'mission.derived')
    WHEN 'call' THEN entry.kind IN ('decision.made', 'approval.requested')
    WHEN 'result' THEN entry.kind IN ('outcome.attested', 'approval.cancelled')
    WHEN 'cause' THEN detail.mission = 'erasure:' || replace(entry.kind, '.erased', ':') || entry.id
END"""


def upgrade() -> None:
    place = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "tenant",
        sa.Column("number", place, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("name"),
    )
    op.execute(
        "INSERT INTO tenant SELECT row_number() OVER (ORDER BY tenant) - 1, tenant "
        "FROM (SELECT DISTINCT tenant FROM entry)"
    )
    op.create_table(
        "entry_new",
        sa.Column("place", place, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("held", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("place"),
    )
    op.execute(
        f"INSERT INTO entry_new SELECT number * {_PLACES} + seq, kind, id, time, body, NULL "  # noqa: S608 constants
        "FROM tenant JOIN entry ON entry.tenant = tenant.name ORDER BY number, seq"
    )
    op.create_table(
        "detail_new",
        sa.Column("place", place, nullable=False),
        sa.Column("mission", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("place"),
    )
    # By number first: the rows are then read and written nearly in their order.
    op.execute("CREATE TEMPORARY TABLE moved (place INTEGER PRIMARY KEY, was INTEGER NOT NULL)")
    op.execute(
        f"INSERT INTO moved SELECT number * {_PLACES} + max(entry.seq), detail.rowid FROM detail "  # noqa: S608 constants
        "JOIN tenant ON tenant.name = detail.tenant "
        f"JOIN entry ON entry.tenant = detail.tenant AND entry.id = detail.owner AND {_WRITTEN} GROUP BY detail.rowid"
    )
    op.execute(
        "INSERT INTO detail_new SELECT moved.place, mission, kind, nonce, body "
        "FROM moved JOIN detail ON detail.rowid = moved.was ORDER BY moved.place"
    )
    op.execute("DROP TABLE moved")
    kept = "SELECT (SELECT count(*) FROM detail) - (SELECT count(*) FROM detail_new)"
    if lost := op.get_bind().exec_driver_sql(kept).scalar():
        raise Refused(
            f"{lost} texts belong to no entry of the log: nothing was changed; restore a backup, or report this"
        )
    op.create_table(
        "shelf",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("mission", sa.Text, nullable=False),
        sa.Column("block", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "mission", "block"),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO shelf SELECT DISTINCT name, mission, place / {_BLOCK} "  # noqa: S608 constants
        f"FROM detail_new JOIN tenant ON number = place / {_PLACES}"
    )
    op.create_table(
        "ledger",
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("daily", sa.Boolean, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("replaced", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "daily", "id"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO ledger SELECT tenant, id LIKE '%@%', id, version, replaced, body FROM state "
        "WHERE kind = 'ledger' ORDER BY 1, 2, 3"
    )
    op.execute("DELETE FROM state WHERE kind = 'ledger'")
    for name in ("entry", "detail"):
        op.drop_table(name)
        op.rename_table(f"{name}_new", name)
    op.create_index("entry_about", "entry", ["id"])
