"""The form of an entry: one JCS (RFC 8785) object, at most 65,535 bytes.

    {"actor":…,"facts":{…},"id":…,"kind":…,"seq":…,"tenant":…,"time":…,"v":1}

Its bytes are what is hashed, so they must be the same whoever writes them. Evolution: a reader refuses a `v` that it
does not know; a new member means a new `v`; what `facts` holds belongs to each `kind`. Pure.

Facts of strings, integers, booleans, nulls, lists and objects are written by msgspec, whose sorted output equals JCS
for them (a property test holds it to that); anything else (floats, names beyond ASCII) is left to rfc8785.
"""

import enum
from typing import Any

import msgspec

from remit.audit.tiles import MAX_ENTRY
from remit.terms import EntryDraft, InvalidInput, canonical, check
from remit.terms.canonical import MAX_DEPTH, MAX_INTEGER

VERSION = 1


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry with its number. Fields stand in JCS order: the encoder writes them as they are declared."""

    actor: str
    facts: dict[str, Any]
    id: str
    kind: str
    seq: int
    tenant: str
    time: int  # milliseconds since the epoch
    v: int


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Entry)


def encode_entry(seq: int, draft: EntryDraft) -> bytes:
    """The entry's canonical bytes. Raises `InvalidInput` for facts without a canonical form or too many of them."""
    entry = Entry(
        actor=draft.actor,
        facts=draft.facts,
        id=draft.id,
        kind=draft.kind,
        seq=seq,
        tenant=draft.tenant,
        time=draft.time,
        v=VERSION,
    )
    data = _encode(entry)
    if len(data) > MAX_ENTRY:
        raise InvalidInput(
            f"expected an entry of at most {MAX_ENTRY} bytes, got {len(data)}: keep long text in details"
        )
    return data


def decode_entry(data: bytes) -> Entry:
    """The entry in `data`; raises `InvalidInput` unless `data` is exactly what `encode_entry` writes."""
    try:
        entry = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidInput(
            "expected an entry: a JSON object with actor, facts, id, kind, seq, tenant, time and v"
        ) from None
    if entry.v != VERSION:
        raise InvalidInput(f"expected an entry of version {VERSION}, got {entry.v}; read it with a later Remit")
    if _encode(entry) != data:
        raise InvalidInput("expected an entry in canonical form (RFC 8785)")
    return entry


def _encode(entry: Entry) -> bytes:
    try:
        if _plain(entry.facts, 1) and _fits(entry.seq) and _fits(entry.time):
            return _encoder.encode(entry)
    except UnicodeEncodeError:
        raise InvalidInput("expected Unicode text in an entry, got a lone surrogate") from None
    except TypeError:
        pass  # no JSON: said below
    value = {name: getattr(entry, name) for name in Entry.__struct_fields__}
    check(value)
    return canonical(value)


def _fits(number: int) -> bool:
    return type(number) is int and -MAX_INTEGER <= number <= MAX_INTEGER


def _plain(value: Any, depth: int) -> bool:
    """Whether msgspec writes `value`, no plain scalar, as RFC 8785 does: ASCII names, integers that a double holds.

    RFC 8785 section 3.2.3 sorts names by UTF-16 units, msgspec by code points; for ASCII that is the same. Raises
    `TypeError` for names that are no strings. Every decision pays for this: one loop, that calls only for what nests.
    """
    kind = type(value)
    if kind is dict:
        if not "".join(value).isascii():
            return False
        value = value.values()
    elif kind is not list and kind is not tuple:
        return value is None or isinstance(value, enum.StrEnum)  # an enum is written as its value
    if depth > MAX_DEPTH:
        return False
    for item in value:
        kind = type(item)
        if kind is int:
            if not -MAX_INTEGER <= item <= MAX_INTEGER:
                return False
        elif kind is not str and kind is not bool and not _plain(item, depth + 1):
            return False
    return True
