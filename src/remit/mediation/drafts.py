"""Step 9, drafted: what one decision or outcome writes.

The entry holds digests, salted commitments, codes and verdicts. Arguments, evidence and results go to details, which
are encrypted per mission and erasable (I13). Names that an agent made up are written only when they are identifiers.
"""

import functools
from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

from remit.audit import commit
from remit.decision import Judgement, evidence_of
from remit.mediation.describe import Described
from remit.terms import (
    Detail,
    DetailKind,
    Effect,
    EntryDraft,
    Finding,
    Mode,
    Outcome,
    Reason,
    Remedy,
    Request,
    TenantId,
    is_identifier,
)
from remit.terms.entries import Facts

_CALL = DetailKind.CALL
_encode = msgspec.json.Encoder().encode


class CallDetail(msgspec.Struct, frozen=True, kw_only=True):
    """The erasable half of a decision."""

    arguments: Mapping[str, object]
    digest: str
    reasons: tuple[Reason, ...] = ()
    remedy: Remedy | None = None
    findings: tuple[Finding, ...]
    salt: str


class ResultDetail(msgspec.Struct, frozen=True, kw_only=True):
    """The erasable half of an outcome."""

    content: str | None
    outside: bool
    cut: bool = False  # something is missing at the end
    error: str = ""
    salt: str = ""


class DecisionFacts(Facts, frozen=True, kw_only=True):
    """What the entry of a decision says."""

    agent: str | None
    approval: str | UnsetType | None
    call: str | UnsetType  # commitment to the call's digest
    call_id: str | None
    classes: tuple[str, ...] | UnsetType
    definition: str | UnsetType
    effect: str
    evidence: str
    instance: str | None
    mission: str | None
    mode: str
    policy: str
    reasons: tuple[str, ...]
    resource: str | None
    resource_type: str | None
    subject_type: str | None
    token: str | UnsetType
    would: str | UnsetType  # in observe: what enforce would answer


def commitment(salt: bytes, text: str) -> str:
    """A salted commitment. Without the salt, which is erasable, it says nothing."""
    return commit(salt, text.encode("utf-8", "surrogatepass"))


def name(text: str | None) -> str | None:
    """A caller's name for something, if it is safe to write down."""
    return text if text is None or is_identifier(text) else "(not an identifier)"


_tool_name = functools.lru_cache(4096)(name)  # of described calls: each up to some 450 characters


def decision_entry(
    tenant: TenantId,
    decision: str,
    judgement: Judgement,
    request: Request,
    described: Described | None,
    *,
    actor: str,
    policy: str,
    approval: str | None,
    salt: bytes,
    call_id: str,
    mode: Mode,
    would: Effect | None,
    token: str | None,
    now: int,
) -> EntryDraft:
    """The record of one decision (standards: agent, subject, resource, action, decision, time, risk, remedy)."""
    committed: str | UnsetType = UNSET
    definition: str | UnsetType = UNSET
    classes: tuple[str, ...] | UnsetType = UNSET
    agent: str | None
    instance: str | None
    mission: str | None
    resource: str | None
    resource_type: str | None
    subject_type: str | None
    if described is not None:
        call = described.call  # its agent, instance and mission have been found, so their names are identifiers
        agent, instance, mission = call.agent, call.instance, call.mission
        committed, definition, classes = commitment(salt, call.digest), call.definition_hash, described.tool.classes
        resource, resource_type, subject_type = _tool_name(request.resource_id), "tool", "agent"
    else:
        agent = name(request.subject_id) if request.subject_type == "agent" else None
        instance, mission = name(request.instance), name(request.mission)
        resource, resource_type = name(request.resource_id), name(request.resource_type)
        subject_type = name(request.subject_type)
    facts = DecisionFacts(
        agent=agent,
        approval=UNSET if approval is None else name(approval),
        call=committed,
        call_id=name(call_id),
        classes=classes,
        definition=definition,
        effect=judgement.effect,
        evidence=evidence_of(judgement.findings),
        instance=instance,
        mission=mission,
        mode=mode,
        policy=policy,
        reasons=tuple([reason.code for reason in judgement.reasons]),
        resource=resource,
        resource_type=resource_type,
        subject_type=subject_type,
        token=UNSET if token is None else token,
        would=UNSET if would is None else would,
    )
    return EntryDraft(tenant=tenant, kind="decision.made", id=decision, time=now, actor=actor, facts=facts)


def shelf(mission: str | None, instance: str) -> str:
    """Under which name details are kept and erased together: the mission, or the instance outside of missions."""
    return mission or f"instance:{instance}"


def call_detail(decision: str, described: Described, judgement: Judgement, salt: bytes) -> Detail:
    body = CallDetail(
        arguments=described.call.arguments,
        digest=described.call.digest,
        reasons=judgement.reasons,
        remedy=judgement.remedy,
        findings=judgement.findings,
        salt=salt.hex(),
    )
    return Detail(
        mission=shelf(described.call.mission, described.call.instance),
        owner=decision,
        kind=_CALL,
        body=_encode(body),
    )


def result_detail(mission: str, outcome: Outcome, *, outside: bool, cut: bool, salt: bytes) -> Detail:
    body = ResultDetail(content=outcome.content, outside=outside, cut=cut, error=outcome.error, salt=salt.hex())
    return Detail(mission=mission, owner=outcome.decision, kind=DetailKind.RESULT, body=_encode(body))
