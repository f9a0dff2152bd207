"""A case: what one pass through steps 2 to 8 found, and what step 9 writes of it.

Reserve, raise the label, bind the mission, consume or open the approval, remember the first use: each is a record with
the version it replaces, and all of them are one transaction with the entry.
"""

import msgspec

from remit.decision import Divergence, Judgement, evidence_of, observed
from remit.mediation.budget import Drawn
from remit.mediation.describe import Described
from remit.mediation.drafts import call_detail, decision_entry
from remit.mediation.find import Actors
from remit.mediation.ports import Approvals
from remit.mediation.tokens import Issued
from remit.terms import (
    Confidentiality,
    Detail,
    Effect,
    EntryDraft,
    Integrity,
    Kind,
    Label,
    Mode,
    Principal,
    Put,
    Request,
    TenantId,
    Tool,
    Write,
    actor_of,
)
from remit.terms.entries import Expected, Reservation, Usage


class Case(msgspec.Struct, kw_only=True):
    """What was found so far. `puts` and `expects` are what the commit writes and compares."""

    judgement: Judgement
    policy: str = ""
    described: Described | None = None
    call_id: str = ""
    approval: str | None = None
    mode: Mode = Mode.ENFORCE
    would: Effect | None = None  # in observe: what enforce would answer
    token: Issued | None = None
    divergence: Divergence | None = None  # of the two evaluators of policy
    puts: list[Put] = []
    expects: tuple[Expected, ...] = ()


def permit(case: Case, actors: Actors, described: Described, drawn: Drawn, usage: Usage | None, decision: str) -> None:
    """Reserve, raise the label to what the tool may return, remember the first use (in enforce: what is observed feeds
    no baseline)."""
    call, puts = described.call, case.puts
    puts.extend(drawn.puts)
    token = ""
    if case.token is not None:
        token = case.token.record.id
        puts.append(Put(kind=Kind.TOKEN, record=case.token.record, expected=0))
    reservation = Reservation(
        tenant=call.tenant,
        id=decision,
        mission=call.mission or "",
        agent=call.agent,
        instance=call.instance,
        server=call.server,
        tool=call.tool,
        call_id=call.call_id,
        digest=call.digest,
        reserved=drawn.reserved,
        ledgers=drawn.daily,
        token=token,
    )
    puts.append(Put(kind=Kind.RESERVATION, record=reservation, expected=0))
    _appear(case, actors, joined(actors.instance.label, described.tool))
    _bind(case, actors)
    if case.mode is Mode.ENFORCE and (usage is None or described.tool.id not in usage.tools):
        version = usage.version if usage else 0
        tools = (*(usage.tools if usage else ()), described.tool.id)
        record = Usage(tenant=call.tenant, id=call.agent, tools=tools, version=version + 1)
        puts.append(Put(kind=Kind.USAGE, record=record, expected=version))


def ask(
    case: Case, actors: Actors, described: Described, approvals: Approvals, id: str, decision: str, now: int
) -> None:
    """Open the access request, or find the one that waits already for this very call."""
    judgement = case.judgement
    assert judgement.remedy is not None
    _appear(case, actors, actors.instance.label)
    _bind(case, actors)
    lift = judgement.lift
    approval = approvals.open(
        described.call,
        decision=decision,
        policy=case.policy,
        evidence=evidence_of(judgement.findings),
        groups=judgement.remedy.groups,
        needed=lift.needed if lift is not None else 1,
        together=lift is not None and lift.together,
        id=id,
        now=now,
    )
    case.approval = approval.id
    if approval.decision == decision:  # else it waits already, since an earlier ask of this very call
        case.puts.append(Put(kind=Kind.APPROVAL, record=approval, expected=0))


def observe(case: Case) -> None:
    """Observe: the judgement stands on record, and the call is let through."""
    case.would = case.judgement.effect
    case.judgement = observed(case.judgement)


def draft(
    principal: Principal,
    tenant: TenantId,
    request: Request,
    decision: str,
    case: Case,
    salt: bytes,
    as_of: int,
    now: int,
) -> Write:
    """Step 9, the write: decision, reservation and entry are one transaction. `as_of`: the revision before step 2."""
    entry = decision_entry(
        tenant,
        decision,
        case.judgement,
        request,
        case.described,
        actor=actor_of(principal),
        policy=case.policy,
        approval=case.approval,
        salt=salt,
        call_id=case.call_id,
        mode=case.mode,
        would=case.would,
        token=case.token.record.id if case.token is not None else None,
        now=now,
    )
    details: tuple[Detail, ...] = ()
    if case.described is not None:
        details = (call_detail(decision, case.described, case.judgement, salt),)
    # A deny rests on nothing that could go away in its favour; what else is released is of one moment.
    expects = () if case.judgement.effect is Effect.DENY else case.expects
    return Write(entry=entry, puts=tuple(case.puts), expects=expects, details=details, as_of=as_of)


def divergence_write(tenant: TenantId, divergence: Divergence, now: int) -> Write:
    """The record that compiled policies answered otherwise than Cedar, and are not asked any more."""
    facts: dict[str, object] = {
        "policy": divergence.policy,
        "compiled": [ref.id for ref in divergence.compiled.policies],
        "compiled_allowed": divergence.compiled.allowed,
        "reference": [ref.id for ref in divergence.reference.policies],
        "reference_allowed": divergence.reference.allowed,
    }
    return Write(
        entry=EntryDraft(
            tenant=tenant, kind="policy.diverged", id=divergence.policy, time=now, actor="remit", facts=facts
        )
    )


def joined(label: Label, tool: Tool) -> Label:
    """The label with the worst that a tool may return, before anything did."""
    if not tool.outside:
        return label if label.integrity <= Integrity.INTERNAL else label.join(_INTERNAL)
    if label.integrity is Integrity.OUTSIDE and tool.id in label.origins:
        return label
    return label.join(Label(integrity=Integrity.OUTSIDE, confidentiality=Confidentiality.PUBLIC, origins=(tool.id,)))


def _appear(case: Case, actors: Actors, label: Label) -> None:
    """The instance with this label; on its first call it comes into being."""
    if label != actors.instance.label or not actors.known_instance:
        before = actors.instance.version if actors.known_instance else 0
        record = msgspec.structs.replace(actors.instance, label=label, version=before + 1)
        case.puts.append(Put(kind=Kind.INSTANCE, record=record, expected=before))


def _bind(case: Case, actors: Actors) -> None:
    """A mission that is open to any instance becomes this one's."""
    mission = actors.mission
    if mission is not None and mission.instance is None:
        bound = msgspec.structs.replace(mission, instance=actors.instance.id, version=mission.version + 1)
        case.puts.append(Put(kind=Kind.MISSION, record=bound, expected=mission.version))


_INTERNAL = Label(integrity=Integrity.INTERNAL, confidentiality=Confidentiality.PUBLIC)
