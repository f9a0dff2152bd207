"""What policy is told about one request, and what it answers. Pure values.

Nothing here is a caller's bare claim: agent, tool, mission and findings are Remit's own records. `Asserted` is what an
enforcement point that may speak for this subject type said about things Remit keeps no records of; it reaches Cedar
only through types that the operator declared, and never for agents and tools.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from remit.terms import Agent, Effect, Finding, Label, Mission, Mode, Obligation, TenantId, Tool


class Asserted(msgspec.Struct, frozen=True, kw_only=True):
    """Properties that a trusted enforcement point attached (AuthZEN section 5: subject, action, resource, context)."""

    subject: Mapping[str, Any] = {}
    action: Mapping[str, Any] = {}
    resource: Mapping[str, Any] = {}
    context: Mapping[str, Any] = {}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """One request as policy sees it."""

    tenant: TenantId
    subject_type: str = "agent"
    subject_id: str
    agent: Agent | None = None  # None for other subject types, and for an agent that nobody registered
    action: str  # AuthZEN's action.name; for tools the action follows from `tool`
    resource_type: str = "tool"
    resource_id: str
    tool: Tool | None = None  # None for other resource types, and for a tool that nobody registered
    arguments: Mapping[str, Any] = {}
    mission: Mission | None = None
    purposes: tuple[str, ...] = ()  # the mission's purpose and its ancestors
    label: Label = Label()  # what the instance has taken in
    findings: tuple[Finding, ...] = ()
    amount: float | Decimal | None = None  # the largest sum of money in the call
    approval_groups: tuple[str, ...] | None = None  # groups of the operators who approved exactly this call
    approvals: int = 1  # how many different operators did
    mode: Mode = Mode.ENFORCE
    now: int = 0  # milliseconds since the epoch
    asserted: Asserted = Asserted()


class PolicyRef(msgspec.Struct, frozen=True, kw_only=True):
    """A policy as people know it."""

    id: str
    effect: Effect  # PERMIT, DENY, or ASK for a forbid that a person may lift
    reason: str = ""
    remedy: str = ""
    disclose: bool = False  # whether the agent may see the remedy
    ask: tuple[str, ...] = ()  # any of these groups may lift it
    needed: int = 1  # how many different operators have to
    obligations: tuple[Obligation, ...] = ()
    file: str = ""
    line: int = 0


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. `allowed` is True only when Cedar allowed it and nothing at all went wrong."""

    allowed: bool
    policies: tuple[PolicyRef, ...] = ()  # the determining ones: the permits of a permit, the forbids of a deny
    errors: tuple[str, ...] = ()


class Lift(msgspec.Struct, frozen=True, kw_only=True):
    """Whose approval would permit what was denied."""

    groups: tuple[str, ...]
    needed: int = 1  # how many different operators
    together: bool = False  # one from each group, not from any


class PolicyTrace(msgspec.Struct, frozen=True, kw_only=True):
    """One policy's part in an explanation."""

    policy: PolicyRef
    applies: bool  # its scope covers this principal, action and resource
    satisfied: bool = False  # and its conditions hold
    error: str = ""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request is answered as it is: what Cedar was asked, and each policy's part."""

    evaluation: Evaluation
    ask_groups: tuple[str, ...] | None
    principal: str
    action: str
    resource: str
    context: dict[str, Any]
    traces: tuple[PolicyTrace, ...]
