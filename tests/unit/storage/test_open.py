import os
import sqlite3
from pathlib import Path

import msgspec
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from tests.conformance.storage.contract import T, agent, called, mission, put, reservation, write

from remit.audit.entries import encode_entry
from remit.keys import KeyDirectory
from remit.storage import Store, migrate, read_only
from remit.storage.database import reading, writing
from remit.storage.schema import VERSION_TABLE, metadata
from remit.terms import Conflict, DetailKind, Kind, RemitError, Unavailable


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    return KeyDirectory.create(tmp_path / "keys")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "remit.db"


def refused(path: Path, keys: KeyDirectory) -> str:
    """Why the store does not open."""
    with pytest.raises(RemitError) as caught:
        Store(path, wrap=keys, encode=encode_entry).close()
    assert caught.value.code in ("remit.refused", "remit.unavailable")
    return caught.value.message


def made(path: Path, keys: KeyDirectory) -> Path:
    store = Store(path, wrap=keys, encode=encode_entry)
    for number in range(50):
        name = f"a{number}"
        store.commit_blocking(write(name, put(Kind.AGENT, agent(name)), details=(called(name, text="x" * 500),)))
    store.close()
    return path


def test_files_are_their_owners_alone(path: Path, keys: KeyDirectory) -> None:
    before = os.umask(0)
    try:
        store = Store(path, wrap=keys, encode=encode_entry)
        store.commit_blocking(write("a"))
        modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.glob("remit.db*")}
        store.close()
    finally:
        os.umask(before)
    assert set(modes) == {"remit.db", "remit.db-wal", "remit.db-shm"}
    assert set(modes.values()) == {0o600}
    assert [file.name for file in path.parent.glob("remit.db*")] == ["remit.db"]


def test_no_directory_is_refused_with_the_command_that_makes_it(tmp_path: Path, keys: KeyDirectory) -> None:
    assert "remit init" in refused(tmp_path / "none" / "remit.db", keys)


def test_a_directory_in_its_place_is_refused(path: Path, keys: KeyDirectory) -> None:
    path.mkdir()
    assert "check its owner" in refused(path, keys)


def test_a_file_that_others_may_read_is_refused(path: Path, keys: KeyDirectory) -> None:
    made(path, keys).chmod(0o644)
    assert "chmod 600" in refused(path, keys)


def test_something_else_than_a_database_is_refused(path: Path, keys: KeyDirectory) -> None:
    path.write_bytes(b"#!/bin/sh\necho hello, I am no database\n" * 100)
    path.chmod(0o600)
    assert "backup" in refused(path, keys)


def test_anothers_database_is_refused_and_left_as_it_is(path: Path, keys: KeyDirectory) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    path.chmod(0o600)
    before = path.read_bytes()
    assert "other tables" in refused(path, keys)
    assert path.read_bytes() == before


def test_a_damaged_page_is_refused(path: Path, keys: KeyDirectory) -> None:
    body = bytearray(made(path, keys).read_bytes())
    for page in range(4096, len(body), 4096):
        body[page : page + 64] = b"\xa5" * 64
    path.write_bytes(body)
    assert "damaged" in refused(path, keys)


def test_a_truncated_database_is_refused(path: Path, keys: KeyDirectory) -> None:
    body = made(path, keys).read_bytes()
    path.write_bytes(body[: len(body) // 2 // 4096 * 4096])
    assert "damaged" in refused(path, keys)


def test_a_newer_schema_is_refused_and_left_as_it_is(path: Path, keys: KeyDirectory) -> None:
    with sqlite3.connect(made(path, keys)) as other:
        other.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    other.close()
    message = refused(path, keys)
    assert "'9999'" in message
    assert "newer Remit" in message
    with pytest.raises(RemitError, match="newer Remit"):
        read_only(path)


def test_a_record_that_cannot_be_read_is_refused(path: Path, keys: KeyDirectory) -> None:
    with sqlite3.connect(made(path, keys)) as other:
        other.execute("UPDATE state SET body = x'7b7d' WHERE id = 'a7'")
    other.close()
    assert "a stored agent cannot be read" in refused(path, keys)


def test_the_migrations_make_exactly_the_tables_of_the_schema(path: Path, keys: KeyDirectory) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]
    made(path, keys)
    engine = reading(path, 1000)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_a_store_of_the_first_schema_is_brought_to_this_one_with_all_that_it_holds(
    path: Path, keys: KeyDirectory
) -> None:
    made(path, keys)  # private, as a store has to be
    path.unlink()
    path.touch(0o600)
    engine = writing(path, 1000)
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    records = (agent("a", version=3), reservation("open"), reservation("settled", "settled", 2))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for seq, record in enumerate(records):
            kind = Kind.AGENT if seq == 0 else Kind.RESERVATION
            row = (T, kind.value, record.id, record.version, 0, seq, seq < 2, "" if seq == 0 else "i")
            body = msgspec.json.encode(record)
            connection.exec_driver_sql("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, body))
        connection.exec_driver_sql("INSERT INTO entry VALUES (?, 0, 'x', 'a', 1, X'')", (T,))
    engine.dispose()
    store = Store(path, wrap=keys, encode=encode_entry)
    assert store.agent(T, records[0].id) == records[0]
    assert store.reservation(T, "open") == records[1]
    assert store.reservation(T, "settled") == records[2]
    store.close()
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT id FROM state WHERE belongs = 'i'").fetchall() == [("settled",)]
        assert other.execute("SELECT id FROM state WHERE hot").fetchall() == [("a",)]
    other.close()


def test_a_detail_moved_to_another_place_is_not_read_there(path: Path, keys: KeyDirectory) -> None:
    with sqlite3.connect(made(path, keys)) as other:
        (first, second) = (f"(SELECT place FROM entry WHERE id = '{name}')" for name in ("a1", "a2"))
        other.execute(f"DELETE FROM detail WHERE place = {second}")
        other.execute(f"UPDATE detail SET place = {second} WHERE place = {first}")
    other.close()
    store = Store(path, wrap=keys, encode=encode_entry)
    with pytest.raises(Unavailable, match="was changed"):
        store.detail(T, "m", "a2", DetailKind.CALL)
    store.close()


def test_erased_text_and_its_key_are_in_no_file(path: Path, keys: KeyDirectory) -> None:
    store = Store(path, wrap=keys, encode=encode_entry)
    store.commit_blocking(write("d", details=(called("d", text="findme" * 100),)))
    with sqlite3.connect(path) as other:
        (wrapped,) = other.execute("SELECT wrapped FROM mission_key").fetchone()
        (body,) = other.execute("SELECT body FROM detail").fetchone()
    other.close()
    assert wrapped in _files(path)
    store.erase_blocking(T, "m")
    assert wrapped not in _files(path)
    assert body[:200] not in _files(path)
    assert b"findme" not in _files(path)
    store.close()


def test_the_log_is_read_beside_a_running_store_and_from_a_bare_copy(path: Path, keys: KeyDirectory) -> None:
    store = Store(path, wrap=keys, encode=encode_entry)
    store.commit_blocking(write("a"))
    log = read_only(path)
    assert log.entries(T, 0, 9) == store.entries(T, 0, 9)
    store.commit_blocking(write("b"))
    assert (log.size(T), log.tenants()) == (2, [T])
    log.close()
    store.close()
    copy = path.parent / "copy"
    copy.mkdir()
    (copy / "remit.db").write_bytes(path.read_bytes())
    copy.chmod(0o500)
    (copy / "remit.db").chmod(0o400)
    bare = read_only(copy / "remit.db")
    assert bare.size(T) == 2
    bare.close()


def test_there_is_nothing_to_read_where_no_store_is(tmp_path: Path) -> None:
    with pytest.raises(RemitError, match="no store"):
        read_only(tmp_path / "remit.db")
    (tmp_path / "remit.db").write_bytes(b"")
    with pytest.raises(RemitError, match="no store yet"):
        read_only(tmp_path / "remit.db")


def _files(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob("remit.db*"))


def test_a_start_reads_what_it_loads_and_not_the_calls_that_nobody_settled(path: Path, keys: KeyDirectory) -> None:
    store = Store(path, wrap=keys, encode=encode_entry)
    store.commit_blocking(write("a", put(Kind.AGENT, agent("a")), put(Kind.MISSION, mission("m"))))
    for number in range(40):
        store.commit_blocking(write("d", put(Kind.RESERVATION, reservation(f"d{number}"))))
    store.close()
    with sqlite3.connect(path) as other:
        plan = other.execute("EXPLAIN QUERY PLAN SELECT kind, body FROM state WHERE tenant = 'x' AND hot IS 1")
        assert ["state_hot" in step for *_, step in plan] == [True]
        assert other.execute("SELECT id FROM state WHERE hot ORDER BY id").fetchall() == [("a",), ("m",)]
    other.close()
    again = Store(path, wrap=keys, encode=encode_entry)
    assert again.reservation(T, "d7") == reservation("d7")
    again.close()


def test_calls_that_nobody_settles_leave_memory_and_can_be_settled_later(
    path: Path, keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remit.storage.passing.AWAITED", 10)
    store = Store(path, wrap=keys, encode=encode_entry)
    for number in range(30):
        store.commit_blocking(write("d", put(Kind.RESERVATION, reservation(f"d{number}"))))
    assert len(store._reservations.all(T)) <= 11
    store.commit_blocking(write("d", put(Kind.RESERVATION, reservation("d3", "settled", 2))))
    with pytest.raises(Conflict, match="is at version 2, not 1"):
        store.commit_blocking(write("d", put(Kind.RESERVATION, reservation("d3", "unknown", 2))))
    assert [store.reservation(T, name) for name in ("d2", "d3", "d29")] == [
        reservation("d2"),
        reservation("d3", "settled", 2),
        reservation("d29"),
    ]
    store.close()


def test_missions_beyond_those_whose_ciphers_are_kept_are_read_and_erased_all_the_same(
    path: Path, keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remit.storage.details.CIPHERS_KEPT", 2)
    store = Store(path, wrap=keys, encode=encode_entry)
    for turn in "xy":
        for number in range(5):
            one = called(f"d{turn}{number}", f"m{number}", path=turn)
            store.commit_blocking(write(one.owner, details=(one,)))
    store.erase_blocking(T, "m4")  # its cipher is kept
    store.erase_blocking(T, "m0")  # only its key is
    for mission_id in ("m0", "m4"):
        late = called("late", mission_id, path="late")
        store.commit_blocking(write("late", details=(late,)))
        assert store.detail(T, mission_id, "late", DetailKind.CALL) is None
        assert store.detail(T, mission_id, f"dx{mission_id[1]}", DetailKind.CALL) is None
    for number in (1, 2, 3):
        there = called(f"dx{number}", f"m{number}", path="x")
        assert store.detail(T, there.mission, there.owner, DetailKind.CALL) == there.body
    store.close()
