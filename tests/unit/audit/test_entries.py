"""The form of entries and commitments."""

import enum
import hashlib
from typing import Any

import pytest

from remit.audit import Entry, commit, decode_entry, encode_entry, opens
from remit.audit.tiles import MAX_ENTRY
from remit.terms import DEFAULT_TENANT, EntryDraft, InvalidInput


class Colour(enum.StrEnum):
    RED = "red"


def draft(facts: dict[str, Any], **changes: Any) -> EntryDraft:
    fields: dict[str, Any] = {
        "tenant": DEFAULT_TENANT,
        "kind": "decision.made",
        "id": "d1",
        "time": 1,
        "actor": "agent:a",
        "facts": facts,
    }
    return EntryDraft(**(fields | changes))


def test_an_entry_is_canonical_json_with_its_number() -> None:
    data = encode_entry(7, draft({"b": [1, None, True], "a": Colour.RED}))
    assert data == (
        b'{"actor":"agent:a","facts":{"a":"red","b":[1,null,true]},"id":"d1","kind":"decision.made",'
        b'"seq":7,"tenant":"default","time":1,"v":1}'
    )
    entry = decode_entry(data)
    assert entry == Entry(
        actor="agent:a",
        facts={"a": "red", "b": [1, None, True]},
        id="d1",
        kind="decision.made",
        seq=7,
        tenant="default",
        time=1,
        v=1,
    )


def test_names_beyond_ascii_are_sorted_by_utf_16_units() -> None:
    data = encode_entry(0, draft({"\ufb33": 1, "\U0001f600": 2}))  # RFC 8785 section 3.2.3's own example of the two
    assert data.index("\U0001f600".encode()) < data.index("\ufb33".encode())


def test_an_entry_that_no_bundle_can_hold_is_refused() -> None:
    room = MAX_ENTRY - len(encode_entry(0, draft({"a": ""})))
    assert len(encode_entry(0, draft({"a": "x" * room}))) == MAX_ENTRY
    with pytest.raises(InvalidInput, match="65535"):
        encode_entry(0, draft({"a": "x" * (room + 1)}))


NESTED: Any = []
for _ in range(100):
    NESTED = [NESTED]


@pytest.mark.parametrize(
    "value", ["\ud800", {"\ud800": 1}, 2**53, -(2**53), float("nan"), 2.0**53, {1: 2}, b"x", object(), NESTED]
)
def test_facts_without_one_canonical_form_are_refused(value: Any) -> None:
    with pytest.raises(InvalidInput):
        encode_entry(0, draft({"a": value}))


def test_fields_without_one_canonical_form_are_refused() -> None:
    for changes in ({"actor": "\ud800"}, {"time": 2**53}):
        with pytest.raises(InvalidInput):
            encode_entry(0, draft({}, **changes))


GOOD = encode_entry(0, draft({"a": 1}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        GOOD[:-1],
        GOOD + b" ",
        GOOD.replace(b'"v":1', b'"v":2'),
        GOOD.replace(b'"a":1', b'"a":1,"a":1'),
        GOOD.replace(b'"a":1', b'"a":1.0'),
        GOOD.replace(b'"a":1', b'"a":99999999999999999999'),
        GOOD.replace(b'"a":1', b'"a":' + b"[" * 20_000),
        GOOD.replace(b'"seq":0', b'"seq":"0"'),
        GOOD.replace(b'"v":1', b'"v":1,"w":1'),
        GOOD.replace(b'"d1"', b'"\\u0064"'),
        GOOD.replace(b'"d1"', b'"\xed\xa0\x80"'),
    ],
)
def test_bytes_that_encode_entry_would_not_write_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode_entry(data)


def test_a_commitment_opens_only_with_its_salt_and_text() -> None:
    salt = bytes(range(32))
    made = commit(salt, b"Hi There")
    assert made == hashlib.sha256(salt + b"Hi There").hexdigest()
    assert opens(made, salt, b"Hi There")
    assert not opens(made, salt, b"Hi there")
    assert not opens(made, bytes(32), b"Hi There")
    assert not opens("\ud800ü", salt, b"Hi There")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_no_byte_moves_between_salt_and_text(length: int) -> None:
    with pytest.raises(InvalidInput, match="salt of 32 bytes"):
        commit(bytes(length), b"text")
