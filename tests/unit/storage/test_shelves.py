"""Texts lie in the order of the log, and a mission's are found by the blocks of it in which it has some."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.conformance.storage.contract import BRIEF, OTHER, T, brief, called, ledger, put, reservation, result, write

from remit.audit.entries import encode_entry
from remit.keys import KeyDirectory
from remit.storage import Store, migrate
from remit.storage.database import writing
from remit.storage.details import _context, sealed_for
from remit.storage.schema import BLOCK, PLACES
from remit.terms import Detail, DetailKind, EntryDraft, InvalidInput, Kind, MissionId, Refused, TenantId, Write
from remit.terms.entries import CAUSES

OUTSIDE = "instance:i"
CALL = DetailKind.CALL


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    return KeyDirectory.create(tmp_path / "keys")


@pytest.fixture
def store(tmp_path: Path, keys: KeyDirectory) -> Iterator[Store]:
    store = Store(tmp_path / "remit.db", wrap=keys, encode=encode_entry)
    yield store
    store.close()


def decided(name: str, shelf: str, time: int, tenant: TenantId = T) -> Write:
    entry = EntryDraft(tenant=tenant, kind="decision.made", id=name, time=time, actor="remit", facts={})
    return Write(entry=entry, details=(called(name, shelf),))


def rows(store: Store, text: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(store.path) as other:
        found = other.execute(text).fetchall()
    other.close()
    return found


def test_an_erasure_reaches_every_block_and_nobody_elses_texts(store: Store) -> None:
    names = [f"d{number}" for number in range(3 * BLOCK)]

    async def fill() -> None:
        for start in range(0, len(names), 256):
            writes = [decided(name, "mn"[at % 2], 1) for at, name in enumerate(names[start : start + 256])]
            await asyncio.gather(*[store.commit(one) for one in writes])

    asyncio.run(fill())
    store.commit_blocking(decided("d0", "m", 1, OTHER))
    assert rows(store, "SELECT mission, block FROM shelf WHERE tenant = 'default'") == [
        (mission, block) for mission in "mn" for block in range(3)
    ]
    store.erase_blocking(T, "m")
    assert rows(store, "SELECT mission, count(*) FROM detail GROUP BY mission") == [("m", 1), ("n", 3 * BLOCK // 2)]
    assert store.detail(OTHER, "m", "d0", CALL) is not None
    assert store.detail(T, "n", names[-1], CALL) is not None
    assert not rows(store, "SELECT * FROM shelf WHERE tenant = 'default' AND mission = 'm'")


def test_a_shelf_that_goes_on_after_an_erasure_is_found_by_the_next(store: Store) -> None:
    for name in ("d1", "d2"):
        store.commit_blocking(decided(name, OUTSIDE, 1))
        assert store.detail(T, OUTSIDE, name, CALL) is not None
        store.erase_blocking(T, OUTSIDE)
        assert store.detail(T, OUTSIDE, name, CALL) is None
    assert not rows(store, "SELECT * FROM detail")


def test_of_shelves_without_end_only_what_was_decided_before_is_old(store: Store) -> None:
    for name, time in (("d1", 10), ("d2", 20)):
        store.commit_blocking(decided(name, OUTSIDE, time))
    store.commit_blocking(decided("d3", "m", 20))
    store.commit_blocking(write("d1", details=(result("d1", "late", OUTSIDE),), time=30))
    assert [store.old_shelves(T, before) for before in (10, 11, 99)] == [[], [OUTSIDE], [OUTSIDE]]
    assert store.old_shelves(OTHER, 99) == []
    store.erase_blocking(T, OUTSIDE, 15)
    assert store.old_shelves(T, 15) == []
    assert store.detail(T, OUTSIDE, "d1", CALL) is store.detail(T, OUTSIDE, "d1", DetailKind.RESULT) is None
    assert store.detail(T, OUTSIDE, "d2", CALL) is not None
    store.erase_blocking(T, OUTSIDE, 99)
    assert rows(store, "SELECT mission FROM shelf") == [("m",)]


def test_a_detail_belongs_to_what_its_entry_is_about(store: Store) -> None:
    with pytest.raises(InvalidInput, match="what the entry is about"):
        store.commit_blocking(write("a", details=(called("b"),)))
    with pytest.raises(InvalidInput, match="one detail"):
        store.commit_blocking(write("a", details=(called("a"), result("a", "b"))))


def test_a_reservation_stands_with_its_decision_until_its_outcome(tmp_path: Path, keys: KeyDirectory) -> None:
    store = Store(tmp_path / "remit.db", wrap=keys, encode=encode_entry)
    store.commit_blocking(write("d", put(Kind.RESERVATION, reservation("d"))))
    assert not rows(store, "SELECT * FROM state")
    store.close()
    store = Store(tmp_path / "remit.db", wrap=keys, encode=encode_entry)
    assert store.reservation(T, "d") == reservation("d")
    assert store.reservation(OTHER, "d") is None
    store.commit_blocking(write("d", put(Kind.RESERVATION, reservation("d", "settled", 2))))
    assert store.reservation(T, "d") == reservation("d", "settled", 2)
    store.close()


def test_a_store_of_the_third_schema_keeps_its_entries_and_texts(tmp_path: Path, keys: KeyDirectory) -> None:
    path = tmp_path / "remit.db"
    path.touch(0o600)
    engine = writing(path, 1000)
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    cause = Detail(mission=f"{CAUSES}mission:m", owner="m", kind=DetailKind.CAUSE, body=b"{}")
    derived = Detail(mission="n", owner="n", kind=DetailKind.BRIEF, body=brief().body)
    details = [
        brief(),
        called("d2"),
        called("d1", OUTSIDE),
        result("d1", "a", OUTSIDE),
        cause,
        result("d2", "b"),
        derived,
    ]
    entries = [
        *[(T, "mission.opened", "m"), (T, "decision.made", "d1"), (T, "outcome.attested", "d1")],
        *[(T, "decision.made", "d2"), (T, "outcome.attested", "d2"), (T, "mission.erased", "m")],
        (T, "mission.derived", "n"),
        (OTHER, "decision.made", "d1"),
    ]
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for seq, (tenant, kind, name) in enumerate(entries):
            row = (tenant, seq % 7, kind, name, 7 + seq, name.encode())
            connection.exec_driver_sql("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", row)
        for mission in {one.mission for one in details}:
            wrapped = keys.wrap(b"k" * 32, _context((T, mission)))
            connection.exec_driver_sql("INSERT INTO mission_key VALUES (?, ?, ?)", (T, mission, wrapped))
        for one in details:
            owner, nonce, kind = (T, one.mission), b"n" * 12, one.kind.value
            sealed = AESGCM(b"k" * 32).encrypt(nonce, one.body, sealed_for(owner, one.owner, kind))
            connection.exec_driver_sql(
                "INSERT INTO detail VALUES (?, ?, ?, ?, ?, ?)", (*owner, one.owner, kind, nonce, sealed)
            )
        held = (T, "reservation", "d1", 1, 0, 1, 0, "", msgspec.json.encode(reservation("d1")))
        connection.exec_driver_sql("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", held)
        for name in ("m", "agent:a@1970-01-01"):
            spent = (T, "ledger", name, 1, 0, 1, name == "m", "", msgspec.json.encode(ledger(name)))
            connection.exec_driver_sql("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", spent)
    engine.dispose()
    store = Store(path, wrap=keys, encode=encode_entry)
    assert store.entries(T, 0, 9) == [name.encode() for _, _, name in entries[:7]]
    assert (store.entry_of(T, "d1"), store.entry_of(OTHER, "d1")) == ([(1, b"d1"), (2, b"d1")], [(0, b"d1")])
    assert (store.last_time(T), store.last_time(OTHER)) == (13, 14)
    assert rows(store, "SELECT number, name FROM tenant") == [(0, T), (1, OTHER)]
    assert rows(store, "SELECT place FROM entry ORDER BY place DESC LIMIT 1") == [(PLACES,)]
    assert store.brief(T, MissionId("m")) == store.brief(T, MissionId("n")) == BRIEF
    for one in details:
        assert store.detail(T, one.mission, one.owner, one.kind) == one.body
    assert store.reservation(T, "d1") == reservation("d1")
    assert store.old_shelves(T, 9) == [OUTSIDE]
    assert store._ledgers.all(T) == (ledger("m"),)
    assert store.ledger(T, MissionId("agent:a@1970-01-01")) == ledger("agent:a@1970-01-01")
    store.commit_blocking(write("m", put(Kind.LEDGER, ledger("m", 2))))
    store.commit_blocking(write("d1", put(Kind.RESERVATION, reservation("d1", "settled", 2))))
    store.erase_blocking(T, "m")
    assert [store.detail(T, one.mission, one.owner, one.kind) is None for one in details] == [1, 1, 0, 0, 0, 1, 0]
    store.close()


def test_a_text_without_an_entry_stops_the_upgrade_and_nothing_is_changed(tmp_path: Path, keys: KeyDirectory) -> None:
    path = tmp_path / "remit.db"
    path.touch(0o600)
    engine = writing(path, 1000)
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        connection.exec_driver_sql("INSERT INTO entry VALUES (?, 0, 'decision.made', 'd', 7, ?)", (T, b"d"))
        connection.exec_driver_sql("INSERT INTO detail VALUES (?, 'm', 'x', 'call', ?, ?)", (T, b"n" * 12, b"sealed"))
    with pytest.raises(Refused, match="1 texts belong to no entry"):
        Store(path, wrap=keys, encode=encode_entry)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT owner FROM detail").scalar() == "x"
        assert migrate.found(connection) == "0003"
    engine.dispose()
