"""Access requests: submitted by enforcement points and agents, listed for people, and answered by them.

Two kinds of callers, kept apart. Operators answer, as `approvals` allows. An enforcement point or agent sees, submits
and takes back requests for calls that it may ask about, and learns nothing of others: for it they do not exist.

What a requester writes (a justification, a comment) is hostile text: it goes to the erasable store, never to an entry.
"""

import json
from collections import OrderedDict
from typing import Any

import msgspec

from remit.administration.office import PERMISSIONS, Act, Office
from remit.administration.record import Archive
from remit.agents import new_instance
from remit.approvals import UNUSED, answer, current, drivers, expired, missing, withdraw
from remit.mediation.describe import describe
from remit.mediation.drafts import shelf
from remit.mediation.find import Actors
from remit.terms import (
    AgentId,
    AgentPrincipal,
    Approval,
    ApprovalState,
    Conflict,
    Detail,
    DetailKind,
    Effect,
    InstanceId,
    InvalidInput,
    Kind,
    Mission,
    MissionId,
    NotFound,
    OperatorPrincipal,
    PointPrincipal,
    Principal,
    Put,
    RemitError,
    Request,
    TenantId,
    actor_of,
    is_identifier,
)
from remit.terms.approvals import Submission

KEYS = 100_000  # `Idempotency-Key`s known; a retry of an older one is a new submission of the same request
SUBMISSIONS = 8  # remembered of one request
DUPLICATE = "remit.duplicate_request"


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A request with what would be done: `call` has arguments and findings, None when erased or not for this reader."""

    approval: Approval
    missing: int  # votes it still takes, at least
    call: dict[str, Any] | None = None
    goal: str | None = None
    justification: str | None = None  # the requester's words


class Requests:
    def __init__(self, office: Office, archive: Archive) -> None:
        self._office = office
        self._archive = archive
        self._keys: dict[TenantId, OrderedDict[str, str]] = {}  # of submissions: the request's id

    # Operators.
    async def answer(self, by: Principal, approval: str, state: ApprovalState, cause: str = "") -> Approval:
        """Approve, deny or cancel a pending request, as the authenticated operator. One approval of several that it
        takes leaves it pending. From the reading of the record to its commit nothing waits, so no vote is lost."""
        operator = self._office.require(by, Act.READ)
        known = self._find(operator, approval)
        now = self._office.clock.now()
        await self._record_expiry(by, known, now)
        if state is ApprovalState.APPROVED:
            self._require_same_policies(known)
        answered = answer(known, operator, state, cause, now, drivers=self._drivers(known))
        what = "voted" if answered.state is ApprovalState.PENDING else answered.state.value
        facts = {
            "decision": known.decision,
            "groups": list(answered.by_groups),
            "votes": list(answered.votes),
            "needed": known.needed,
        }
        put = Put(kind=Kind.APPROVAL, record=answered, expected=known.version)
        await self._office.record(by, f"approval.{what}", known.id, facts, put, now=now)
        return answered

    def show(self, by: Principal, approval: str) -> Shown:
        """One request, with the call itself for those who may read the record."""
        operator = self._office.require(by, Act.READ)
        known = self._seen(self._find(operator, approval))
        shown = Shown(approval=known, missing=missing(known))
        if not PERMISSIONS[Act.READ_RECORD] & set(operator.roles):
            return shown
        brief = self._office.records.brief(known.tenant, MissionId(known.mission)) if known.mission else None
        asked = self._detail(known, known.id) or {}
        return msgspec.structs.replace(
            shown,
            call=self._call(known),
            goal=None if brief is None else brief.goal,
            justification=asked.get("justification"),
        )

    def list(self, by: Principal, state: ApprovalState | None = None) -> tuple[Approval, ...]:
        """Requests, newest first, in the state that they are in now."""
        self._office.require(by, Act.READ)
        narrow = state.value if state is not None and state is not ApprovalState.EXPIRED else None
        seen = (self._seen(one) for one in self._office.records.approvals(by.tenant, narrow))
        found = [one for one in seen if state is None or one.state is state]
        return tuple(sorted(found, key=lambda one: (-one.opened, one.id)))

    # Enforcement points and agents.
    def repeated(self, by: Principal, submission: Submission) -> Approval | None:
        """What an earlier submission with this key led to. Raises `Conflict` when that one had another body."""
        by = self._office.renew(by)
        id = self._known_keys(by.tenant).get(submission.key)
        known = None if id is None else self._office.records.approval(by.tenant, id)
        if known is None or not _concerns(known, by):
            return None
        if submission not in known.submissions:
            raise Conflict("this `Idempotency-Key` was used with another body; take a new key", code=DUPLICATE)
        return self._seen(known)

    async def submit(
        self, by: Principal, approval: str, request: Request, submission: Submission | None, justification: str | None
    ) -> Approval:
        """Record that `by` submitted the request that the ask opened, which people see from then on with its
        justification. Submitting again adds nothing but the key.

        `request` is the denied evaluation as `by` tells it; it has to be the very call, digest for digest. The caller
        has checked what binds it to the denial. Raises `NotFound`, also for what `by` may not see; `InvalidInput`.
        """
        by = self._office.renew(by)
        known = self.task(by, approval)
        self._require_same_call(known, request)
        if current(known, self._office.clock.now()) is not ApprovalState.PENDING:
            return known
        first = not known.requester
        if not first and (submission is None or submission in known.submissions):
            return known
        submissions = known.submissions if submission is None else (*known.submissions, submission)[-SUBMISSIONS:]
        changed = msgspec.structs.replace(
            known,
            requester=known.requester or actor_of(by),
            submissions=submissions,
            version=known.version + 1,
        )
        words = self._words(known, DetailKind.CALL, "justification", justification) if first else ()
        put = Put(kind=Kind.APPROVAL, record=changed, expected=known.version)
        facts = {"decision": known.decision}
        if submission is not None:  # before the commit, which waits: else a second body could slip in under the key
            self._remember(known.tenant, submission.key, known.id)
        try:
            await self._office.record(by, "approval.requested", known.id, facts, put, details=words)
        except RemitError:
            if submission is not None:
                self._known_keys(known.tenant).pop(submission.key, None)
            raise
        return changed

    def task(self, by: Principal, approval: str) -> Approval:
        """A request as its requester may see it. Raises `NotFound` for any that does not concern `by`."""
        by = self._office.renew(by)
        known = self._office.records.approval(by.tenant, approval)
        if known is None or not _concerns(known, by):
            raise NotFound("there is no such request")
        return self._seen(known)

    async def withdraw(self, by: Principal, approval: str, reason: str, comment: str | None) -> Approval:
        """Take a pending request back, for who asked. Raises `NotFound`, `Conflict` when it is not pending."""
        if isinstance(by, OperatorPrincipal):
            return await self.answer(by, approval, ApprovalState.CANCELLED, comment or reason)
        by = self._office.renew(by)
        self.task(by, approval)
        known = self._find(by, approval)
        now = self._office.clock.now()
        await self._record_expiry(by, known, now)
        changed = withdraw(known, actor_of(by), reason if is_identifier(reason) else "", now)
        words = self._words(known, DetailKind.RESULT, "comment", comment)
        put = Put(kind=Kind.APPROVAL, record=changed, expected=known.version)
        facts = {"decision": known.decision}
        await self._office.record(by, "approval.cancelled", known.id, facts, put, details=words, now=now)
        return changed

    def of_evaluation(self, by: Principal, evaluation: str) -> str | None:
        """The request that the ask `evaluation` opened or found waiting, as the log has it; None of any other decision.
        Raises `NotFound`."""
        found = self._archive.entry_of(by.tenant, evaluation) if is_identifier(evaluation) else []
        entry = json.loads(found[0][1]) if found else {}
        if entry.get("kind") != "decision.made":
            raise NotFound("there is no such evaluation")
        facts = entry["facts"]
        return facts.get("approval") if facts["effect"] == Effect.ASK.value else None

    def call_id(self, tenant: TenantId, approval: str) -> str | None:
        """The call that `approval` is for. An approval holds for this call id; whoever was never told it may leave it
        out when evaluating again."""
        known = self._office.records.approval(tenant, approval)
        return None if known is None else known.call_id

    # Both.
    def _seen(self, approval: Approval) -> Approval:
        """`approval` in the state that it is in now."""
        state = current(approval, self._office.clock.now())
        return approval if state is approval.state else msgspec.structs.replace(approval, state=state)

    async def _record_expiry(self, by: Principal, known: Approval, now: int) -> None:
        """What nobody answered in time is expired on record as soon as somebody touches it."""
        if known.state in UNUSED and current(known, now) is ApprovalState.EXPIRED:
            put = Put(kind=Kind.APPROVAL, record=expired(known), expected=known.version)
            await self._office.record(by, "approval.expired", known.id, {"decision": known.decision}, put, now=now)
            raise Conflict(f"request `{known.id}` has expired; the agent has to ask again")

    def _require_same_policies(self, known: Approval) -> None:
        active = self._office.policies.current(known.tenant)
        if active is None or active.version != known.policy:
            raise Conflict(
                f"the policies or tools have changed since request `{known.id}` was made, so its approval would not "
                "hold; the agent has to ask again"
            )

    def _require_same_call(self, known: Approval, request: Request) -> None:
        """Raise `InvalidInput` unless `request` is the call that `known` is for."""
        if not self._same_call(known, request):
            raise InvalidInput("expected subject, resource, action and context of the denied evaluation, unchanged")

    def _same_call(self, known: Approval, request: Request) -> bool:
        named = (request.subject_type, request.subject_id, request.resource_type, request.resource_id)
        if named != ("agent", known.agent, "tool", known.tool) or (request.mission or "") != known.mission:
            return False
        if request.instance not in (None, known.instance) or request.call_id not in (None, known.call_id):
            return False
        records = self._office.records
        agent = records.agent(known.tenant, AgentId(known.agent))
        mission = records.mission(known.tenant, MissionId(known.mission)) if known.mission else None
        if agent is None or (mission is None and known.mission):
            return False
        instance = new_instance(known.tenant, InstanceId(known.instance), agent.id)
        actors = Actors(agent=agent, instance=instance, known_instance=True, mission=mission, brief=None, read=())
        return describe(records, known.tenant, request, actors, known.call_id).call.digest == known.digest

    def _drivers(self, approval: Approval) -> frozenset[str]:
        records = self._office.records
        agent = records.agent(approval.tenant, AgentId(approval.agent))
        chain: list[Mission] = []
        mission = records.mission(approval.tenant, MissionId(approval.mission)) if approval.mission else None
        while mission is not None:
            chain.append(mission)
            mission = records.mission(mission.tenant, mission.parent) if mission.parent else None
        return drivers(agent, chain)

    def _find(self, by: Principal, approval: str) -> Approval:
        known = self._office.records.approval(by.tenant, approval)
        if known is None:
            raise NotFound("there is no such request; `remit approvals list` lists them")
        return known

    def _call(self, known: Approval) -> dict[str, Any] | None:
        """Without the salt of the entry's commitment: nobody who approves needs it."""
        call = self._detail(known, known.decision)
        return None if call is None else {name: value for name, value in call.items() if name != "salt"}

    def _detail(self, known: Approval, owner: str) -> dict[str, Any] | None:
        place = shelf(known.mission or None, known.instance)
        body = self._office.records.detail(known.tenant, place, owner, DetailKind.CALL)
        found: dict[str, Any] | None = None if body is None else json.loads(body)
        return found

    def _words(self, known: Approval, kind: DetailKind, name: str, words: str | None) -> tuple[Detail, ...]:
        """A requester's words, erasable with the mission that they are about."""
        if not words:
            return ()
        place = shelf(known.mission or None, known.instance)
        return (Detail(mission=place, owner=known.id, kind=kind, body=msgspec.json.encode({name: words})),)

    def _known_keys(self, tenant: TenantId) -> OrderedDict[str, str]:
        """The keys of a tenant, read from its requests at first use: they outlive a restart."""
        keys = self._keys.get(tenant)
        if keys is None:
            keys = self._keys[tenant] = OrderedDict()
            for known in self._office.records.approvals(tenant):
                for one in known.submissions:
                    self._remember(tenant, one.key, known.id)
        return keys

    def _remember(self, tenant: TenantId, key: str, id: str) -> None:
        keys = self._known_keys(tenant)
        keys[key] = id
        if len(keys) > KEYS:
            keys.popitem(last=False)


def _concerns(known: Approval, by: Principal) -> bool:
    """Whether `by` may ask about the very call: the agent itself, or an enforcement point that guards its server."""
    match by:
        case AgentPrincipal():
            return by.agent == known.agent
        case PointPrincipal():
            return by.may_assert("agent") and by.guards(known.tool.partition("/")[0])
        case OperatorPrincipal():
            return True
