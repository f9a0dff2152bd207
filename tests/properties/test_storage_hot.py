"""Hot state is what the database says, after whatever sequence of commits, conflicts, failures and restarts."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.conformance.storage.contract import BRIEF, T, agent, brief, mission, put, reservation, write

from remit.audit.entries import encode_entry
from remit.keys import KeyDirectory
from remit.storage import Store
from remit.terms import AgentId, Conflict, InvalidInput, Kind, MissionId, Unavailable, Write

NAMES = st.sampled_from("abc")


class HotAndStored(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        self.keys = KeyDirectory.create(self.home / "keys")
        self.store = self.open()
        self.entries = 0
        self.agents: dict[str, int] = {}  # the model: versions that were acknowledged
        self.missions: dict[str, str | None] = {}
        self.calls: dict[str, str] = {}
        self.erased: set[str] = set()

    def open(self) -> Store:
        return Store(self.home / "remit.db", wrap=self.keys, encode=encode_entry, busy_ms=1)

    def draw(self, kind: str, name: str) -> tuple[Write, Callable[[], None]]:
        """A write that is due to be accepted, and what it makes of the model."""
        if kind == "agent":
            version = self.agents.get(name, 0) + 1
            return write(name, put(Kind.AGENT, agent(name, version))), lambda: self.agents.update({name: version})
        if kind == "mission" and name not in self.missions:
            parent = next(iter(self.missions), None)
            one = write(name, put(Kind.MISSION, mission(name, parent)), details=(brief(name),))
            return one, lambda: self.missions.update({name: parent})
        state = {None: "reserved", "reserved": "settled", "settled": "unknown", "unknown": "settled"}
        new = state[self.calls.get(name)]
        version = 1 if new == "reserved" else self.settled_version(name)
        one = write(name, put(Kind.RESERVATION, reservation(name, new, version)))
        return one, lambda: self.calls.update({name: new})

    def settled_version(self, name: str) -> int:
        found = self.store.reservation(T, name)
        assert found is not None
        return found.version + 1

    @rule(kind=st.sampled_from(["agent", "mission", "call"]), name=NAMES)
    def commit(self, kind: str, name: str) -> None:
        one, accepted = self.draw(kind, name)
        assert self.store.commit_blocking(one) == self.entries
        self.entries += 1
        accepted()

    @rule(names=st.lists(NAMES, min_size=1, max_size=8))
    def commit_together(self, names: list[str]) -> None:
        async def scenario() -> list[int]:
            versions = dict(self.agents)
            waiting = []
            for name in names:
                versions[name] = versions.get(name, 0) + 1
                one = write(name, put(Kind.AGENT, agent(name, versions[name])))
                waiting.append(asyncio.ensure_future(self.store.commit(one)))
            numbers = list(await asyncio.gather(*waiting))
            self.agents = versions
            return numbers

        assert asyncio.run(scenario()) == list(range(self.entries, self.entries + len(names)))
        self.entries += len(names)

    @rule(name=NAMES, wrong=st.sampled_from([-1, 1, 2]))
    def commit_over_another_version(self, name: str, wrong: int) -> None:
        version = self.agents.get(name, 0) + 1 + wrong
        try:
            self.store.commit_blocking(write(name, put(Kind.AGENT, agent(name, version))))
        except Conflict:
            return
        raise AssertionError("a write over another version was kept")

    @rule(kinds=st.lists(st.tuples(st.sampled_from(["agent", "mission", "call"]), NAMES), min_size=1, max_size=4))
    def commit_while_locked(self, kinds: list[tuple[str, str]]) -> None:
        other = sqlite3.connect(self.home / "remit.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        async def scenario() -> list[int | BaseException]:
            seen = set()
            waiting = []
            for kind, name in kinds:
                if (kind, name) not in seen:
                    seen.add((kind, name))
                    one, _ = self.draw(kind, name)
                    if all(isinstance(p.record.version, int) for p in one.puts):
                        waiting.append(self.store.commit(one))
            return list(await asyncio.gather(*waiting, return_exceptions=True))

        try:
            results = asyncio.run(scenario())
        finally:
            other.execute("ROLLBACK")
            other.close()
        assert all(isinstance(one, Unavailable | Conflict) for one in results), results

    @rule(name=NAMES)
    def commit_what_cannot_be_encoded(self, name: str) -> None:
        one, _ = self.draw("agent", name)
        entry = msgspec.structs.replace(one.entry, facts={"x": "\ud800"})
        try:
            self.store.commit_blocking(msgspec.structs.replace(one, entry=entry))
        except InvalidInput:
            return
        raise AssertionError("an entry without a canonical form was kept")

    @rule(name=NAMES)
    def erase(self, name: str) -> None:
        self.store.erase_blocking(T, name)
        if name in self.missions:
            self.erased.add(name)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = self.open()

    @invariant()
    def hot_is_the_model(self) -> None:
        if not hasattr(self, "store"):
            return
        assert {one.id: one.version for one in self.store.agents(T)} == self.agents
        assert {one.id: one.parent for one in self.store.missions(T)} == self.missions
        for name in self.missions:
            children = {one.id for one in self.store.children(T, MissionId(name))}
            assert children == {child for child, parent in self.missions.items() if parent == name}
            assert self.store.brief(T, MissionId(name)) == (None if name in self.erased else BRIEF)
        assert {name: self.state(name) for name in self.calls} == self.calls

    def state(self, name: str) -> str:
        found = self.store.reservation(T, name)
        assert found is not None
        return found.state

    @invariant()
    def the_database_is_the_model(self) -> None:
        if not hasattr(self, "store"):
            return
        bodies = self.store.entries(T, 0, 10_000)
        assert [msgspec.json.decode(body)["seq"] for body in bodies] == list(range(self.entries))
        for name in "abc":
            assert (self.store.agent(T, AgentId(name)) is not None) == (name in self.agents)
        with sqlite3.connect(self.home / "remit.db") as other:
            rows = other.execute("SELECT id, version FROM state WHERE kind = 'agent'").fetchall()
            assert dict(rows) == self.agents
        other.close()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.home)


TestHotAndStored = HotAndStored.TestCase
TestHotAndStored.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
