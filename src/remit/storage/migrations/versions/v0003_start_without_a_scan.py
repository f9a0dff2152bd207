"""What is loaded at start has an index of its own; reservations whose outcome is awaited are read when it comes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("UPDATE state SET hot = false WHERE hot AND kind = 'reservation'")
    hot = sa.column("hot", sa.Boolean).is_(True)
    op.create_index("state_hot", "state", ["tenant"], sqlite_where=hot, postgresql_where=hot)
