"""Access requests and approvals."""

import enum

import msgspec

from remit.terms.identity import TenantId


class ApprovalState(enum.StrEnum):
    """AuthZEN ARAP task states that Remit uses; any other is not approved."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CONSUMED = "consumed"


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a person, and the answer: bound to one digest, policy version and evidence (I6)."""

    tenant: TenantId
    id: str
    decision: str
    mission: str
    agent: str
    instance: str
    tool: str
    call_id: str
    digest: str
    policy: str
    evidence: str  # SHA-256 over kinds and verdicts of the findings
    groups: tuple[str, ...]  # who may approve
    needed: int = 1  # how many different operators have to approve (m of n)
    votes: tuple[str, ...] = ()  # operators who approved so far
    state: ApprovalState
    by: str = ""  # the operator
    by_groups: tuple[str, ...] = ()
    cause: str = ""
    opened: int
    expires: int
    version: int = 1
