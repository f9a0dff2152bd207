"""Erasable text: encrypted under a data key of its mission, which is gone when the mission is erased (I13).

AES-256-GCM with a random 96-bit nonce; where a body belongs is authenticated with it, so that a row moved to another
mission or decision cannot be read there. The data key is stored wrapped (`KeyWrap`); who has only the database reads
nothing. Not hidden: sizes, ids, and which kinds of details a decision has. A backup that holds both the wrapped key and
the body outlives an erasure: backups expire on their own schedule.
"""

import os
import threading
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Connection, delete, select

from remit.storage.least_recent import LeastRecent
from remit.storage.schema import BLOCK, PLACES, detail, entry, mission_key, of_tenant, shelf
from remit.terms import Unavailable
from remit.terms.entries import CAUSES

NONCE = 12  # bytes: what GCM is specified for (NIST SP 800-38D section 8.2)
KEYS_KEPT = 262_144  # data keys in memory, a quarter of a KB each; reading and unwrapping one takes 200 µs
CIPHERS_KEPT = 4_096  # of keys used last, some 2.5 KB each; making one costs as much as encrypting a detail
Owner = tuple[str, str]  # tenant, mission
ERASED = b""  # in the place of a wrapped key: nothing is kept for this mission any more
OUTSIDE = "instance:"  # shelves of what instances do outside of missions
_encode = msgspec.json.Encoder().encode
_MADE = "decision.made"
_ITS_ENTRY = detail.c.place == entry.c.place
_WITHIN = detail.c.place.between(shelf.c.block * BLOCK, shelf.c.block * BLOCK + (BLOCK - 1))
GOES_ON = (OUTSIDE, CAUSES)  # such a shelf may be written to again after an erasure; a mission's may not


class Erasure(NamedTuple):
    """What is to be erased: a whole shelf, or of it what belongs to decisions made before a time."""

    tenant: str
    mission: str
    before: int | None = None

    @property
    def owner(self) -> Owner:
        return self.tenant, self.mission


class KeyWrap(Protocol):
    """Wraps data keys under a key that is not in the database; `context` is authenticated."""

    def wrap(self, data_key: bytes, context: str) -> bytes: ...
    def unwrap(self, wrapped: bytes, context: str) -> bytes: ...


class Sealer:
    """Encrypts and decrypts details. Used by the writer and by readers, in several threads."""

    def __init__(self, wrap: KeyWrap) -> None:
        self._wrap = wrap
        self._keys: LeastRecent[Owner, bytes] = LeastRecent(KEYS_KEPT)
        self._ciphers: LeastRecent[Owner, AESGCM] = LeastRecent(CIPHERS_KEPT)
        self._guard = threading.Lock()

    def for_writing(self, connection: Connection, owner: Owner, made: dict[Owner, bytes]) -> AESGCM | None:
        """The mission's key; a new one is put into `made`, wrapped, for the same transaction. None when it was erased.

        What is attested after an erasure is therefore not kept: an outcome that comes late cannot undo it.
        """
        cipher, erased = self._find(connection, owner)
        if erased:
            return None
        if cipher is None:
            data_key = AESGCM.generate_key(256)
            made[owner] = self._wrap.wrap(data_key, _context(owner))
            cipher = self._keep(owner, data_key)
        return cipher

    def open(self, connection: Connection, owner: Owner, of: str, kind: str) -> bytes | None:
        """A stored detail, the latest, or None when there is none (any more)."""
        return self.open_all(connection, owner, (of,)).get((of, kind))

    def open_all(self, connection: Connection, owner: Owner, of: Sequence[str]) -> dict[tuple[str, str], bytes]:
        """Every stored detail of these decisions, by decision and kind; of two the later."""
        query = select(entry.c.id, detail.c.kind, detail.c.nonce, detail.c.body).join(detail, _ITS_ENTRY)
        where = entry.c.id.in_(of), of_tenant(owner[0]), detail.c.mission == owner[1]
        rows = connection.execute(query.where(*where).order_by(entry.c.place)).all()
        cipher, _ = self._find(connection, owner) if rows else (None, False)
        if cipher is None:
            return {}
        return {(name, kind): _decrypted(cipher, owner, name, kind, nonce, body) for name, kind, nonce, body in rows}

    def forget(self, owners: "set[Owner] | dict[Owner, bytes]") -> None:
        with self._guard:
            for owner in owners:
                self._keys.pop(owner)
                self._ciphers.pop(owner)

    def _find(self, connection: Connection, owner: Owner) -> tuple[AESGCM | None, bool]:
        """The key, and whether it was erased."""
        cipher = self._ciphers.get(owner)
        if cipher is not None:
            return cipher, False
        data_key = self._keys.get(owner)
        if data_key is not None:
            cipher = AESGCM(data_key)
            with self._guard:
                if self._keys.get(owner) is data_key:  # else it was erased meanwhile
                    self._ciphers.put(owner, cipher)
            return cipher, False
        where = (mission_key.c.tenant == owner[0], mission_key.c.mission == owner[1])
        wrapped = connection.execute(select(mission_key.c.wrapped).where(*where)).scalar()
        if not wrapped:
            return None, wrapped == ERASED
        return self._keep(owner, self._wrap.unwrap(wrapped, _context(owner))), False

    def _keep(self, owner: Owner, data_key: bytes) -> AESGCM:
        """Of most only the key is kept: its cipher is ten times as large."""
        cipher = AESGCM(data_key)
        with self._guard:
            self._keys.put(owner, data_key)
            self._ciphers.put(owner, cipher)
        return cipher


def erase(connection: Connection, erasure: Erasure) -> None:
    """Delete details, and with a whole shelf its key: without the key, copies of the details are noise.

    A mission that had a key is marked, so that none is made again; other shelves go on.
    """
    tenant, mission, before = erasure
    blocks = (shelf.c.tenant == tenant, shelf.c.mission == mission)
    texts = select(detail.c.place).join(shelf, _WITHIN).where(*blocks, detail.c.mission == mission)
    if before is not None:
        old = begins_before(before)
        connection.execute(delete(detail).where(detail.c.place.in_(texts.where(old, decided_before(before)))))
        left = select(detail.c.place).where(_WITHIN, detail.c.mission == mission)
        connection.execute(delete(shelf).where(*blocks, old, ~left.exists()))
        return
    connection.execute(delete(detail).where(detail.c.place.in_(texts)))
    connection.execute(delete(shelf).where(*blocks))
    keys = (mission_key.c.tenant == tenant, mission_key.c.mission == mission)
    had = connection.execute(delete(mission_key).where(*keys)).rowcount
    if had and not mission.startswith(GOES_ON):
        connection.execute(mission_key.insert().values(tenant=tenant, mission=mission, wrapped=ERASED))


def begins_before(time: int) -> ColumnElement[bool]:
    """Of a block of a shelf: whether its first entry is of before this time. Later ones are hardly older."""
    first = select(entry.c.time).where(entry.c.place >= shelf.c.block * BLOCK).order_by(entry.c.place).limit(1)
    return first.scalar_subquery() < time


def decided_before(time: int) -> ColumnElement[bool]:
    """Of a detail: whether it belongs to a decision that was made before this time."""
    its, made = entry.alias(), entry.alias()
    same = made.c.id == its.c.id, made.c.place // PLACES == detail.c.place // PLACES
    return (
        select(made.c.id).where(its.c.place == detail.c.place, *same, made.c.kind == _MADE, made.c.time < time).exists()
    )


def _decrypted(cipher: AESGCM, owner: Owner, of: str, kind: str, nonce: bytes, body: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, body, sealed_for(owner, of, kind))
    except InvalidTag:
        raise Unavailable(
            f"a stored detail of mission {owner[1]!r} was changed or its key is another: restore both from a backup"
        ) from None


def nonces(number: int) -> list[bytes]:
    """So many random nonces, by one call of the system."""
    noise = os.urandom(NONCE * number)
    return [noise[start : start + NONCE] for start in range(0, len(noise), NONCE)]


def sealed_for(owner: Owner, of: str, kind: str) -> bytes:
    """What is authenticated with a body: where it belongs."""
    return _encode((*owner, of, kind))


def _context(owner: Owner) -> str:
    return msgspec.json.encode(("remit mission key", *owner)).decode()
