"""What one transaction of the writer does: numbers the entries, encrypts the details, replaces the records.

A decision is two rows at the end of two tables, its entry with what it reserved and its detail, and the ledger that it
drew on. Which missions have details in a block of places is written once a block.

Everything of a batch is in one database transaction: after a crash all of its writes are there, or none. A write that
cannot be encoded ends the batch before it; the writes before it are good.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, func, select

from remit.storage import database
from remit.storage.details import Owner, Sealer, nonces, sealed_for
from remit.storage.hot import OPEN, is_daily, is_loaded
from remit.storage.schema import BLOCK, PLACES, detail, entry, ledger, mission_key, of_tenant, shelf, state
from remit.storage.schema import tenant as tenants
from remit.terms import Detail, EntryDraft, InvalidInput, Kind, Put, RemitError, TenantId, Unavailable, Write
from remit.terms.entries import KINDS, Reservation

Encode = Callable[[int, EntryDraft], bytes]
Row = tuple[Any, ...]
_encode = msgspec.json.Encoder().encode


_LEDGER, _RESERVATION = Kind.LEDGER, Kind.RESERVATION
_GUARD = ("version", "replaced")
_OF_LEDGERS = ("version", "replaced", "body")
_OF_STATES = (*_OF_LEDGERS, "seq", "hot", "belongs")


class Places:
    """What the writer knows of the database, until a transaction fails: each tenant's next place, and for which blocks
    a mission is known to be on record with details."""

    __slots__ = ("next", "shelves")

    def __init__(self) -> None:
        self.next: dict[TenantId, int] = {}
        self.shelves: set[Row] = set()


class Batch:
    """Rows of some writes, prepared inside the transaction that stores them."""

    def __init__(self, connection: Connection, sealer: Sealer, encode: Encode, places: Places) -> None:
        """`places` is changed: it holds no more when the transaction fails."""
        self._connection = connection
        self._sealer = sealer
        self._encode = encode
        self._places = places
        self._tenants: list[Row] = []
        self._entries: list[Row] = []
        self._states: dict[Row, Row] = {}  # the last version of each record in this batch
        self._ledgers: dict[Row, Row] = {}
        self._details: list[Row] = []
        self._shelves: list[Row] = []
        self._ciphers: dict[Owner, AESGCM] = {}
        self._nonces: list[bytes] = []
        self.keys: dict[Owner, bytes] = {}  # data keys made by this batch, wrapped
        self.broke: Exception | None = None  # why the first write that is not in it is not in it

    def add(self, writes: list[Write]) -> list[int]:
        """The numbers of the entries; fewer than the writes when one could not be encoded."""
        numbers: list[int] = []
        self._nonces = nonces(len(writes))
        for write in writes:
            try:
                numbers.append(self._add(write))
            except (RemitError, ValueError, TypeError, OverflowError, RecursionError) as error:
                self.broke = error
                break
        return numbers

    def store(self) -> None:
        """Raises `Unavailable` when a record was changed by somebody else: the hot state is not the store's."""
        connection = self._connection
        database.write_rows(connection, tenants, self._tenants)
        database.write_rows(connection, entry, self._entries)
        database.write_rows(connection, mission_key, [(*owner, wrapped) for owner, wrapped in self.keys.items()])
        database.write_rows(connection, shelf, self._shelves, replace=())
        database.write_rows(connection, detail, self._details)
        for table, records, columns in ((state, self._states, _OF_STATES), (ledger, self._ledgers, _OF_LEDGERS)):
            rows = list(records.values())
            if database.write_rows(connection, table, rows, replace=columns, guard=_GUARD) != len(rows):
                raise Unavailable(
                    "a record was changed beside this process: only one Remit may use a store; restart it"
                )

    def _add(self, write: Write) -> int:
        """Everything that can fail comes before anything is added."""
        draft = write.entry
        tenant = draft.tenant
        place = self._places.next.get(tenant)
        if place is None:
            place = self._next_place(tenant)
        seq = place % PLACES
        body = bytearray(self._encode(seq, draft))
        held = None
        records: list[tuple[dict[Row, Row], Row]] = []
        for put in write.puts:
            if _is_held(put, draft.id):
                held = bytearray(_encode(put.record))
            else:
                records.append((self._ledgers if put.kind is _LEDGER else self._states, _row(put, seq)))
        text = self._sealed(place, draft, write.details) if write.details else None
        if seq == 0:
            self._tenants.append((place // PLACES, tenant))
        self._places.next[tenant] = place + 1
        self._entries.append((place, draft.kind, draft.id, draft.time, body, held))
        for states, row in records:
            key = row[:3]
            before = states.get(key)
            states[key] = row if before is None else (*row[:4], before[4], *row[5:])
        if text is not None:
            self._details.append(text)
            on = (tenant, text[1], place // BLOCK)
            if on not in self._places.shelves:
                self._shelve(on)
        return seq

    def _next_place(self, tenant: TenantId) -> int:
        last: int | None = self._connection.execute(select(func.max(entry.c.place)).where(of_tenant(tenant))).scalar()
        if last is None:  # its first entry: it gets the next number
            known = self._connection.execute(select(func.max(tenants.c.number))).scalar()
            last = (len(self._tenants) + (0 if known is None else known + 1)) * PLACES - 1
        return last + 1

    def _sealed(self, place: int, draft: EntryDraft, details: tuple[Detail, ...]) -> Row | None:
        one = details[0]
        if len(details) != 1 or one.owner != draft.id:  # by which a reader finds it
            raise InvalidInput("expected one detail, of what the entry is about")
        owner = (draft.tenant, one.mission)
        cipher = self._ciphers.get(owner)
        if cipher is None:
            cipher = self._sealer.for_writing(self._connection, owner, self.keys)
            if cipher is None:  # the mission was erased: nothing is kept for it
                return None
            self._ciphers[owner] = cipher
        nonce = self._nonces.pop()
        kind = one.kind._value_
        sealed = cipher.encrypt(nonce, one.body, sealed_for(owner, one.owner, kind))
        return (place, one.mission, kind, bytearray(nonce), bytearray(sealed))

    def _shelve(self, row: Row) -> None:
        shelves = self._places.shelves
        if len(shelves) >= BLOCK:  # those of earlier blocks, mostly; a row that is there already does no harm
            shelves.clear()
        shelves.add(row)
        self._shelves.append(row)


def _is_held(put: Put, about: str) -> bool:
    """Whether it stands with its decision's entry: `state` has what becomes of it."""
    record = put.record
    if put.kind is not _RESERVATION or put.expected or type(record) is not Reservation:
        return False
    return record.state == OPEN and record.id == about


def _row(put: Put, seq: int) -> Row:
    record = put.record
    kind = KINDS.get(type(record))
    if kind is not put.kind:
        raise InvalidInput(f"expected a record of kind {put.kind.value}")
    body = bytearray(_encode(record))
    if kind is _LEDGER:
        return (record.tenant, 1 if is_daily(record) else 0, record.id, record.version, put.expected, body)
    belongs = record.instance if type(record) is Reservation and record.state != OPEN else ""
    loaded = 1 if is_loaded(record) else 0
    return (record.tenant, kind._value_, record.id, record.version, put.expected, seq, loaded, belongs, body)


def touched(writes: list[Write]) -> set[tuple[Kind, str, str]]:
    """The records that these writes replaced."""
    return {(put.kind, str(put.record.tenant), str(put.record.id)) for write in writes for put in write.puts}
