"""What the routes for operators take and give, as values; the OpenAPI document is made of these."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from remit.administration import Revocable, Revoked
from remit.decision_api.services import Standing
from remit.intent import MAX_GRANTS
from remit.terms import (
    Agent,
    AgentState,
    Approval,
    Bounds,
    Budget,
    EnforcementPoint,
    Grant,
    HolderKind,
    Instance,
    InstanceState,
    Key,
    Mission,
    Mode,
    OperationClass,
    Operator,
    OutcomeStatus,
    Role,
    TenantStop,
    Tool,
    ToolState,
)
from remit.terms.identity import IDENTIFIER

Identifier = Annotated[str, Meta(pattern=f"^{IDENTIFIER.pattern}$", min_length=1, max_length=200)]
Line = Annotated[str, Meta(max_length=500)]  # a name, owner or category
Cause = Annotated[str, Meta(max_length=2000)]
Because = Annotated[str, Meta(min_length=1, max_length=2000)]  # a cause that has to be given
Text = Annotated[str, Meta(max_length=20_000)]  # a goal
Names = tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...]
Words = tuple[Annotated[str, Meta(min_length=1, max_length=500)], ...]


class Index(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    version: str
    links: dict[str, str]


class Alive(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["ok"]


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    ready: bool
    problems: tuple[str, ...]


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """A rule in force by which something is observed instead of enforced."""

    id: str  # `agent:<id>`, `server:<id>` or `tool:<server>/<tool>`
    expires: int  # milliseconds; from then on it is enforced
    by: str  # who asked for it
    confirmed_by: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    tenant: str
    mode: Mode  # of whatever `observing` does not name
    observing: tuple[Observed, ...]
    healthy: bool
    stopped: bool  # the whole tenant: nothing is permitted until an admin resumes it
    problems: tuple[str, ...]
    policy: str  # version of the active set, "" without one
    entries: int
    agents: dict[str, int]  # by state
    missions: dict[str, int]  # by state
    approvals_pending: int
    turned_away: dict[str, int]  # requests without a valid key since the process began, by the reason
    tokens_refused: dict[str, int]  # uses of call tokens, likewise
    warnings: tuple[str, ...]  # what should be looked after; decisions go on
    uptime_seconds: float
    public_url: str
    log_origin: str


class AgentList(msgspec.Struct, frozen=True, kw_only=True):
    agents: tuple[Agent, ...]


class AgentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    agent: Agent


class NewAgent(msgspec.Struct, frozen=True, kw_only=True):
    id: Identifier
    owner: Annotated[str, Meta(min_length=1, max_length=500)]  # the accountable person
    name: Line = ""  # "" is the id
    category: Line = "general"
    groups: Names = ()


class RegisteredAgent(msgspec.Struct, frozen=True, kw_only=True):
    agent: Agent
    key: str  # shown once


class AgentChange(msgspec.Struct, frozen=True, kw_only=True):
    id: Identifier
    state: AgentState
    cause: Cause


class InstanceList(msgspec.Struct, frozen=True, kw_only=True):
    instances: tuple[Instance, ...]


class InstanceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    instance: Instance


class InstanceChange(msgspec.Struct, frozen=True, kw_only=True):
    id: Identifier
    state: InstanceState
    cause: Cause


class GivenGrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An RFC 9396 authorization detail of type `remit_call`, as `explain` shows it."""

    type: Literal["remit_call"] = "remit_call"
    actions: Annotated[tuple[OperationClass, ...], Meta(min_length=1)]
    datatypes: Words = ()
    identifiers: Words = ()
    sinks: Words = ()
    amounts: Words = ()
    sources: Words = ()
    verbs: Words = ()
    forbids: bool = False
    sure: bool = True
    quote: Line = ""

    @property
    def grant(self) -> Grant:
        return Grant(**{name: getattr(self, name) for name in Grant.__struct_fields__})


GivenGrants = Annotated[tuple[GivenGrant, ...], Meta(max_length=MAX_GRANTS)]


class NewMission(msgspec.Struct, frozen=True, kw_only=True):
    agent: Identifier
    purpose: Line  # an entry of remit.toml
    goal: Text  # what was asked, in the asker's own words
    subject: Line = ""  # for whom: `user:greta`
    channel: Line = ""
    instance: Identifier | None = None
    bounds: Bounds | None = None
    budget: Budget | None = None
    lifetime_seconds: Annotated[int, Meta(ge=1, le=31_536_000)] | None = None
    authorization_details: GivenGrants | None = None  # in place of what the goal is compiled into; not for agents


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    purpose: Line
    goal: Text
    authorization_details: GivenGrants | None = None  # as somebody proposes it


class AuthorityAnswer(msgspec.Struct, frozen=True, kw_only=True):
    authorization_details: list[dict[str, Any]]
    compiler: str
    authority_hash: str
    unsure: int  # how many of the details are unsure: a person should look at them


class DerivedMission(msgspec.Struct, frozen=True, kw_only=True):
    agent: Identifier
    instance: Identifier | None = None
    bounds: Bounds | None = None
    budget: Budget | None = None
    lifetime_seconds: Annotated[int, Meta(ge=1, le=31_536_000)] | None = None


class MissionChange(msgspec.Struct, frozen=True, kw_only=True):
    state: Literal["completed", "suspended", "active", "revoked"]
    cause: Cause


class MissionList(msgspec.Struct, frozen=True, kw_only=True):
    missions: tuple[Mission, ...]


class MissionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    mission: Mission
    goal: str | None  # None once it was erased
    authorization_details: list[dict[str, Any]]  # RFC 9396 section 2


class ToolList(msgspec.Struct, frozen=True, kw_only=True):
    tools: tuple[Tool, ...]


class ToolAnswer(msgspec.Struct, frozen=True, kw_only=True):
    tool: Tool


class Definitions(msgspec.Struct, frozen=True, kw_only=True):
    """`document` is a `tools/list` result or its list (mcp), an OpenAPI 3 document (openapi), or
    `{name, description?, schema, annotations?}` (schema)."""

    server: Identifier
    format: Literal["mcp", "openapi", "schema"]
    document: Any
    accept: bool = False  # take changed definitions over


class ToolCorrection(msgspec.Struct, frozen=True, kw_only=True):
    id: Line
    because: Cause
    classes: tuple[OperationClass, ...] | None = None
    targets: Words | None = None
    sinks: Words | None = None
    content: Words | None = None
    amounts: Words | None = None
    outside: bool | None = None


class ToolChange(msgspec.Struct, frozen=True, kw_only=True):
    id: Line
    state: ToolState
    cause: Cause


class NewOperator(msgspec.Struct, frozen=True, kw_only=True):
    id: Identifier
    roles: Annotated[tuple[Role, ...], Meta(min_length=1)]
    groups: Names = ()


class OperatorChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is."""

    id: Identifier
    roles: Annotated[tuple[Role, ...], Meta(min_length=1)] | None = None
    groups: Names | None = None


class ChangedOperator(msgspec.Struct, frozen=True, kw_only=True):
    operator: Operator


class OperatorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    operator: Operator
    key: str  # shown once


class OperatorList(msgspec.Struct, frozen=True, kw_only=True):
    operators: tuple[Operator, ...]


class NewPoint(msgspec.Struct, frozen=True, kw_only=True):
    id: Identifier
    servers: Annotated[Names, Meta(min_length=1)]  # server ids it guards, or `*`
    subjects: Annotated[Names, Meta(min_length=1)] = ("agent",)  # subject types it may assert, or `*`


class PointAnswer(msgspec.Struct, frozen=True, kw_only=True):
    point: EnforcementPoint
    key: str  # shown once


class PointList(msgspec.Struct, frozen=True, kw_only=True):
    points: tuple[EnforcementPoint, ...]


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    kind: HolderKind
    holder: Identifier


class KeySecret(msgspec.Struct, frozen=True, kw_only=True):
    key: str  # shown once


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key without anything of its secret."""

    id: str
    kind: HolderKind
    holder: str
    created: int
    revoked: bool
    cause: str = ""  # why


class KeyList(msgspec.Struct, frozen=True, kw_only=True):
    keys: tuple[KeyView, ...]


class KeyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    key: KeyView


def key_view(key: Key) -> KeyView:
    return KeyView(
        id=key.id, kind=key.holder_kind, holder=key.holder, created=key.created, revoked=key.revoked, cause=key.cause
    )


class ApprovalList(msgspec.Struct, frozen=True, kw_only=True):
    approvals: tuple[Approval, ...]


class ApprovalAnswer(msgspec.Struct, frozen=True, kw_only=True):
    approval: Approval
    missing: int  # votes that it still takes, at least


class ApprovalDetails(msgspec.Struct, frozen=True, kw_only=True):
    """With what would be done, for those who may read the record."""

    approval: Approval
    missing: int
    call: dict[str, Any] | None  # arguments, reasons and findings; None once they were erased
    goal: str | None  # of the mission
    justification: str | None  # the requester's words


class ApprovalChange(msgspec.Struct, frozen=True, kw_only=True):
    state: Literal["approved", "denied", "cancelled"]
    cause: Cause = ""


class Revoke(msgspec.Struct, frozen=True, kw_only=True):
    """`quarantine`: an agent or instance can be let go on later; without it they end for good."""

    kind: Revocable
    id: Line = ""  # of a tenant it may be left out
    cause: Because
    quarantine: bool = False


class RevokedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    revoked: Revoked


class Resume(msgspec.Struct, frozen=True, kw_only=True):
    kind: Literal["tenant"]
    cause: Because


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    tenant: TenantStop


class Attestation(msgspec.Struct, frozen=True, kw_only=True):
    """What happened after a permit. Without `content` the result counts as unknown text."""

    decision: Line
    status: OutcomeStatus
    content: str | None = None
    error: Cause = ""


class NewErasure(msgspec.Struct, frozen=True, kw_only=True):
    """Exactly one of `mission`, `instance` and `days`."""

    cause: Annotated[str, Meta(min_length=1, max_length=200)]  # stays in the log for ever
    mission: Identifier | None = None  # that is over, with all that derive from it
    instance: Identifier | None = None  # what it did outside of missions
    days: Annotated[int, Meta(ge=1, le=36_500)] | None = None  # what ended longer ago


class NewBackup(msgspec.Struct, frozen=True, kw_only=True):
    keys: bool  # whether the copy holds the keys


class BackupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    entry: int  # its number: the copy holds it


class ProofAnswer(msgspec.Struct, frozen=True, kw_only=True):
    proof: str  # C2SP tlog-proof; `extra` is the entry


class LogView(msgspec.Struct, frozen=True, kw_only=True):
    """The log, and who else keeps its checkpoints."""

    key: str  # the verifier key; believe it only when you have it by another way too
    public: bool
    elsewhere: tuple[Standing, ...]


class EntryList(msgspec.Struct, frozen=True, kw_only=True):
    size: int  # of the whole log
    entries: tuple[dict[str, Any], ...]


class PolicyView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    effect: str
    reason: str
    remedy: str
    disclose: bool
    ask: tuple[str, ...]
    file: str
    line: int


class PolicySetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    policies: tuple[PolicyView, ...]
