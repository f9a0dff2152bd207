"""The form of an entry: one JCS (RFC 8785) object, at most 65,535 bytes.

    {"actor":…,"facts":{…},"id":…,"kind":…,"seq":…,"tenant":…,"time":…,"v":1}

Its bytes are what is hashed, so they must be the same whoever writes them. Evolution: a reader refuses a `v` that it
does not know; a new member means a new `v`; what `facts` holds belongs to each `kind`. Pure.
"""

from typing import Any

import msgspec

from remit.audit.tiles import MAX_ENTRY
from remit.terms import EntryDraft, InvalidInput, canonical

VERSION = 1


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry with its number."""

    actor: str
    facts: dict[str, Any]
    id: str
    kind: str
    seq: int
    tenant: str
    time: int  # milliseconds since the epoch
    v: int


_decoder = msgspec.json.Decoder(Entry)
_encode = msgspec.json.Encoder().encode


def encode_entry(seq: int, draft: EntryDraft) -> bytes:
    """The entry's canonical bytes. Raises `InvalidInput` for facts without a canonical form or too many of them."""
    entry = Entry(
        actor=draft.actor,
        facts=draft.facts,  # type: ignore[arg-type]  # `Facts` are written as the object that they are read as
        id=draft.id,
        kind=draft.kind,
        seq=seq,
        tenant=draft.tenant,
        time=draft.time,
        v=VERSION,
    )
    data = canonical(msgspec.structs.asdict(entry)) if isinstance(draft.facts, dict) else _encode(entry)
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
    if canonical(msgspec.structs.asdict(entry)) != data:
        raise InvalidInput("expected an entry in canonical form (RFC 8785)")
    return entry
