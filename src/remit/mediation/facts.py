"""Step 7, prepared: what policy is told. Remit's own records and findings; of a caller's words only what an enforcement
point may assert, and never about agents and tools."""

from remit.mediation.describe import Described
from remit.mediation.find import Actors
from remit.policy import Asserted, Facts
from remit.terms import (
    Agent,
    Approval,
    Finding,
    FindingKind,
    PointPrincipal,
    Principal,
    PurposeId,
    Request,
    Spent,
    TenantId,
)

# Step 2 found no mission: what follows has nothing to be judged against.
_NO_MISSION = (
    Finding(kind=FindingKind.AUTHORITY, verdict="none", message="there is no mission"),
    Finding(kind=FindingKind.BUDGET, verdict="none", message="there is no mission, so no budget"),
)


def call_facts(
    described: Described,
    actors: Actors,
    findings: tuple[Finding, ...],
    spend: Spent,
    approval: Approval | None,
    purposes: tuple[PurposeId, ...],
    now: int,
) -> Facts:
    """Facts of a tool call; `purposes` are the mission's and those above it."""
    call = described.call
    return Facts(
        tenant=call.tenant,
        subject_id=call.agent,
        agent=actors.agent,
        action=call.tool,
        resource_id=described.id,
        tool=described.tool if described.registered else None,
        arguments=call.arguments,
        mission=actors.mission,
        purposes=purposes,
        label=actors.instance.label,
        findings=findings,
        amount=spend.amount or None,
        approval_groups=approval.by_groups if approval else None,
        approvals=len(approval.votes) if approval else 1,
        now=now,
    )


def plain_facts(principal: Principal, tenant: TenantId, request: Request, agent: Agent | None, now: int) -> Facts:
    """Facts of a request about something that is no tool, or by somebody who is no agent."""
    asserted = Asserted()
    if isinstance(principal, PointPrincipal):
        asserted = Asserted(
            subject=request.subject_properties if agent is None else {},
            action=request.action_properties,
            resource=request.resource_properties,
            context=request.context,
        )
    return Facts(
        tenant=tenant,
        subject_type=request.subject_type,
        subject_id=request.subject_id,
        agent=agent,
        action=request.action,
        resource_type=request.resource_type,
        resource_id=request.resource_id,
        findings=_NO_MISSION,
        now=now,
        asserted=asserted,
    )
