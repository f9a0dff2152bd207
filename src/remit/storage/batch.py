"""What one transaction of the writer does: numbers the entries, encrypts the details, replaces the records.

Everything of a batch is in one database transaction: after a crash all of its writes are there, or none. A write that
cannot be encoded ends the batch before it; the writes before it are good.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, func, select

from remit.storage import database
from remit.storage.details import Owner, Sealer, nonces, place
from remit.storage.hot import OPEN, is_loaded
from remit.storage.schema import detail, entry, mission_key, state
from remit.terms import Detail, EntryDraft, InvalidInput, Kind, Put, RemitError, TenantId, Unavailable, Write
from remit.terms.entries import KINDS, Reservation

Encode = Callable[[int, EntryDraft], bytes]
Row = tuple[Any, ...]
_encode = msgspec.json.Encoder().encode


class Batch:
    """Rows of some writes, prepared inside the transaction that stores them."""

    def __init__(self, connection: Connection, sealer: Sealer, encode: Encode, numbers: dict[TenantId, int]) -> None:
        """`numbers`: of the next entry of each tenant, as far as it is known; the others are read."""
        self._connection = connection
        self._sealer = sealer
        self._encode = encode
        self.next = numbers
        self._entries: list[Row] = []
        self._states: dict[Row, Row] = {}  # the last version of each record in this batch
        self._details: dict[Row, Row] = {}
        self._ciphers: dict[Owner, AESGCM] = {}
        self._nonces: list[bytes] = []
        self.keys: dict[Owner, bytes] = {}  # data keys made by this batch, wrapped
        self.broke: Exception | None = None  # why the first write that is not in it is not in it

    def add(self, writes: list[Write]) -> list[int]:
        """The numbers of the entries; fewer than the writes when one could not be encoded."""
        numbers: list[int] = []
        self._nonces = nonces(sum([len(write.details) for write in writes]))
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
        database.write_rows(connection, entry, self._entries)
        if self.keys:
            database.write_rows(connection, mission_key, [(*owner, wrapped) for owner, wrapped in self.keys.items()])
        if self._details:
            database.write_rows(connection, detail, list(self._details.values()), replace=True)
        states = list(self._states.values())
        if database.write_rows(connection, state, states, replace=True, guard=("version", "replaced")) != len(states):
            raise Unavailable("a record was changed beside this process: only one Remit may use a store; restart it")

    def _add(self, write: Write) -> int:
        """Everything that can fail comes before anything is added."""
        draft = write.entry
        tenant = draft.tenant
        seq = self._number(tenant)
        body = bytearray(self._encode(seq, draft))
        records = [_row(put, seq) for put in write.puts]
        details = [row for one in write.details if (row := self._sealed(tenant, one)) is not None]
        self.next[tenant] = seq + 1
        self._entries.append((tenant, seq, draft.kind, draft.id, draft.time, body))
        states = self._states
        for row in records:
            key = row[:3]
            before = states.get(key)
            states[key] = row if before is None else (*row[:4], before[4], *row[5:])
        for row in details:
            self._details[row[:4]] = row
        return seq

    def _number(self, tenant: TenantId) -> int:
        number = self.next.get(tenant)
        if number is None:
            last = self._connection.execute(select(func.max(entry.c.seq)).where(entry.c.tenant == tenant)).scalar()
            number = self.next[tenant] = 0 if last is None else last + 1
        return number

    def _sealed(self, tenant: TenantId, one: Detail) -> Row | None:
        owner = (tenant, one.mission)
        cipher = self._ciphers.get(owner)
        if cipher is None:
            cipher = self._sealer.for_writing(self._connection, owner, self.keys)
            if cipher is None:  # the mission was erased: nothing is kept for it
                return None
            self._ciphers[owner] = cipher
        nonce = self._nonces.pop()
        kind = one.kind._value_
        sealed = cipher.encrypt(nonce, one.body, place(owner, one.owner, kind))
        return (tenant, one.mission, one.owner, kind, bytearray(nonce), bytearray(sealed))


def _row(put: Put, seq: int) -> Row:
    record = put.record
    kind = KINDS.get(type(record))
    if kind is not put.kind:
        raise InvalidInput(f"expected a record of kind {put.kind.value}")
    belongs = record.instance if type(record) is Reservation and record.state != OPEN else ""
    loaded = 1 if is_loaded(record) else 0
    body = bytearray(_encode(record))
    return (record.tenant, kind._value_, record.id, record.version, put.expected, seq, loaded, belongs, body)


def touched(writes: list[Write]) -> set[tuple[Kind, str, str]]:
    """The records that these writes replaced."""
    return {(put.kind, str(put.record.tenant), str(put.record.id)) for write in writes for put in write.puts}
