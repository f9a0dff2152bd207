"""Step 9, drafted: what one decision or outcome writes.

The entry holds digests, salted commitments, codes and verdicts. Arguments, evidence and results go to details, which
are encrypted per mission and erasable (I13). Names that an agent made up are written only when they are identifiers.
"""

import msgspec

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


class CallDetail(msgspec.Struct, frozen=True, kw_only=True):
    """The erasable half of a decision."""

    arguments: dict[str, object]
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


def commitment(salt: bytes, text: str) -> str:
    """A salted commitment. Without the salt, which is erasable, it says nothing."""
    return commit(salt, text.encode("utf-8", "surrogatepass"))


def name(text: str | None) -> str | None:
    """A caller's name for something, if it is safe to write down."""
    return text if text is None or is_identifier(text) else "(not an identifier)"


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
    facts: dict[str, object] = {
        "agent": name(request.subject_id) if request.subject_type == "agent" else None,
        "subject_type": name(request.subject_type),
        "instance": described.call.instance if described is not None else name(request.instance),
        "mission": name(request.mission),
        "resource_type": name(request.resource_type),
        "resource": name(request.resource_id),
        "call_id": name(call_id),
        "mode": mode.value,
        "effect": judgement.effect.value,
        "reasons": [reason.code for reason in judgement.reasons],
        "evidence": evidence_of(judgement.findings),
        "policy": policy,
    }
    if would is not None:
        facts["would"] = would.value
    if token is not None:
        facts["token"] = token
    if approval is not None:
        facts["approval"] = name(approval)
    if described is not None:
        facts["classes"] = [item.value for item in described.tool.classes]
        facts["definition"] = described.tool.definition_hash
        facts["call"] = commitment(salt, described.call.digest)
    return EntryDraft(tenant=tenant, kind="decision.made", id=decision, time=now, actor=actor, facts=facts)


def shelf(mission: str | None, instance: str) -> str:
    """Under which name details are kept and erased together: the mission, or the instance outside of missions."""
    return mission or f"instance:{instance}"


def call_detail(decision: str, described: Described, judgement: Judgement, salt: bytes) -> Detail:
    body = CallDetail(
        arguments=dict(described.call.arguments),
        digest=described.call.digest,
        reasons=judgement.reasons,
        remedy=judgement.remedy,
        findings=judgement.findings,
        salt=salt.hex(),
    )
    return Detail(
        mission=shelf(described.call.mission, described.call.instance),
        owner=decision,
        kind=DetailKind.CALL,
        body=msgspec.json.encode(body),
    )


def result_detail(mission: str, outcome: Outcome, *, outside: bool, cut: bool, salt: bytes) -> Detail:
    body = ResultDetail(content=outcome.content, outside=outside, cut=cut, error=outcome.error, salt=salt.hex())
    return Detail(mission=mission, owner=outcome.decision, kind=DetailKind.RESULT, body=msgspec.json.encode(body))
