"""The tables, written portably. The migrations make them; a test compares the two.

Every key begins with the tenant; that of entries and details by its number. What every decision writes stands in the
order of the log, so that it goes to the end of its tables, however many missions and instances take turns.

Entries hold only what may stay for ever; erasable text lies in `detail`, encrypted under a key of its mission that lies
in `mission_key`, itself wrapped by a key outside this database (I13).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    ScalarSelect,
    Table,
    Text,
    UniqueConstraint,
    select,
)

metadata = MetaData()
PLACES = 1 << 40  # entries that a tenant may have
BLOCK = 1024  # places; an erasure reads all texts of each block in which its mission has one
_Place = BigInteger().with_variant(Integer, "sqlite")  # where it is the row's own number, and costs nothing

tenant = Table(
    "tenant",
    metadata,
    Column("number", _Place, nullable=False),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("number"),
    UniqueConstraint("name"),
)

entry = Table(
    "entry",
    metadata,
    # The tenant's number * PLACES + the entry's, which is contiguous from 0 in each tenant, given in the transaction.
    Column("place", _Place, nullable=False),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the leaf of the log, byte for byte
    Column("held", LargeBinary, nullable=True),  # of a permit: its reservation, until `state` has what became of it
    PrimaryKeyConstraint("place"),
    Index("entry_about", "id"),
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

# The record that every permit changes: short rows side by side, so that those of many missions share a page.
ledger = Table(
    "ledger",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("daily", Boolean, nullable=False),  # those are read when asked for, a mission's at start
    Column("id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("replaced", BigInteger, nullable=False),  # as of `state`
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "daily", "id"),
    sqlite_with_rowid=False,
)

detail = Table(
    "detail",
    metadata,
    Column("place", _Place, nullable=False),  # of the entry that it was written with, whose `id` says whose it is
    Column("mission", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("place"),
)

# In which blocks of places a mission has details: written once for many of them, read when it is erased.
shelf = Table(
    "shelf",
    metadata,
    Column("tenant", Text, nullable=False),
    Column("mission", Text, nullable=False),
    Column("block", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "mission", "block"),
    sqlite_with_rowid=False,
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


def first_place(name: str) -> ScalarSelect[int]:
    """The place of a tenant's first entry; NULL of a tenant that has none."""
    return select(tenant.c.number * PLACES).where(tenant.c.name == name).scalar_subquery()


def of_tenant(name: str) -> ColumnElement[bool]:
    """Entries of this tenant."""
    first = first_place(name)
    return entry.c.place.between(first, first + (PLACES - 1))
