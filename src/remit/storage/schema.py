"""The tables, written portably. The migrations make them; a test compares the two.

The tenant stands first in every key. Entries hold only what may stay for ever; erasable text lies in `detail`,
encrypted under a key of its mission that lies in `mission_key`, itself wrapped by a key outside this database (I13).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

metadata = MetaData()

entry = Table(
    "entry",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),  # contiguous from 0 in each tenant, given inside the transaction
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the leaf of the log, byte for byte
    PrimaryKeyConstraint("tenant", "seq"),
    Index("entry_about", "tenant", "id"),
)

state = Table(
    "state",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("replaced", BigInteger, nullable=False),  # the version it was written over: what the upsert compares
    Column("seq", BigInteger, nullable=False),  # the entry it was written with
    Column("hot", Boolean, nullable=False),  # whether it is loaded at start; others are read when asked for
    Column("belongs", Text, nullable=False),  # a settled reservation's instance, else ""
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "kind", "id"),  # beside the rows: those stand in the order in which they came
)
# An instance's memory is rebuilt from its settled calls, latest first. They are the only records that belong to one.
Index(
    "state_belongs",
    state.c.tenant,
    state.c.belongs,
    state.c.seq,
    sqlite_where=state.c.belongs != "",
    postgresql_where=state.c.belongs != "",
)

# What is loaded at start is found without reading the rest: agents, missions, tools among millions of calls.
Index("state_hot", state.c.tenant, sqlite_where=state.c.hot.is_(True), postgresql_where=state.c.hot.is_(True))

detail = Table(
    "detail",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("mission", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "mission", "owner", "kind"),
)

mission_key = Table(
    "mission_key",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("mission", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "mission"),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("key"),
)

# Kept for the migrations' own bookkeeping: never written by hand.
VERSION_TABLE = "remit_schema"
