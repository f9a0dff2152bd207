"""Invariants I3 to I6 against any sequence of what agents, people and crashes do, over a real Remit on a real disk.

A small model keeps what should hold: which missions and agents may act, what they spent, which approvals and tokens
stand. Every answer is compared with it, both ways: what is permitted the model allows, and work that the model allows
is permitted, so that a Remit that denies everything fails as well.
"""

import asyncio
import contextlib
import copy
import shutil
import sqlite3
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from tests.conftest import TOOLS

from remit.administration import Revocable
from remit.assembly import InitResult, Remit, init, load_settings, open_remit
from remit.audit import Verifier, encode_entry, log_origin
from remit.catalogue import read_mcp
from remit.keys import KeyDirectory
from remit.mediation import Presented
from remit.storage import Store, accept, back_up, check, unpacked
from remit.terms import (
    DEFAULT_TENANT,
    AgentId,
    AgentState,
    ApprovalState,
    Bounds,
    Budget,
    Conflict,
    Credential,
    Decision,
    Effect,
    HolderKind,
    MissionId,
    MissionState,
    NotFound,
    OperationClass,
    Outcome,
    OutcomeStatus,
    Principal,
    RemitError,
    Request,
    Role,
    ServerId,
    TokenRequest,
    ToolState,
    Unauthenticated,
)
from remit.terms.entries import Reservation

IBAN = "GB29NWBK60161331926819"
GOAL = f"Read report.txt and pay 2500 EUR to {IBAN}"
AGENTS = ("clerk", "helper")
ACTING = (AgentState.ACTIVE, AgentState.RESTRICTED)
PAYMENT: dict[str, Any] = {"recipient": IBAN, "amount": 2500}
MOST = 10_000  # that the purpose lets a mission and all below it pay
SELDOM = st.sampled_from((False, False, True))  # what ends work, so that there is some left to break


@dataclass
class Work:
    """A mission as the model knows it."""

    id: str
    agent: str
    parent: "Work | None"
    calls: int | None
    state: str = "active"
    spent: int = 0
    paid: int = 0
    instance: str = ""

    def line(self) -> "list[Work]":
        return [self, *(self.parent.line() if self.parent else [])]


@dataclass
class Ask:
    """An access request as the model knows it."""

    id: str
    work: Work
    call_id: str
    approvers: set[str] = field(default_factory=set)
    state: str = "pending"


@dataclass
class Token:
    value: str
    decision: str
    work: Work
    state: str = "minted"
    minted: float = field(default_factory=time.monotonic)


Known = Work | Ask | Token
UNUSED_TOKENS = ("minted", "unsigned", "of another epoch")
FIELDS = ("agents", "ended", "stopped", "tool", "eligible", "gate")  # of the model, beside the things in the bundles


@dataclass
class Backup:
    """A copy of the store, and what the model knew when it was made."""

    file: Path
    model: dict[str, Any]
    things: dict[int, dict[str, Any]]  # by the thing's identity: its attributes


def made() -> tuple[Path, InitResult]:
    directory = Path(tempfile.mkdtemp(prefix="remit-invariants-"))
    result = init(directory / "remit.d")
    toml = directory / "remit.d" / "remit.toml"
    toml.write_text("unbound_tokens = true\n" + toml.read_text(encoding="utf-8"), encoding="utf-8")
    return directory, result


class Sequences(RuleBasedStateMachine):
    works: Bundle[Work] = Bundle("works")
    asks: Bundle[Ask] = Bundle("asks")
    permits: Bundle[Decision] = Bundle("permits")
    tokens: Bundle[Token] = Bundle("tokens")
    template: tuple[Path, InitResult]

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="remit-run-"))
        shutil.copytree(self.template[0] / "remit.d", self.place / "remit.d")
        self.stack = contextlib.ExitStack()
        self.agents = dict.fromkeys(AGENTS, AgentState.ACTIVE)
        self.ended: set[str] = set()  # instances
        self.stopped = False
        self.tool = True
        self.point = True
        self.eligible: dict[str, bool] = {}  # approvers
        self.number = 0
        self.asked: list[Ask] = []
        self.known: list[Known] = []  # everything in the bundles
        self.backup: Backup | None = None
        self.lost: set[str] = set()  # decisions that the store knows no more

    def remember(self, thing: Any) -> Any:
        self.known.append(thing)
        return thing

    def teardown(self) -> None:
        self.stack.close()
        shutil.rmtree(self.place)

    def start(self) -> None:
        portal = self.stack.enter_context(start_blocking_portal())
        self.portal = portal
        self.remit: Remit = self.stack.enter_context(
            portal.wrap_async_context_manager(open_remit(self.place / "remit.d"))
        )

    def by(self, key: str) -> Principal:
        return self.remit.authenticator.authenticate(Credential(scheme="bearer", value=key))

    @property
    def local(self) -> Principal:
        return self.remit.authenticator.local_operator(DEFAULT_TENANT)

    def do(self, coroutine: Any) -> Any:
        async def run() -> Any:
            return await coroutine

        return self.portal.call(run)

    @initialize(target=works)
    def furnish(self) -> Any:
        """With work for each agent: most rules need some."""
        self.start()
        desks = self.remit.administration
        self.do(desks.tools.register(self.local, read_mcp(DEFAULT_TENANT, ServerId("office"), TOOLS)))
        for agent in AGENTS:
            self.do(desks.agents.register(self.local, agent, name="", owner="ann", category=""))
        self.keys = {}
        for name in ("olga", "omar"):
            added = desks.access.add_operator(self.local, name, roles=(Role.APPROVER,), groups=("operators",))
            self.keys[name] = self.do(added)[1]
            self.eligible[name] = True
        self.admin = self.template[1].admin_key
        self.gate = self.do(desks.access.add_point(self.local, "gate", servers=("*",), subjects=("*",)))[1]
        return multiple(*(self.open(agent, None) for agent in AGENTS))

    # ---- Work ------------------------------------------------------------------------------------------------------

    @rule(target=works, agent=st.sampled_from(AGENTS), calls=st.sampled_from([None, 1, 3, 8]))
    def open(self, agent: str, calls: int | None) -> Any:
        opening = self.remit.administration.missions.open(
            self.local, agent=agent, purpose="pay-bills", goal=GOAL, subject="user:ann", budget=Budget(calls=calls)
        )
        try:
            mission, _ = self.do(opening)
        except RemitError:
            assert self.stopped or self.agents[agent] not in ACTING
            return multiple()
        assert not self.stopped
        assert self.agents[agent] in ACTING
        return self.remember(Work(mission.id, agent, None, 2000 if calls is None else calls))

    @rule(
        target=works,
        parent=works,
        agent=st.sampled_from(AGENTS),
        calls=st.sampled_from([None, 2, 9, 5000]),
        lifetime=st.sampled_from([None, 60_000, 10**12]),
        classes=st.sampled_from([None, (OperationClass.READ,), tuple(OperationClass)]),
    )
    def derive(self, parent: Work, agent: str, calls: int | None, lifetime: int | None, classes: Any) -> Any:
        deriving = self.remit.administration.missions.derive(
            self.local,
            parent.id,
            agent=agent,
            bounds=Bounds(classes=classes),
            budget=Budget(calls=calls),
            lifetime=lifetime,
        )
        try:
            mission, _ = self.do(deriving)
        except RemitError:
            assert not self.alive(parent) or self.agents[agent] not in ACTING or len(parent.line()) > 8
            return multiple()
        assert self.alive(parent), "nothing derives from what was stopped"
        return self.remember(Work(mission.id, agent, parent, calls))

    def alive(self, work: Work) -> bool:
        """Whether the model lets anything happen in it."""
        line = all(each.state == "active" and self.agents[each.agent] in ACTING for each in work.line())
        return line and not self.stopped

    def covered(self, work: Work) -> bool:
        return all(each.calls is None or each.spent < each.calls for each in work.line())

    def affords(self, work: Work) -> bool:
        return all(each.paid + PAYMENT["amount"] <= MOST for each in work.line())

    def may_read(self, work: Work) -> bool:
        return self.alive(work) and self.covered(work) and self.tool and work.id not in self.ended

    def decide(self, work: Work, tool: str, arguments: dict[str, Any], **more: Any) -> Decision:
        request = Request(
            subject_type="agent",
            subject_id=work.agent,
            action=tool,
            resource_type="tool",
            resource_id=f"office/{tool}",
            mission=work.id,
            arguments=arguments,
            **more,
        )
        decision: Decision = self.do(self.remit.mediator.decide(self.by(self.gate), request))
        if decision.effect is Effect.PERMIT:
            assert self.alive(work), "I5: nothing is permitted under what was revoked"
            assert self.covered(work), "budgets hold at every mission of the line"
            assert work.id not in self.ended
            assert not (tool == "read_file" and not self.tool)
            for each in work.line():
                each.spent += 1
        return decision

    @rule(target=permits, work=works)
    def read(self, work: Work) -> Any:
        if not self.point:
            with pytest.raises(Unauthenticated):
                self.by(self.gate)
            return multiple()
        expected = self.may_read(work)
        decision = self.decide(work, "read_file", {"name": "report.txt"})
        assert (decision.effect is Effect.PERMIT) == expected, decision
        return decision if expected else multiple()

    @rule(target=tokens, work=works)
    def mint(self, work: Work) -> Any:
        if not self.point:
            return multiple()
        decision = self.decide(work, "read_file", {"name": "report.txt"}, token=TokenRequest(audience="office"))
        if decision.effect is not Effect.PERMIT:
            assert decision.token is None
            return multiple()
        assert decision.token is not None
        return self.remember(Token(decision.token.access_token, decision.id, work))

    @rule(token=tokens, at_once=st.sampled_from([1, 3]))
    def consume(self, token: Token, at_once: int) -> None:
        if not self.point:
            return
        presented = Presented(token=token.value, audience="office")
        point = self.by(self.gate)

        async def uses() -> list[Any]:
            calls = (self.remit.mediator.consume(point, presented) for _ in range(at_once))
            return await asyncio.gather(*calls, return_exceptions=True)

        found = [one for one in self.portal.call(uses) if not isinstance(one, str | BaseException)]
        usable = token.state == "minted" and self.alive(token.work) and token.work.id not in self.ended and self.tool
        assert len(found) <= usable, "I3, I5: a token is used at most once, and never under what was revoked"
        assert found or not usable or time.monotonic() - token.minted > 15, "exactly once while it is fresh"
        if found:
            token.state = "consumed"

    @rule(permit=consumes(permits), status=st.sampled_from(list(OutcomeStatus)))
    def attest(self, permit: Decision, status: OutcomeStatus) -> None:
        if self.point:
            outcome = Outcome(decision=permit.id, status=status, content="the report")
            try:
                self.do(self.remit.mediator.complete(self.by(self.gate), outcome))
            except NotFound:
                assert permit.id in self.lost

    # ---- Approvals -------------------------------------------------------------------------------------------------

    @rule(target=asks, work=works)
    def ask(self, work: Work) -> Any:
        if not self.point:
            return multiple()
        self.number += 1
        call_id = f"c{self.number}"
        decision = self.decide(work, "make_payment", PAYMENT, call_id=call_id)
        assert decision.effect is not Effect.PERMIT, "an amount above the purpose's asks"
        if decision.effect is Effect.DENY:
            return multiple()
        assert self.alive(work)
        assert decision.approval is not None
        self.asked.append(Ask(decision.approval, work, call_id))
        return self.remember(self.asked[-1])

    @rule(ask=asks, who=st.sampled_from(("olga", "omar")), state=st.sampled_from(("approved", "denied")))
    def answer(self, ask: Ask, who: str, state: str) -> None:
        try:
            by = self.by(self.keys[who])
        except Unauthenticated:
            assert not self.eligible[who]
            return
        try:
            self.do(self.remit.administration.requests.answer(by, ask.id, ApprovalState(state), "test"))
        except RemitError:
            assert ask.state != "pending" or not self.eligible[who]
            return
        assert ask.state == "pending"
        assert self.eligible[who], "I6: from an eligible operator"
        ask.state = state
        ask.approvers.add(who)

    @rule(
        ask=asks,
        change=st.sampled_from(("none", "arguments", "call", "mission")),
        other=works,
        at_once=st.sampled_from([1, 3]),
    )
    def use(self, ask: Ask, change: str, other: Work, at_once: int) -> None:
        if not self.point:
            return
        work = other if change == "mission" and other is not ask.work else ask.work
        arguments = {**PAYMENT, "amount": 2499} if change == "arguments" else PAYMENT
        call_id = ask.call_id + "x" if change == "call" else ask.call_id
        same = work is ask.work and arguments is PAYMENT and call_id == ask.call_id
        if at_once > 1 and same:
            permitted = self.race(ask, at_once)
        else:
            decided = self.decide(work, "make_payment", arguments, call_id=call_id, approval=ask.id)
            permitted = int(decided.effect is Effect.PERMIT)
        assert permitted <= (1 if same and ask.state == "approved" else 0), "I3 and I6"
        if permitted:
            ask.state = "used"
            for each in ask.work.line():
                each.paid += PAYMENT["amount"]
                assert each.paid <= MOST, "budgets hold at every mission of the line"

    def race(self, ask: Ask, at_once: int) -> int:
        """The same use several times at once."""
        request = Request(
            subject_type="agent",
            subject_id=ask.work.agent,
            action="make_payment",
            resource_type="tool",
            resource_id="office/make_payment",
            mission=ask.work.id,
            call_id=ask.call_id,
            arguments=PAYMENT,
            approval=ask.id,
        )
        point = self.by(self.gate)

        async def uses() -> list[Decision]:
            return await asyncio.gather(*(self.remit.mediator.decide(point, request) for _ in range(at_once)))

        permitted = sum(one.effect is Effect.PERMIT for one in self.portal.call(uses))
        if permitted:
            assert self.alive(ask.work)
            assert self.covered(ask.work)
            for each in ask.work.line():
                each.spent += permitted
        return permitted

    @rule(work=works, who=st.sampled_from(("olga", "omar")), change=st.sampled_from(("none", "arguments", "call")))
    def ask_have_it_approved_and_use_it_again_and_again(self, work: Work, who: str, change: str) -> None:
        """What people do all day, which the rules above seldom do in this order."""
        ask = self.ask(work)
        if isinstance(ask, Ask):
            self.answer(ask, who, "approved")
            self.use(ask, change, work, 1)
            usable = ask.state == "approved" and self.alive(work) and self.covered(work) and self.affords(work)
            self.use(ask, "none", work, 3)
            assert ask.state == "used" or not usable, "work that the model allows is permitted"
            self.use(ask, "none", work, 1)

    # ---- Taking back -----------------------------------------------------------------------------------------------

    def revoke(self, kind: Revocable, id: str, **more: Any) -> bool:
        try:
            by = self.by(self.admin)
            self.do(self.remit.administration.revocation.revoke(by, kind, id, "test", **more))
        except RemitError:
            return False
        return True

    @rule(work=works, state=st.sampled_from((MissionState.SUSPENDED, MissionState.ACTIVE, MissionState.COMPLETED)))
    def change_mission(self, work: Work, state: MissionState) -> None:
        try:
            self.do(self.remit.administration.missions.change(self.local, work.id, state, "test"))
        except RemitError:
            assert work.state in (state.value, "completed", "revoked", "gone")
            return
        assert work.state in ("active", "suspended")
        work.state = state.value

    @rule(work=works, really=SELDOM)
    def revoke_mission(self, work: Work, really: bool) -> None:
        if not really:
            return
        assert self.revoke(Revocable.MISSION, work.id) == (work.state in ("active", "suspended"))
        work.state = "revoked" if work.state in ("active", "suspended") else work.state

    @rule(agent=st.sampled_from(AGENTS), quarantine=st.sampled_from((*(True,) * 7, False)), really=SELDOM)
    def revoke_agent(self, agent: str, quarantine: bool, really: bool) -> None:
        if really and self.revoke(Revocable.AGENT, agent, quarantine=quarantine):
            self.agents[agent] = AgentState.QUARANTINED if quarantine else AgentState.RETIRED

    @rule(agent=st.sampled_from(AGENTS), state=st.sampled_from(ACTING))
    def release_agent(self, agent: str, state: AgentState) -> None:
        try:
            self.do(self.remit.administration.agents.change(self.local, agent, state, "test"))
        except RemitError:
            return
        assert self.agents[agent] is not AgentState.RETIRED, "a retired identity never comes back"
        self.agents[agent] = state

    @rule(work=works, really=SELDOM)
    def end_instance(self, work: Work, really: bool) -> None:
        if not really:
            return
        mission = self.remit.store.mission(DEFAULT_TENANT, MissionId(work.id))
        assert (mission is None) == (work.state == "gone")
        if mission is not None and mission.instance is not None and self.revoke(Revocable.INSTANCE, mission.instance):
            self.ended.add(work.id)

    @rule(ask=asks)
    def cancel(self, ask: Ask) -> None:
        assert self.revoke(Revocable.APPROVAL, ask.id) == (ask.state in ("pending", "approved"))
        if ask.state in ("pending", "approved"):
            ask.state = "cancelled"

    @rule(token=tokens)
    def void(self, token: Token) -> None:
        reservation = self.remit.store.reservation(DEFAULT_TENANT, token.decision)
        if reservation is not None:
            unused = token.state in UNUSED_TOKENS
            assert self.revoke(Revocable.TOKEN, reservation.token) == unused
            token.state = "void" if unused else token.state

    @rule(quarantine=st.booleans())
    def change_tool(self, quarantine: bool) -> None:
        if quarantine:
            assert self.revoke(Revocable.TOOL, "office/read_file") == self.tool
        else:
            self.do(self.remit.administration.tools.change(self.local, "office/read_file", ToolState.ACTIVE, "test"))
        self.tool = not quarantine

    @rule(who=st.sampled_from(("olga", "omar")))
    def change_groups(self, who: str) -> None:
        """The operator loses the group, or gets it back; what it approved and nobody used falls with it, for good."""
        groups = () if self.eligible[who] else ("operators",)
        self.do(self.remit.administration.access.change_operator(self.local, who, groups=groups))
        self.eligible[who] = not self.eligible[who]
        for ask in self.asked:
            if not self.eligible[who] and who in ask.approvers and ask.state == "approved":
                ask.state = "cancelled"

    @rule(really=SELDOM)
    def stop_everything(self, really: bool) -> None:
        if not really:
            return
        assert self.revoke(Revocable.TENANT, "") == (not self.stopped)
        self.stopped = True

    @rule()
    def resume_everything(self) -> None:
        if self.stopped:
            with pytest.raises(RemitError, match="another admin"):
                self.do(self.remit.administration.revocation.resume_tenant(self.by(self.admin), "test"))
            self.do(self.remit.administration.revocation.resume_tenant(self.local, "test"))
            self.stopped = False

    @rule()
    def replace_the_point(self) -> None:
        """Its keys stop, it does not come back, and another one takes its place."""
        before = self.gate
        name = str(self.by(before).point)  # type: ignore[union-attr]
        assert self.revoke(Revocable.POINT, name)
        with pytest.raises(Unauthenticated):
            self.by(before)
        with pytest.raises(RemitError):
            self.do(self.remit.administration.access.add_key(self.local, HolderKind.POINT, name))
        self.number += 1
        adding = self.remit.administration.access.add_point(
            self.local, f"gate-{self.number}", servers=("*",), subjects=("*",)
        )
        self.gate = self.do(adding)[1]

    @rule(really=SELDOM)
    def restart(self, really: bool) -> None:
        if really:
            self.stack.close()
            self.start()

    # ---- Custody ---------------------------------------------------------------------------------------------------

    @rule(work=works, at_once=st.booleans())
    def rotate_with_a_token_out(self, work: Work, at_once: bool) -> None:
        """A new key for call tokens; `at_once`, because somebody may know the old one, voids what it signed."""
        out = self.mint(work)
        try:
            self.do(self.remit.administration.signing_keys.rotate_tokens(self.local, at_once=at_once))
        except Conflict:
            assert not at_once, "a known key is always rotated"
            return
        for token in self.known:
            if at_once and isinstance(token, Token) and token.state == "minted":
                token.state = "unsigned"
        if isinstance(out, Token):
            self.consume(out, 1)

    @rule(really=SELDOM)
    def back_up(self, really: bool) -> None:
        """While it runs. One is kept."""
        if not really:
            return
        self.number += 1
        file = self.place / f"{self.number}.tar"
        back_up(self.place / "remit.d", file, keys=True)
        model = {name: copy.copy(getattr(self, name)) for name in FIELDS}
        things = {
            id(one): {name: copy.copy(value) for name, value in vars(one).items() if name not in ("work", "parent")}
            for one in self.known
        }
        self.backup = Backup(file, model, things)

    @rule(really=SELDOM)
    def restore(self, really: bool) -> None:
        """Back to the backup, as `remit restore` does it: what came later is gone, and nothing that may have been used
        since can be used again."""
        if not really or self.backup is None:
            return
        now_known = {reservation.id for reservation in self.permitted()}
        self.stack.close()
        shutil.rmtree(self.place / "remit.d")
        with unpacked(self.backup.file, self.place / "remit.d") as (making, manifest):
            keys = KeyDirectory.open(making / "keys")
            origin = log_origin(load_settings(making).log_origin, DEFAULT_TENANT)
            verifier = Verifier.of(origin, keys.log_private.public_key())
            lost = check(making, verifier, DEFAULT_TENANT, since=None, accept_loss=False)
            store = Store(making / "remit.db", wrap=keys, encode=encode_entry)
            before = store.epoch
            restored = accept(store, DEFAULT_TENANT, manifest, lost=lost, actor="operator:local")
            store.close()
            assert restored.epoch > before
        self.start()
        self.rewind(self.backup)
        self.lost |= now_known - {reservation.id for reservation in self.permitted()}

    @rule(work=works, who=st.sampled_from(("olga", "omar")))
    def use_what_a_backup_holds_unused_and_restore_it(self, work: Work, who: str) -> None:
        """What the rules above seldom do in this order."""
        token, ask = self.mint(work), self.ask(work)
        if isinstance(ask, Ask):
            self.answer(ask, who, "approved")
        self.back_up(True)
        for _ in range(2):
            if isinstance(token, Token):
                self.consume(token, 1)
            if isinstance(ask, Ask):
                self.use(ask, "none", work, 1)
            self.restore(True)

    def permitted(self) -> list[Reservation]:
        """Calls whose outcome is awaited."""
        with contextlib.closing(sqlite3.connect(self.remit.store.path)) as other:
            settled = "SELECT id FROM state WHERE kind = 'reservation'"
            held = f"SELECT held FROM entry WHERE held IS NOT NULL AND id NOT IN ({settled})"
            return [msgspec.json.decode(body, type=Reservation) for (body,) in other.execute(held).fetchall()]

    def rewind(self, backup: Backup) -> None:
        for name, value in backup.model.items():
            setattr(self, name, copy.copy(value))
        for thing in self.known:
            then = backup.things.get(id(thing))
            if then is None:
                thing.state = "gone"
                continue
            vars(thing).update({name: copy.copy(value) for name, value in then.items()})
            if isinstance(thing, Ask):
                thing.state = "cancelled" if thing.state in ("pending", "approved") else thing.state
            elif isinstance(thing, Token) and thing.state == "minted":
                thing.state = "of another epoch"

    # ---- What always holds -----------------------------------------------------------------------------------------

    @invariant()
    def a_derived_mission_never_has_more_than_its_parent(self) -> None:
        if not hasattr(self, "remit"):
            return
        store = self.remit.store
        for mission in store.missions(DEFAULT_TENANT):
            if mission.parent is None:
                continue
            above = store.mission(DEFAULT_TENANT, mission.parent)
            assert above is not None
            assert mission.expires <= above.expires
            assert (mission.authority_hash, mission.voucher, mission.subject, mission.purpose) == (
                above.authority_hash,
                above.voucher,
                above.subject,
                above.purpose,
            ), "it keeps the root's vouched goal"
            assert least(mission.budget.calls, above.budget.calls)
            assert least(mission.budget.amount, above.budget.amount)
            assert least(mission.bounds.ask_above, above.bounds.ask_above)
            assert above.bounds.classes is None or set(mission.bounds.classes or ()) <= set(above.bounds.classes)
            brief, root = store.brief(DEFAULT_TENANT, mission.id), store.brief(DEFAULT_TENANT, above.id)
            assert brief is not None
            assert root is not None
            assert (brief.goal, brief.authority) == (root.goal, root.authority)

    @invariant()
    def nothing_is_spent_twice_or_beyond_a_budget(self) -> None:
        if not hasattr(self, "remit"):
            return
        for mission in self.remit.store.missions(DEFAULT_TENANT):
            ledger = self.remit.store.ledger(DEFAULT_TENANT, mission.id)
            assert ledger is not None
            assert mission.budget.calls is None or ledger.spent.calls <= mission.budget.calls

    @invariant()
    def who_was_retired_stays_retired(self) -> None:
        if hasattr(self, "remit"):
            for name, state in self.agents.items():
                known = self.remit.store.agent(DEFAULT_TENANT, AgentId(name))
                assert known is None or known.state is state


def least(inner: float | None, outer: float | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def test_no_sequence_of_acts_breaks_the_promises() -> None:
    Sequences.template = made()
    try:
        run = settings(
            max_examples=12,
            derandomize=True,  # it names defences: each run has to find what the last one found
            stateful_step_count=40,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes, each step a real commit
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(Sequences, settings=run)
    finally:
        shutil.rmtree(Sequences.template[0])
