"""Access requests and approvals."""

import enum

import msgspec

from remit.terms.identity import TenantId


class ApprovalState(enum.StrEnum):
    """Where a request stands; whatever is not `approved` is not approved.

    AuthZEN ARAP's task states, and `consumed`: to ARAP still an approved task, whose approval holds no longer.
    `failed` and `partial` are states of tasks only: here a request either stands or was never made.
    """

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CONSUMED = "consumed"


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """One `POST` of an access request (ARAP, Access Request Submission), so that a repeated one is known as such."""

    key: str  # SHA-256, hexadecimal, over the caller and the `Idempotency-Key`
    body: str  # SHA-256, hexadecimal, over the body's JCS form


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
    evidence: str  # `kind=verdict` pairs: what the approver saw
    groups: tuple[str, ...]  # who may approve
    needed: int = 1  # how many different operators have to approve (m of n)
    together: bool = False  # somebody of each group has to, not of any
    votes: tuple[str, ...] = ()  # operators who approved so far
    state: ApprovalState
    by: str = ""  # the operator who answered last
    by_groups: tuple[str, ...] = ()  # of `groups`, those that who approved so far are in
    cause: str = ""
    opened: int
    answered: int = 0  # when it was approved, denied or cancelled
    expires: int
    requester: str = ""  # who submitted it as an access request, as entries write it
    submissions: tuple[Submission, ...] = ()  # latest last
    version: int = 1
