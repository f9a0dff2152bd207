"""The path: one procedure from a request to a committed decision, numbered as in the design.

Gateway, token endpoint, AuthZEN endpoint and SDK are doors to `Mediator.decide`; nothing reaches a tool by another way
(I8). Steps 2 to 8 run without a wait on the one thread that owns hot state, so what they read is of one moment; step 9
compares versions all the same, and the path starts again from step 2 when something changed.

Does not authenticate (step 1): doors hand in the principal that `authentication` made.
"""

import contextlib
import functools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from remit.catalogue import fits
from remit.decision import Judgement, confirm, deny, due, evidence_of, judge
from remit.intent import assess
from remit.mediation.budget import Budgets
from remit.mediation.case import Case, ask, divergence_write, draft, observe, permit
from remit.mediation.completion import complete
from remit.mediation.describe import Described, describe, schema_finding, wanted
from remit.mediation.facts import call_facts, plain_facts
from remit.mediation.find import Finder, stop
from remit.mediation.modes import mode_of
from remit.mediation.ports import (
    Approvals,
    Clock,
    Entropy,
    Journal,
    Policies,
    Rates,
    Sightings,
    State,
)
from remit.mediation.release import not_kept, raced, release
from remit.mediation.tokens import CallTokens, Presented
from remit.missions import purpose_line
from remit.policy import Facts, PolicySet
from remit.terms import (
    AgentPrincipal,
    Approval,
    Conflict,
    Decision,
    Effect,
    Finding,
    Forbidden,
    InvalidInput,
    Kind,
    Mode,
    Outcome,
    PointPrincipal,
    Principal,
    Put,
    Request,
    Settings,
    TenantId,
    ToolState,
    Unavailable,
    is_identifier,
)
from remit.tokens import CallToken

_OPEN_CALLS = 4_096  # whose arguments are at hand when their outcome comes, each up to
_OPEN_BYTES = 16_384  # long; of others the store has them
_PERMIT = Effect.PERMIT  # read once: the look-up costs more than the use
_ATTEMPTS = 4  # from step 2; more changes than that within one decision means somebody is racing it


class Mediator:
    """The decision path over its ports."""

    def __init__(
        self,
        *,
        state: State,
        journal: Journal,
        clock: Clock,
        entropy: Entropy,
        policies: Policies,
        rates: Rates,
        approvals: Approvals,
        sightings: Sightings,
        tokens: CallTokens,
        settings: Settings,
        timer: Callable[[], int],
    ) -> None:
        """`timer` counts nanoseconds, for `Decision.micros`."""
        self._state = state
        self._journal = journal
        self._clock = clock
        self._entropy = entropy
        self._policies = policies
        self._rates = rates
        self._approvals = approvals
        self._sightings = sightings
        self._tokens = tokens
        self._settings = settings
        self._timer = timer
        self._finder = Finder(state)
        self._budgets = Budgets(state, settings.limits)
        self._lines = {one.id: purpose_line(one.id, settings.purposes) for one in settings.purposes}
        # Arguments of permitted calls whose outcome is awaited.
        self._open: OrderedDict[str, Mapping[str, Any]] = OrderedDict()

    async def decide(self, principal: Principal, request: Request) -> Decision:
        """The decision on `request`, committed.

        Raises `Forbidden` when `principal` may not ask for this subject or server, `InvalidInput` when the request has
        no single meaning. Everything else, a lost store included, is a deny with its reason (I2).
        """
        tenant = authorize(principal, request)
        for _ in range(_ATTEMPTS):
            started = self._timer()
            now = self._clock.now()
            decision = self._entropy.identifier("d")
            as_of = self._state.revision
            case = self._consider(principal, tenant, request, decision, now)
            if case.divergence is not None:
                with contextlib.suppress(Unavailable):  # then the decision is not kept either
                    await self._journal.commit(divergence_write(tenant, case.divergence, now))
            salt = self._entropy.salt()
            write = draft(principal, tenant, request, decision, case, salt, as_of, now)
            micros = (self._timer() - started) / 1000
            try:
                seq = await self._journal.commit(write)  # 9 Commit
            except Conflict:
                continue
            except Unavailable as error:
                return not_kept(case, decision, request, error.message, micros)
            self._await_outcome(case, decision)
            token = self._tokens.mint(case.token, now) if case.token is not None else None
            return release(case, decision, request, seq, micros, token)  # 10 Release
        return raced(request)

    async def complete(self, principal: Principal, outcome: Outcome) -> None:
        """Step 11: what an enforcement point attests. Raises `Forbidden`, `NotFound`, `Conflict`, `Unavailable`."""
        for _ in range(_ATTEMPTS):
            arguments = self._open.get(outcome.decision)
            now = self._clock.now()
            write = complete(self._state, self._entropy, self._settings, principal, outcome, arguments, now)
            try:
                await self._journal.commit(write)
            except Conflict:
                continue
            self._open.pop(outcome.decision, None)
            return
        raise Conflict("this mission is changing too fast to settle the outcome; try again")

    async def consume(self, principal: Principal, presented: Presented) -> CallToken | str:
        """Use up a call token, for the enforcement point that got it with a request: what it says, or why not.

        At most one use is ever committed (I3). Raises `Forbidden` for others than enforcement points, `Unavailable`
        when the store cannot be written: then the token was not used, and the holder asks again with a new proof.
        """
        point = _point(principal)
        found = self._tokens.proven(presented, point, self._clock.now())
        if isinstance(found, str):
            return found
        token, proof = found
        for _ in range(_ATTEMPTS):
            write = self._tokens.use(token, proof, point, self._clock.now())
            if isinstance(write, str):
                return write
            try:
                await self._journal.commit(write)
            except Conflict:  # another use came first, or something was revoked: look again
                continue
            return token
        raise Unavailable("what this token rests on keeps changing; try again")

    def introspect(self, principal: Principal, token: str) -> CallToken | None:
        """What a token says while this enforcement point could use it, else None. Uses nothing up."""
        return self._tokens.introspect(token, _point(principal), self._clock.now())

    def _consider(self, principal: Principal, tenant: TenantId, request: Request, decision: str, now: int) -> Case:
        """Steps 2 to 8. An error anywhere is a deny with its reason."""
        policies = self._policies.current(tenant)
        if policies is None:
            return Case(judgement=_NO_POLICY)
        try:
            if request.subject_type != "agent" or request.resource_type != "tool":
                return self._consider_plain(principal, tenant, request, policies, now)
            return self._consider_call(principal, tenant, request, policies, decision, now)
        except (InvalidInput, Forbidden):
            raise
        except Exception as error:  # I2: whatever went wrong, nothing is permitted
            return Case(
                judgement=deny(
                    "remit.error",
                    f"the request could not be judged ({type(error).__name__})",
                    "report this to the operators of Remit",
                    disclosable=False,
                )
            )

    def _consider_plain(
        self, principal: Principal, tenant: TenantId, request: Request, policies: PolicySet, now: int
    ) -> Case:
        """Other subjects and resources: the same path without agent, mission and findings of their own."""
        if request.subject_type != "agent":
            stopped = stop(self._state, tenant)  # 2
            if isinstance(stopped, Judgement):
                return Case(judgement=stopped, policy=policies.version)
            facts = plain_facts(principal, tenant, request, None, now)
            case = self._judge(policies, facts)  # 7 and 8
            case.expects = (stopped,)
            return case
        mode = mode_of(self._state, tenant, request.subject_id, None, None, now)
        found = self._finder.find(tenant, request.subject_id, request.instance, request.mission, now)  # 2
        if isinstance(found, Judgement):
            return self._turned_away(principal, tenant, request, found, policies, mode, now)
        facts = plain_facts(principal, tenant, request, found.agent, now)
        case = self._judge(policies, facts)  # 7 Policy and 8 Decide
        case.mode = mode
        # The instance is not written here, so its first appearance is no fact to compare.
        case.expects = tuple(one for one in found.read if one[0] is not Kind.INSTANCE or found.known_instance)
        if mode is Mode.OBSERVE:
            observe(case)
        return case

    def _turned_away(
        self,
        principal: Principal,
        tenant: TenantId,
        request: Request,
        why: Judgement,
        policies: PolicySet,
        mode: Mode,
        now: int,
    ) -> Case:
        """Step 2 found somebody who may not act: that holds in either mode."""
        return Case(
            judgement=why,
            policy=policies.version,
            mode=mode,
            would=why.effect if mode is Mode.OBSERVE else None,
            puts=self._discover(principal, tenant, request, now),
        )

    def _consider_call(
        self, principal: Principal, tenant: TenantId, request: Request, policies: PolicySet, decision: str, now: int
    ) -> Case:
        # 2 Find
        state = self._state
        server = request.resource_id.partition("/")[0]
        mode = mode_of(state, tenant, request.subject_id, server, request.resource_id, now)
        actors = self._finder.find(tenant, request.subject_id, request.instance, request.mission, now)
        if isinstance(actors, Judgement):
            return self._turned_away(principal, tenant, request, actors, policies, mode, now)
        if request.token is not None:
            self._tokens.accept(request.token)
        # 3 Describe
        call_id = request.call_id or self._entropy.identifier("c")
        described = describe(state, tenant, request, actors, call_id)
        call, tool, mission, instance = described.call, described.tool, actors.mission, actors.instance
        # 4 Why and 5 Flow
        why = assess(
            call=call,
            tool=tool,
            mission=mission,
            brief=actors.brief,
            memory=state.memory(tenant, instance.id),
            instance_label=instance.label,
            settings=self._settings,
        )
        # 6 Behaviour and budgets
        spend = wanted(described)
        usage = state.usage(tenant, call.agent)
        drawn = self._budgets.draw(tenant, actors, spend, now)
        schema = schema_finding(described, fits(tool, call.arguments) if described.registered else ())
        behaviour = self._rates.findings(tenant, call.agent, instance.id, described.id, usage, now)
        findings = (*why, schema, *behaviour, drawn.finding)
        # 7 Policy and 8 Decide
        held, why_not = self._held(request, described, findings, policies.version, now)
        purposes = () if mission is None else self._lines.get(mission.purpose, (mission.purpose,))
        case = self._judge(policies, call_facts(described, actors, findings, spend, held, purposes, now))
        judgement = case.judgement
        case.described, case.call_id, case.mode = described, call_id, mode
        case.expects = (*actors.read, (Kind.TOOL, described.id, tool.version if described.registered else 0))
        if held is not None and judgement.effect is Effect.PERMIT:
            case.approval = held.id
            case.puts.append(Put(kind=Kind.APPROVAL, record=held, expected=held.version - 1))
        elif why_not is not None and judgement.effect is not Effect.PERMIT:
            case.judgement = _with_reason(judgement, why_not)
        if mode is Mode.OBSERVE and tool.state is ToolState.ACTIVE:
            observe(case)
        elif mode is Mode.OBSERVE:
            case.would = case.judgement.effect
        if case.judgement.effect is Effect.PERMIT:
            if request.token is not None and mode is Mode.ENFORCE:
                id = self._entropy.identifier("t")
                case.token = self._tokens.issue(request.token, call, mission, decision, id, now)
            permit(case, actors, described, drawn, usage, decision)
        elif case.judgement.effect is Effect.ASK:
            ask(case, actors, described, self._approvals, self._entropy.identifier("a"), decision, now)
        return case

    def _judge(self, policies: PolicySet, facts: Facts) -> Case:
        """Steps 7 and 8: policy over the facts. What is hard to undo, and a sample of the rest, is confirmed by Cedar
        itself before it counts; where the two differ Cedar is right, and from then on it answers alone."""
        evaluation = policies.evaluate(facts)
        divergence = None
        if due(policies, facts, evaluation, draw=self._entropy.chance()):
            divergence = confirm(policies, facts, evaluation)
            if divergence is not None:
                policies.distrust(str(divergence))
                evaluation = divergence.reference
        return Case(judgement=judge(policies, facts, evaluation), policy=policies.version, divergence=divergence)

    def _held(
        self, request: Request, described: Described, findings: tuple[Finding, ...], policy: str, now: int
    ) -> tuple[Approval | None, str | None]:
        """The approval that the request names, as it would be consumed; else why it does not hold for this call.

        One that does not hold is as if there were none: what policy asks for then is asked for anew (I6).
        """
        if request.approval is None:
            return None, None
        approval = self._state.approval(described.call.tenant, request.approval)
        if approval is None:
            return None, "there is no such approval"
        found = self._approvals.consume(
            approval, described.call, policy=policy, evidence=evidence_of(findings), now=now
        )
        return (None, found) if isinstance(found, str) else (found, None)

    def _await_outcome(self, case: Case, decision: str) -> None:
        described = case.described
        if described is None or case.judgement.effect is not _PERMIT or len(described.call.canonical) > _OPEN_BYTES:
            return
        self._open[decision] = described.call.arguments
        if len(self._open) > _OPEN_CALLS:
            self._open.popitem(last=False)

    def _discover(self, principal: Principal, tenant: TenantId, request: Request, now: int) -> list[Put]:
        """An agent that an enforcement point names and nobody registered is recorded as discovered."""
        if not isinstance(principal, PointPrincipal) or request.subject_type != "agent":
            return []
        record = self._sightings.sighted(tenant, request.subject_id, now)
        return [] if record is None else [Put(kind=Kind.AGENT, record=record, expected=0)]


def _point(principal: Principal) -> PointPrincipal:
    if not isinstance(principal, PointPrincipal):
        raise Forbidden("call tokens are used and introspected by enforcement points, with a key of their own")
    return principal


def authorize(principal: Principal, request: Request) -> TenantId:
    """Whether this principal may ask for this subject and resource. Returns the tenant; raises `Forbidden`."""
    subject = request.subject_type
    if subject == "agent":
        wrong = _misnamed(request.subject_id, request.instance, request.mission)
        if wrong is not None:
            raise InvalidInput(f"expected `{wrong}` to be letters, digits and `_.:@/+=~#-`, 1 to 200 characters")
    if isinstance(principal, PointPrincipal):
        if not principal.may_assert(subject):
            raise Forbidden(f"enforcement point `{principal.point}` may not assert subjects of this type")
        server = request.resource_id.partition("/")[0] if request.resource_type == "tool" else request.resource_type
        if not principal.guards(server):
            raise Forbidden(f"enforcement point `{principal.point}` does not guard this server or resource type")
    elif isinstance(principal, AgentPrincipal):
        if subject != "agent" or request.subject_id != principal.agent:
            raise Forbidden(f"this key is agent `{principal.agent}`'s: it asks for itself only")
    else:
        raise Forbidden("decisions are asked for by agents and enforcement points, with a key of their own")
    return principal.tenant


@functools.lru_cache(maxsize=1024)  # the same take turns
def _misnamed(agent: str, instance: str | None, mission: str | None) -> str | None:
    """The member of a request whose value can name nothing of ours."""
    if not is_identifier(agent):
        return "subject.id"
    if instance is not None and not is_identifier(instance):
        return "subject.properties.instance"
    return "context.mission" if mission is not None and not is_identifier(mission) else None


def _with_reason(judgement: Judgement, why: str) -> Judgement:
    void = deny("remit.approval_void", why, "ask for a new approval").reasons
    return msgspec.structs.replace(judgement, reasons=void + judgement.reasons)


_NO_POLICY = deny(
    "remit.no_policy",
    "no policy set is active, so nothing is permitted",
    "put policies into the policy directory and run `remit policy check`",
    disclosable=False,
)
