"""What every backend of the store owes: a suite to inherit from, and the values that it writes."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from remit.storage import Store
from remit.terms import (
    BOTTOM,
    DEFAULT_TENANT,
    Agent,
    AgentId,
    AgentState,
    Approval,
    ApprovalState,
    Authority,
    Bounds,
    Brief,
    Budget,
    Conflict,
    Detail,
    DetailKind,
    EntryDraft,
    Instance,
    InstanceId,
    InstanceState,
    InvalidInput,
    Kind,
    Mission,
    MissionId,
    MissionState,
    PurposeId,
    Put,
    ServerId,
    Spent,
    TokenRecord,
    TokenState,
    Tool,
    Unavailable,
    Voucher,
    VoucherKind,
    Write,
)
from remit.terms.entries import Ledger, Record, Reservation
from remit.terms.identity import TenantId

T = DEFAULT_TENANT
OTHER = TenantId("other")
Reopen = Callable[[], Store]


def draft(name: str = "a", time: int = 1, tenant: TenantId = T) -> EntryDraft:
    return EntryDraft(tenant=tenant, kind="agent.changed", id=name, time=time, actor="remit", facts={"n": 1})


def agent(name: str, version: int = 1, tenant: TenantId = T, cause: str = "") -> Agent:
    return Agent(
        tenant=tenant,
        id=AgentId(name),
        name=name,
        owner="greta",
        category="x",
        state=AgentState.ACTIVE,
        created=0,
        cause=cause,
        version=version,
    )


def mission(name: str, parent: str | None = None, tenant: TenantId = T) -> Mission:
    return Mission(
        tenant=tenant,
        id=MissionId(name),
        agent=AgentId("a"),
        subject="user:greta",
        purpose=PurposeId("p"),
        voucher=Voucher(kind=VoucherKind.PERSON, by="user:greta"),
        bounds=Bounds(),
        budget=Budget(),
        parent=None if parent is None else MissionId(parent),
        goal_commitment="00",
        authority_hash="00",
        state=MissionState.ACTIVE,
        opened=0,
        expires=10,
    )


def reservation(
    name: str, state: str = "reserved", version: int = 1, mission: str = "m", instance: str = "i"
) -> Record:
    return Reservation(
        tenant=T,
        id=name,
        mission=mission,
        agent="a",
        instance=instance,
        server="mail",
        tool="read",
        call_id=name,
        digest="00",
        reserved=Spent(calls=1),
        state=state,
        version=version,
    )


def token(name: str, state: TokenState = TokenState.MINTED, version: int = 1) -> TokenRecord:
    return TokenRecord(
        tenant=T,
        id=name,
        decision="d",
        digest="00",
        mission="m",
        agent="a",
        instance="i",
        server="mail",
        subject="user:greta",
        audience="mail",
        jkt=None,
        epoch=1,
        issued=0,
        expires=30_000,
        state=state,
        version=version,
    )


def approval(name: str, state: ApprovalState = ApprovalState.PENDING, version: int = 1) -> Approval:
    return Approval(
        tenant=T,
        id=name,
        decision="d",
        mission="m",
        agent="a",
        instance="i",
        tool="mail/read",
        call_id="c",
        digest="00",
        policy="p",
        evidence="",
        groups=("finance",),
        state=state,
        opened=1,
        expires=900_000,
        version=version,
    )


def ledger(name: str, version: int = 1) -> Ledger:
    return Ledger(tenant=T, id=name, spent=Spent(calls=1), version=version)


def put(kind: Kind, record: Record) -> Put:
    return Put(kind=kind, record=record, expected=record.version - 1)


def write(name: str, *puts: Put, details: tuple[Detail, ...] = (), time: int = 1, tenant: TenantId = T) -> Write:
    return Write(entry=draft(name, time, tenant), puts=puts, details=details)


def result(decision: str, content: str | None, mission: str = "m") -> Detail:
    body = msgspec.json.encode({"content": content, "outside": True})
    return Detail(mission=mission, owner=decision, kind=DetailKind.RESULT, body=body)


INSTANCE = Instance(tenant=T, id=InstanceId("i"), agent=AgentId("a"), state=InstanceState.ACTIVE, label=BOTTOM)


def called(decision: str, mission: str = "m", **arguments: str) -> Detail:
    body = msgspec.json.encode({"arguments": arguments})
    return Detail(mission=mission, owner=decision, kind=DetailKind.CALL, body=body)


BRIEF = Brief(goal="read the mail", authority=Authority(grants=(), compiler="c", hash="00"), salt="ff")


def brief(mission: str = "m") -> Detail:
    return Detail(mission=mission, owner=mission, kind=DetailKind.BRIEF, body=msgspec.json.encode(BRIEF))


TOOL = Tool(
    tenant=T, server=ServerId("mail"), name="read", description="", input_schema={}, definition_hash="", classes=()
)


class StoreContract:
    """Inherit, and define a fixture `reopen`: a function that closes the store it opened last and opens it again."""

    @pytest.fixture
    def store(self, reopen: Reopen) -> Store:
        return reopen()

    def test_numbers_entries_from_zero_without_gaps_in_each_tenant(self, store: Store) -> None:
        numbers = [store.commit_blocking(write(f"a{n}")) for n in range(5)]
        others = [store.commit_blocking(write(f"b{n}", tenant=OTHER)) for n in range(2)]
        assert numbers == [0, 1, 2, 3, 4]
        assert others == [0, 1]
        assert (store.size(T), store.size(OTHER), store.size(TenantId("none"))) == (5, 2, 0)
        assert sorted(store.tenants()) == [T, OTHER]

    def test_gives_entries_by_range_and_by_what_they_are_about(self, store: Store) -> None:
        for name in ("x", "y", "x"):
            store.commit_blocking(write(name))
        bodies = store.entries(T, 0, 10)
        assert len(bodies) == 3
        assert store.entries(T, 1, 2) == bodies[1:2] == store.read(T, 1, 2)
        assert store.entry_of(T, "x") == [(0, bodies[0]), (2, bodies[2])]
        assert store.entry_of(OTHER, "x") == []

    def test_keeps_records_over_a_restart(self, store: Store, reopen: Reopen) -> None:
        store.commit_blocking(write("a", put(Kind.AGENT, agent("a")), put(Kind.MISSION, mission("m"))))
        store.commit_blocking(write("a", put(Kind.AGENT, agent("a", version=2, cause="later"))))
        again = reopen()
        assert again.agent(T, AgentId("a")) == agent("a", version=2, cause="later")
        assert again.mission(T, MissionId("m")) == mission("m")
        assert again.size(T) == 2

    def test_refuses_another_version_with_nothing_changed(self, store: Store) -> None:
        store.commit_blocking(write("a", put(Kind.AGENT, agent("a"))))
        stale = write("a", put(Kind.MISSION, mission("m")), put(Kind.AGENT, agent("a")))
        with pytest.raises(Conflict, match="is at version 1, not 0"):
            store.commit_blocking(stale)
        assert store.mission(T, MissionId("m")) is None
        assert store.size(T) == 1

    def test_changes_hot_state_before_the_wait(self, store: Store) -> None:
        async def scenario() -> None:
            first = asyncio.ensure_future(store.commit(write("a", put(Kind.AGENT, agent("a")))))
            second = asyncio.ensure_future(store.commit(write("a", put(Kind.AGENT, agent("a", version=2)))))
            await asyncio.sleep(0)
            seen = store.agent(T, AgentId("a"))
            assert seen is not None
            assert seen.version == 2
            assert list(await asyncio.gather(first, second)) == [0, 1]

        asyncio.run(scenario())

    def test_commits_waiting_writes_in_groups(self, store: Store) -> None:
        async def scenario() -> list[int]:
            return list(await asyncio.gather(*(store.commit(write(f"a{n}")) for n in range(200))))

        before = store.commits
        assert sorted(asyncio.run(scenario())) == list(range(200))
        assert store.writes == 200
        assert store.commits - before < 100

    @pytest.mark.parametrize("many", [1, 3, 5, 37])
    def test_keeps_every_row_of_a_group_whatever_its_size(self, store: Store, reopen: Reopen, many: int) -> None:
        names = [f"a{number}" for number in range(many)]

        async def together() -> list[int]:
            writes = [write(name, put(Kind.AGENT, agent(name)), details=(called(name),)) for name in names]
            return await asyncio.gather(*[store.commit(one) for one in writes])

        assert asyncio.run(together()) == list(range(many))
        again = reopen()
        assert again.agents(T) == tuple(agent(name) for name in names)
        assert [msgspec.json.decode(body)["id"] for body in again.entries(T, 0, many)] == names
        assert all(again.detail(T, "m", name, DetailKind.CALL) == called(name).body for name in names)

    def test_a_group_with_a_record_of_another_version_is_not_kept(self, store: Store, reopen: Reopen) -> None:
        store.commit_blocking(write("old", put(Kind.AGENT, agent("old"))))

        async def together() -> list[object]:
            stale = msgspec.structs.replace(write("old", put(Kind.AGENT, agent("old", 3))), as_of=store.revision + 20)
            new = [write(f"a{number}", put(Kind.AGENT, agent(f"a{number}"))) for number in range(20)]
            return await asyncio.gather(*[store.commit(one) for one in (*new, stale)], return_exceptions=True)

        assert all(isinstance(one, Unavailable) for one in asyncio.run(together()))
        assert reopen().agents(T) == (agent("old"),)

    def test_keeps_tenants_apart(self, store: Store, reopen: Reopen) -> None:
        store.commit_blocking(write("a", put(Kind.AGENT, agent("a", cause="mine"))))
        store.commit_blocking(write("a", put(Kind.AGENT, agent("a", tenant=OTHER)), tenant=OTHER))
        again = reopen()
        assert [a.cause for a in again.agents(T)] == ["mine"]
        assert [a.cause for a in again.agents(OTHER)] == [""]
        with pytest.raises(InvalidInput, match="of the entry's tenant"):
            again.commit_blocking(write("a", put(Kind.AGENT, agent("b", tenant=OTHER))))

    def test_lists_by_group(self, store: Store, reopen: Reopen) -> None:
        puts = [
            put(Kind.MISSION, mission("m")),
            put(Kind.MISSION, mission("n", parent="m")),
            put(Kind.TOOL, TOOL),
            put(Kind.RESERVATION, reservation("d1")),
            put(Kind.RESERVATION, reservation("d2")),
        ]
        store.commit_blocking(write("a", *puts))
        store.commit_blocking(write("a", put(Kind.RESERVATION, reservation("d1", "settled", 2))))
        for each in (store, reopen()):
            assert [m.id for m in each.children(T, MissionId("m"))] == ["n"]
            assert each.tools(T, ServerId("mail")) == (TOOL,) == each.tools(T)
            assert (each.reservation(T, "d1"), each.reservation(T, "d2")) == (
                reservation("d1", "settled", 2),
                reservation("d2"),
            )

    def test_reads_settled_reservations_through_and_holds_their_versions(self, store: Store) -> None:
        store.commit_blocking(write("d", put(Kind.RESERVATION, reservation("d"))))
        store.commit_blocking(write("d", put(Kind.RESERVATION, reservation("d", "settled", 2))))
        assert store.reservation(T, "d") == reservation("d", "settled", 2)
        with pytest.raises(Conflict, match="is at version 2, not 1"):
            store.commit_blocking(write("d", put(Kind.RESERVATION, reservation("d", "unknown", 2))))
        assert store.reservation(T, "none") is None

    def test_decrypts_details_and_keeps_none_of_their_text_in_entries(self, store: Store, reopen: Reopen) -> None:
        store.commit_blocking(write("m", put(Kind.MISSION, mission("m")), details=(brief(),)))
        store.commit_blocking(write("d", details=(called("d", to="kim"),)))
        again = reopen()
        assert again.brief(T, MissionId("m")) == BRIEF
        assert again.detail(T, "m", "d", DetailKind.CALL) == called("d", to="kim").body
        assert again.detail(T, "n", "d", DetailKind.CALL) is None
        assert again.detail(OTHER, "m", "d", DetailKind.CALL) is None
        assert b"kim" not in b"".join(again.entries(T, 0, 9))

    def test_erases_a_mission_and_leaves_its_entries(self, store: Store, reopen: Reopen) -> None:
        store.commit_blocking(write("m", put(Kind.MISSION, mission("m")), details=(brief(),)))
        for mission_id in ("m", "n"):
            store.commit_blocking(write("d", details=(called("d", mission=mission_id),)))
        entries = store.entries(T, 0, 9)
        store.erase_blocking(T, "m")
        for each in (store, reopen()):
            assert each.brief(T, MissionId("m")) is None
            assert each.detail(T, "m", "d", DetailKind.CALL) is None
            assert each.detail(T, "n", "d", DetailKind.CALL) is not None
            assert each.entries(T, 0, 9) == entries

    def test_remembers_what_an_instance_was_told_over_a_restart(self, store: Store, reopen: Reopen) -> None:
        instance = Instance(tenant=T, id=InstanceId("i"), agent=AgentId("a"), state=InstanceState.ACTIVE, label=BOTTOM)
        store.commit_blocking(write("i", put(Kind.INSTANCE, instance)))
        told = write(
            "d",
            put(Kind.RESERVATION, reservation("d", "settled", 2)),
            details=(result("d", "the invoice number is QX-4411"),),
        )
        store.commit_blocking(write("d", put(Kind.RESERVATION, reservation("d")), details=(called("d", box="in"),)))
        store.commit_blocking(told)
        again = reopen()
        memory = again.memory(T, InstanceId("i"))
        assert not memory.empty
        assert not memory.gaps
        assert again.memory(T, InstanceId("i")) is memory
        assert again.memory(T, InstanceId("another")).empty
        again.erase_blocking(T, "m")
        assert again.memory(T, InstanceId("i")).gaps  # what it saw is unknown now, not nothing

    def test_one_write_that_cannot_be_encoded_fails_alone_and_what_was_judged_on_it(self, store: Store) -> None:
        bad = Write(
            entry=EntryDraft(tenant=T, kind="k", id="b", time=1, actor="remit", facts={"x": "\ud800"}),
            puts=(put(Kind.AGENT, agent("b")),),
        )

        async def scenario() -> list[int | BaseException]:
            writes = (write("a", put(Kind.AGENT, agent("a"))), bad, write("c", put(Kind.AGENT, agent("c"))))
            return await asyncio.gather(*(store.commit(one) for one in writes), return_exceptions=True)

        first, second, third = asyncio.run(scenario())
        assert first == 0
        assert isinstance(second, InvalidInput)
        assert isinstance(third, Unavailable)
        assert [one.id for one in store.agents(T)] == ["a"]
        assert store.commit_blocking(write("d", put(Kind.AGENT, agent("b")))) == 1

    def test_compares_whatever_was_read_before_the_latest_change(self, store: Store) -> None:
        store.commit_blocking(write("a", put(Kind.AGENT, agent("a"))))
        read = store.revision
        stale = msgspec.structs.replace(write("a", put(Kind.AGENT, agent("a"))), as_of=read)
        store.commit_blocking(write("b", put(Kind.AGENT, agent("b"))))
        with pytest.raises(Conflict, match="is at version 1, not 0"):
            store.commit_blocking(stale)
        good = write("a", put(Kind.AGENT, agent("a", version=2)))
        assert store.commit_blocking(msgspec.structs.replace(good, as_of=store.revision)) == 2
        assert store.revision != read

    def test_never_replaces_another_version_than_a_write_says_whatever_it_says_it_read(self, store: Store) -> None:
        store.commit_blocking(write("a", put(Kind.AGENT, agent("a"))))
        wrong = msgspec.structs.replace(write("a", put(Kind.AGENT, agent("a"))), as_of=store.revision)
        with pytest.raises(Unavailable, match="changed beside"):
            store.commit_blocking(wrong)
        assert store.agent(T, AgentId("a")) == agent("a")

    def test_compares_what_was_read_and_is_not_written(self, store: Store) -> None:
        store.commit_blocking(write("a", put(Kind.AGENT, agent("a"))))
        for expected in ((Kind.AGENT, "a", 2), (Kind.AGENT, "a", 0), (Kind.AGENT, "b", 1), (Kind.TENANT, "tenant", 1)):
            stale = msgspec.structs.replace(write("m", put(Kind.MISSION, mission("m"))), expects=(expected,))
            with pytest.raises(Conflict, match="read it again"):
                store.commit_blocking(stale)
        assert store.mission(T, MissionId("m")) is None
        fresh = ((Kind.AGENT, "a", 1), (Kind.TENANT, "tenant", 0))
        kept = msgspec.structs.replace(write("m", put(Kind.MISSION, mission("m"))), expects=fresh)
        assert store.commit_blocking(kept) == 1

    def test_raises_its_epoch_for_good_from_the_time_and_always(self, store: Store, reopen: Reopen) -> None:
        now = 1_790_000_000_000
        assert store.epoch < store.raise_epoch(now) == store.epoch == now
        again = reopen()
        assert again.epoch == now
        assert again.raise_epoch(now - 5000) == now + 1, "it rises also when the clock was set back"

    def test_keeps_approvals_in_memory_while_they_may_be_used_and_reads_the_others(
        self, store: Store, reopen: Reopen
    ) -> None:
        for name in ("a_1", "a_2", "a_3", "a_4"):
            store.commit_blocking(write(name, put(Kind.APPROVAL, approval(name))))
        over = (("a_1", ApprovalState.CONSUMED), ("a_2", ApprovalState.DENIED), ("a_3", ApprovalState.CANCELLED))
        for name, state in over:
            store.commit_blocking(write(name, put(Kind.APPROVAL, approval(name, state, 2))))
        openings: tuple[Reopen, ...] = (lambda: store, reopen)
        for find in openings:
            each = find()
            assert [one.id for one in each._approvals.all(T)] == ["a_4"]
            for name, state in over:
                assert each.approval(T, name) == approval(name, state, 2)
                assert each.approvals(T, state) == (approval(name, state, 2),)
                with pytest.raises(Conflict, match="is at version 2, not 1"):
                    each.commit_blocking(write(name, put(Kind.APPROVAL, approval(name, ApprovalState.CONSUMED, 2))))
            assert [one.id for one in each.approvals(T)] == ["a_1", "a_2", "a_3", "a_4"]
            assert each.approvals(T, "pending") == (approval("a_4"),)
            assert each.approval(T, "a_5") is None
            assert each.approval(T, "\ud800") is None
            assert each.approval(OTHER, "a_1") is None
            assert each.approvals(OTHER) == ()

    def test_an_approval_that_nobody_used_in_time_leaves_memory_and_may_still_be_touched(
        self, store: Store, reopen: Reopen
    ) -> None:
        store.commit_blocking(write("a", put(Kind.APPROVAL, approval("a_1")), put(Kind.APPROVAL, approval("a_2"))))
        again = reopen()
        again.commit_blocking(write("a", time=approval("a_1").expires - 1))
        assert len(again.approvals(T, "pending")) == 2
        again.commit_blocking(write("a", time=approval("a_1").expires))
        assert again.approvals(T, "pending") == again._approvals.all(T) == ()
        assert again.approval(T, "a_1") == approval("a_1")
        expired = approval("a_1", ApprovalState.EXPIRED, 2)
        again.commit_blocking(write("a", put(Kind.APPROVAL, expired), time=approval("a_1").expires))
        assert again.approval(T, "a_1") == expired

    def test_reads_tokens_that_are_over_through_and_holds_their_versions(self, store: Store, reopen: Reopen) -> None:
        store.commit_blocking(write("t", put(Kind.TOKEN, token("t"))))
        assert store.token(T, "t") is store.token(T, "t"), "an unused token is in memory"
        again = reopen()
        assert again.token(T, "t") == token("t")
        again.commit_blocking(write("t", put(Kind.TOKEN, token("t", TokenState.CONSUMED, 2))))
        for each in (again, reopen):
            opened = each if isinstance(each, Store) else each()
            assert opened.token(T, "t") == token("t", TokenState.CONSUMED, 2)
            with pytest.raises(Conflict, match="is at version 2, not 1"):
                opened.commit_blocking(write("t", put(Kind.TOKEN, token("t", TokenState.CONSUMED, 2))))

    def test_keeps_no_used_or_expired_token_and_no_ledger_of_past_days_in_memory(self, store: Store) -> None:
        store.commit_blocking(write("t", put(Kind.TOKEN, token("used"))))
        store.commit_blocking(write("t", put(Kind.TOKEN, token("used", TokenState.CONSUMED, 2))))
        store.commit_blocking(
            write("t", put(Kind.TOKEN, token("late")), put(Kind.LEDGER, ledger("agent:a@1970-01-01")))
        )
        assert store._tokens.all(T) == (token("late"),)
        store.commit_blocking(write("t", put(Kind.LEDGER, ledger("m")), time=token("late").expires))
        assert store._tokens.all(T) == ()
        assert store.token(T, "late") == token("late")
        assert len(store._ledgers.all(T)) == 2
        store.commit_blocking(write("t", time=2 * 24 * 3600 * 1000))
        assert store._ledgers.all(T) == (ledger("m"),)
        day = store.ledger(T, MissionId("agent:a@1970-01-01"))
        assert day == ledger("agent:a@1970-01-01")
        store.commit_blocking(write("t", put(Kind.LEDGER, ledger("agent:a@1970-01-01", 2))))

    def test_knows_the_time_of_the_last_entry(self, store: Store, reopen: Reopen) -> None:
        store.commit_blocking(write("a", time=70))
        store.commit_blocking(write("a", time=90, tenant=OTHER))
        again = reopen()
        assert (again.last_time(T), again.last_time(OTHER), again.last_time(TenantId("none"))) == (70, 90, 0)
        assert again.newest == 90

    def test_says_that_it_is_closed(self, store: Store) -> None:
        store.close()
        with pytest.raises(Unavailable, match="closed"):
            store.commit_blocking(write("a"))
