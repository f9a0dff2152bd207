"""Faults made for real: a killed process, a full disk, another program's lock."""

import asyncio
import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection
from tests.conformance.storage.contract import (
    INSTANCE,
    TOOL,
    T,
    agent,
    brief,
    called,
    mission,
    put,
    reservation,
    result,
    write,
)

from remit.audit.entries import encode_entry
from remit.keys import KeyDirectory
from remit.mediation.drafts import shelf
from remit.storage import Store, database
from remit.terms import AgentId, Conflict, InstanceId, Kind, MissionId, Unavailable, Write
from remit.terms.entries import Put

ROOT = Path(__file__).parents[3]


@pytest.fixture
def keys(tmp_path: Path) -> KeyDirectory:
    return KeyDirectory.create(tmp_path / "keys")


def opened(path: Path, keys: KeyDirectory) -> Store:
    return Store(path, wrap=keys, encode=encode_entry, busy_ms=50)


def run(script: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


UNDER_LOAD = r"""
import asyncio, os, sys
from pathlib import Path
from tests.conformance.storage.contract import *
from remit.audit.entries import encode_entry
from remit.keys import KeyDirectory

async def work(store, name):
    version = 0
    while True:
        version += 1
        decision = f"{name}-{version}"
        seq = await store.commit(write(decision, put(Kind.AGENT, agent(name, version)), details=(called(decision),)))
        os.write(1, f"{seq} {name} {version}\n".encode())

async def main():
    home = Path(sys.argv[1])
    store = Store(home / "remit.db", wrap=KeyDirectory.open(home / "keys"), encode=encode_entry)
    await asyncio.gather(*(work(store, f"a{n}") for n in range(16)))

asyncio.run(main())
"""


def test_every_acknowledged_commit_survives_a_kill_under_load(tmp_path: Path, keys: KeyDirectory) -> None:
    acknowledged: dict[int, tuple[str, int]] = {}
    for _ in range(2):  # the second run starts on what the first left
        process = run(
            UNDER_LOAD.replace("version = 0", "a = store.agent(T, AgentId(name)); version = a.version if a else 0"),
            str(tmp_path),
        )
        assert process.stdout is not None
        for _ in range(300):
            seq, name, version = process.stdout.readline().split()
            acknowledged[int(seq)] = (name, int(version))
        os.kill(process.pid, signal.SIGKILL)
        for line in process.stdout.read().split("\n")[:-1]:  # the kill may have cut the last line
            seq, name, version = line.split()
            acknowledged[int(seq)] = (name, int(version))
        process.wait()
        process.stdout.close()
    store = opened(tmp_path / "remit.db", keys)
    bodies = store.entries(T, 0, 1_000_000)
    assert [msgspec.json.decode(body)["seq"] for body in bodies] == list(range(len(bodies)))
    for number, (who, at) in acknowledged.items():
        assert msgspec.json.decode(bodies[number])["id"] == f"{who}-{at}"
        kept = store.agent(T, AgentId(who))
        assert kept is not None
        assert kept.version >= at
    latest = {name: 0 for name, _ in acknowledged.values()}
    for body in bodies:  # all of a write or nothing: the record is at the version of its last entry
        name, version = msgspec.json.decode(body)["id"].split("-")
        latest[name] = int(version)
    assert {name: found.version for name in latest if (found := store.agent(T, AgentId(name)))} == latest
    store.check()
    store.close()


FULL = """
import resource, signal, sys
from pathlib import Path
from tests.conformance.storage.contract import *
from remit.audit.entries import encode_entry
from remit.keys import KeyDirectory

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
home = Path(sys.argv[1])
store = Store(home / "remit.db", wrap=KeyDirectory.open(home / "keys"), encode=encode_entry)
store.commit_blocking(write("a", put(Kind.AGENT, agent("a"))))
size = sum(file.stat().st_size for file in home.glob("remit.db*"))
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200_000, resource.RLIM_INFINITY))

kept = 1
try:
    while True:
        name = f"d{kept}"
        more = write(name, put(Kind.AGENT, agent("a", kept + 1)), details=(called(name, text="x" * 20_000),))
        store.commit_blocking(more)
        kept += 1
except Unavailable as error:
    print("told:", error.message)
assert not store.healthy
found = store.agent(T, AgentId("a"))
assert found.version == kept, (found.version, kept)
for _ in range(3):
    try:
        store.commit_blocking(write("d", details=(called("d", text="x" * 200_000),)))
        raise SystemExit("a write was kept on a full disk")
    except Unavailable:
        pass
assert store.size(T) == kept

resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert store.commit_blocking(write("a", put(Kind.AGENT, agent("a", kept + 1)))) == kept
assert store.healthy
store.check()
store.close()
print("kept", kept + 1)
"""


def test_a_full_disk_denies_and_heals_by_itself(tmp_path: Path, keys: KeyDirectory) -> None:
    process = run(FULL, str(tmp_path))
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    told, kept = output.splitlines()
    assert "retry" in told
    store = opened(tmp_path / "remit.db", keys)
    assert store.size(T) == int(kept.split()[1])
    store.close()


def test_a_store_locked_by_another_program_fails_all_that_waits_and_heals(tmp_path: Path, keys: KeyDirectory) -> None:
    store = opened(tmp_path / "remit.db", keys)
    store.commit_blocking(write("a", put(Kind.AGENT, agent("a"))))
    store.commit_blocking(write("d", put(Kind.RESERVATION, reservation("d"))))
    other = sqlite3.connect(tmp_path / "remit.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def scenario() -> list[int | BaseException]:
        assert store.memory(T, InstanceId("i")).empty
        writes = [write("a", put(Kind.AGENT, agent("a", version)), time=5) for version in range(2, 40)]
        writes.append(write("m", put(Kind.MISSION, mission("m")), details=(brief(),)))
        settled = put(Kind.RESERVATION, reservation("d", "settled", 2))
        writes.append(write("d", settled, details=(result("d", "a word"),)))
        return await asyncio.gather(*(store.commit(one) for one in writes), return_exceptions=True)

    failed = asyncio.run(scenario())
    assert len(failed) == 40
    assert all(isinstance(one, Unavailable) for one in failed)
    assert "locked" in str(failed[0])
    assert (store.healthy, store.agent(T, AgentId("a"))) == (False, agent("a"))
    assert store.mission(T, MissionId("m")) is None
    assert store.brief(T, MissionId("m")) is None
    assert store.reservation(T, "d") == reservation("d")
    assert store.memory(T, InstanceId("i")).empty
    assert store.newest == 1

    other.execute("ROLLBACK")
    other.close()
    assert store.commit_blocking(write("a", put(Kind.AGENT, agent("a", 2)))) == 2
    assert (store.healthy, store.size(T)) == (True, 3)
    store.close()


def test_a_write_judged_on_a_lost_one_is_refused(tmp_path: Path, keys: KeyDirectory) -> None:
    store = opened(tmp_path / "remit.db", keys)
    other = sqlite3.connect(tmp_path / "remit.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        store.commit_blocking(write("a", put(Kind.AGENT, agent("a"))))
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(Conflict):
        store.commit_blocking(write("a", put(Kind.AGENT, agent("a", 2))))
    store.close()


def test_a_record_changed_beside_us_is_noticed_and_nothing_is_overwritten(tmp_path: Path, keys: KeyDirectory) -> None:
    store = opened(tmp_path / "remit.db", keys)
    store.commit_blocking(write("a", put(Kind.AGENT, agent("a"))))
    with sqlite3.connect(tmp_path / "remit.db") as other:
        other.execute("UPDATE state SET version = 7, body = replace(body, '\"version\":1', '\"version\":7')")
    other.close()
    with pytest.raises(Unavailable, match="beside this process"):
        store.commit_blocking(write("a", put(Kind.AGENT, agent("a", 2))))
    found = store.agent(T, AgentId("a"))
    assert found is not None
    assert found.version == 7
    assert store.size(T) == 1
    store.close()


class Gate:
    """A slow disk: holds a store's commits, which are waited for aside, until it is opened."""

    def __init__(self, store: Store) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()
        store._writer._aside = math.inf
        self._commit = store._writer._commit
        store._writer._commit = self._held  # type: ignore[assignment, method-assign]

    def _held(self, *what: Any) -> tuple[list[int], Exception | None]:
        self.reached.set()
        assert self.opened.wait(20)
        return self._commit(*what)


def test_a_full_queue_tells_to_retry_and_changes_nothing(
    tmp_path: Path, keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remit.storage.writer.QUEUE", 4)
    store = opened(tmp_path / "remit.db", keys)
    gate = Gate(store)

    async def scenario() -> None:
        first = asyncio.ensure_future(store.commit(write("a0", put(Kind.AGENT, agent("a0")))))
        await asyncio.to_thread(gate.reached.wait, 20)
        rest = [
            asyncio.ensure_future(store.commit(write(f"a{n}", put(Kind.AGENT, agent(f"a{n}"))))) for n in range(1, 5)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="retry"):
            await store.commit(write("b", put(Kind.AGENT, agent("b"))))
        assert store.agent(T, AgentId("b")) is None
        gate.opened.set()
        assert list(await asyncio.gather(first, *rest)) == [0, 1, 2, 3, 4]

    asyncio.run(scenario())
    assert store.commits == 2  # one for the first, one for the four that waited
    store.close()


def test_details_that_wait_are_bounded_by_their_size(
    tmp_path: Path, keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remit.storage.writer.QUEUE_BYTES", 1000)
    store = opened(tmp_path / "remit.db", keys)
    gate = Gate(store)

    async def scenario() -> None:
        first = asyncio.ensure_future(store.commit(write("a")))
        await asyncio.to_thread(gate.reached.wait, 20)
        second = asyncio.ensure_future(store.commit(write("b", details=(called("b", text="x" * 2000),))))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="retry"):
            await store.commit(write("c"))
        gate.opened.set()
        assert list(await asyncio.gather(first, second)) == [0, 1]
        assert await store.commit(write("c")) == 2

    asyncio.run(scenario())
    store.close()


def test_a_prompt_disk_is_waited_for_in_place_and_a_slow_one_aside(
    tmp_path: Path, keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    commit = database.commit

    def noted(connection: Connection) -> None:
        threads.append(threading.current_thread().name)
        commit(connection)

    monkeypatch.setattr("remit.storage.writer.database.commit", noted)
    store = opened(tmp_path / "remit.db", keys)

    async def committed_in() -> str:
        await store.commit(write("a"))
        return threads[-1]

    async def scenario() -> None:
        here = threading.current_thread().name
        assert await committed_in() == here
        monkeypatch.setattr("remit.storage.writer.PROMPT", 1e-9)  # any disk is too slow for that
        assert await committed_in() == here
        assert [await committed_in() for _ in range(5)] == ["remit-writer"] * 5
        monkeypatch.setattr("remit.storage.writer.PROMPT", 60.0)
        store._writer._aside = 0.0  # the time has passed
        assert [await committed_in() for _ in range(5)] == [here] * 5

    asyncio.run(scenario())
    assert store.size(T) == store.writes == 12
    store.close()


def test_a_caller_that_gives_up_does_not_undo_the_write(tmp_path: Path, keys: KeyDirectory) -> None:
    store = opened(tmp_path / "remit.db", keys)
    gate = Gate(store)

    async def scenario() -> None:
        given_up = asyncio.ensure_future(store.commit(write("a", put(Kind.AGENT, agent("a")))))
        await asyncio.to_thread(gate.reached.wait, 20)
        given_up.cancel()
        gate.opened.set()
        assert await store.commit(write("b")) == 1

    asyncio.run(scenario())
    assert store.agent(T, AgentId("a")) == agent("a")
    assert store.size(T) == 2
    store.close()


def test_what_an_instance_was_told_counts_before_it_is_durable(tmp_path: Path, keys: KeyDirectory) -> None:
    store = opened(tmp_path / "remit.db", keys)
    permitted = (put(Kind.INSTANCE, INSTANCE), put(Kind.RESERVATION, reservation("d")))
    store.commit_blocking(write("d", *permitted, details=(called("d"),)))
    gate = Gate(store)

    async def scenario() -> None:
        settled = put(Kind.RESERVATION, reservation("d", "settled", 2))
        waiting = asyncio.ensure_future(store.commit(write("d", settled, details=(result("d", "a word of it"),))))
        await asyncio.to_thread(gate.reached.wait, 20)
        assert not store.memory(T, InstanceId("i")).empty
        assert store.reservation(T, "d") == settled.record
        gate.opened.set()
        await waiting

    asyncio.run(scenario())
    store.close()


def test_settled_reservations_do_not_stay_in_memory(tmp_path: Path, keys: KeyDirectory) -> None:
    store = opened(tmp_path / "remit.db", keys)

    async def scenario() -> None:
        for state, version in (("reserved", 1), ("settled", 2)):
            puts = [put(Kind.RESERVATION, reservation(f"d{n}", state, version)) for n in range(300)]
            await asyncio.gather(*(store.commit(write(one.record.id, one)) for one in puts))

    asyncio.run(scenario())
    assert store._reservations.all(T) == ()
    assert store.reservation(T, "d7") == reservation("d7", "settled", 2)
    store.close()
    again = opened(tmp_path / "remit.db", keys)
    assert again._reservations.all(T) == ()
    again.close()


def test_the_same_record_twice_in_one_write_is_refused(tmp_path: Path, keys: KeyDirectory) -> None:
    store = opened(tmp_path / "remit.db", keys)
    twice = Write(
        entry=write("a").entry, puts=(put(Kind.AGENT, agent("a")), Put(kind=Kind.AGENT, record=agent("a"), expected=0))
    )
    with pytest.raises(Exception, match="each record once"):
        store.commit_blocking(twice)
    assert store.agents(T) == ()
    store.close()


def test_a_memory_that_was_told_what_was_not_kept_is_read_again(tmp_path: Path, keys: KeyDirectory) -> None:
    store = opened(tmp_path / "remit.db", keys)
    store.commit_blocking(write("d", put(Kind.RESERVATION, reservation("d"))))
    store.memory(T, InstanceId("i")).take_in(decision="d", tool=TOOL, arguments={}, content="a word", outside=True)
    with pytest.raises(Conflict):
        store.commit_blocking(write("d", put(Kind.RESERVATION, reservation("d", "settled", 3))))
    assert store.memory(T, InstanceId("i")).empty
    store.close()


def test_an_instance_remembers_calls_outside_of_missions(tmp_path: Path, keys: KeyDirectory) -> None:
    store = opened(tmp_path / "remit.db", keys)
    store.commit_blocking(write("d", put(Kind.INSTANCE, INSTANCE), put(Kind.RESERVATION, reservation("d", mission=""))))
    settled = put(Kind.RESERVATION, reservation("d", "settled", 2, mission=""))
    store.commit_blocking(write("d", settled, details=(result("d", "a word", shelf("", "i")),)))
    memory = store.memory(T, InstanceId("i"))
    assert not memory.empty
    assert not memory.gaps
    store.close()


def test_only_as_much_is_remembered_as_memory_may_hold(
    tmp_path: Path, keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remit.storage.recall.CALLS", 3)
    store = opened(tmp_path / "remit.db", keys)
    store.commit_blocking(write("i", put(Kind.INSTANCE, INSTANCE)))
    for number in range(5):
        name = f"d{number}"
        store.commit_blocking(write(name, put(Kind.RESERVATION, reservation(name))))
        settled = put(Kind.RESERVATION, reservation(name, "settled", 2))
        store.commit_blocking(write(name, settled, details=(result(name, f"word{number}"),)))
        assert store.memory(T, InstanceId("i")).gaps == (number > 2)
        store._memories.clear()
    store.close()


@pytest.mark.parametrize("every", [100_000, 1_000_000_000])  # bytes between the side thread's turns: often, never
def test_the_write_ahead_log_stays_bounded_under_load(
    tmp_path: Path, keys: KeyDirectory, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    monkeypatch.setattr("remit.storage.checkpoint.EVERY", every)
    monkeypatch.setattr("remit.storage.checkpoint.LARGE", 50)
    store = opened(tmp_path / "remit.db", keys)

    async def scenario() -> None:
        for turn in range(60):
            writes = (write(f"d{turn}-{n}", details=(called(f"d{turn}-{n}", text="x" * 20_000),)) for n in range(10))
            await asyncio.gather(*(store.commit(one) for one in writes))

    asyncio.run(scenario())
    written = (tmp_path / "remit.db").stat().st_size
    assert written > 5_000_000  # of 12 MB: copied while the store was open
    assert (tmp_path / "remit.db-wal").stat().st_size < 8_000_000
    store.close()
