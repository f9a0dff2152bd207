"""Tools, requests and calls.

A `Request` is what a door received: every field is the caller's claim. A `Call` is what `mediation` made of it after
authentication, look-up and strict parsing. Code that wants a `Call` cannot be handed a `Request` (I10).
"""

import enum
from collections.abc import Mapping
from typing import Any, NewType

import msgspec

from remit.terms.identity import AgentId, InstanceId, TenantId
from remit.terms.tokens import TokenRequest

MissionId = NewType("MissionId", str)
ServerId = NewType("ServerId", str)
ToolId = NewType("ToolId", str)  # "<server>/<tool>"
CallId = NewType("CallId", str)
Unverified = NewType("Unverified", Mapping[str, Any])  # properties that a caller attached: never evidence


class OperationClass(enum.StrEnum):
    """What a call does."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    TRANSFER = "transfer"
    COMMUNICATE = "communicate"
    EXECUTE = "execute"
    ADMINISTER = "administer"


# Undone only with effort, or not at all: what the reference evaluator confirms and what asks by default.
HIGH_RISK = frozenset(
    {OperationClass.TRANSFER, OperationClass.DELETE, OperationClass.EXECUTE, OperationClass.ADMINISTER}
)


class ToolState(enum.StrEnum):
    ACTIVE = "active"
    QUARANTINED = "quarantined"


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool or endpoint, as registered, with how Remit reads it."""

    tenant: TenantId
    server: ServerId
    name: str
    description: str
    input_schema: dict[str, Any]  # JSON Schema of the arguments
    annotations: dict[str, Any] = {}  # MCP hints: untrusted, may raise risk, never lower it
    definition_hash: str  # SHA-256, hexadecimal, of the JCS form of name, description, schema, annotations
    classes: tuple[OperationClass, ...]  # all that it may do; an unclear tool has several
    targets: tuple[str, ...] = ()  # arguments (dotted paths) that name what is acted on
    sinks: tuple[str, ...] = ()  # arguments that name where data goes: recipients, channels, URLs
    content: tuple[str, ...] = ()  # arguments that carry free text
    amounts: tuple[str, ...] = ()  # arguments that are money
    outside: bool = True  # its results can carry what people outside the organisation wrote
    sure: bool = False  # whether the reading is unambiguous
    because: str = ""  # what the reading rests on, one line
    state: ToolState = ToolState.ACTIVE
    cause: str = ""  # why quarantined
    version: int = 1

    @property
    def id(self) -> ToolId:
        return ToolId(f"{self.server}/{self.name}")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A call as a door received it, in AuthZEN's shape. Unverified."""

    subject_type: str
    subject_id: str
    instance: str | None = None
    action: str
    resource_type: str
    resource_id: str
    mission: str | None = None
    call_id: str | None = None
    arguments: Mapping[str, Any] | None = None
    approval: str | None = None
    token: TokenRequest | None = None  # a call token that is wanted with a permit
    subject_properties: Unverified = Unverified({})
    action_properties: Unverified = Unverified({})
    resource_properties: Unverified = Unverified({})
    context: Unverified = Unverified({})  # what else the caller's context said


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One invocation of one tool with its arguments: the micro-task."""

    tenant: TenantId
    mission: MissionId | None
    agent: AgentId
    instance: InstanceId
    server: ServerId
    tool: str
    definition_hash: str  # "" for a tool nobody registered
    arguments: Mapping[str, Any]
    canonical: bytes  # JCS form of the arguments: what is forwarded
    call_id: CallId
    digest: str  # SHA-256, hexadecimal, over the JCS form of the fields above (design: Digest)

    @property
    def tool_id(self) -> ToolId:
        return ToolId(f"{self.server}/{self.tool}")


class OutcomeStatus(enum.StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"  # never retried: it may have happened


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an enforcement point attests happened after a permit."""

    decision: str
    status: OutcomeStatus
    content: str | None = (
        None  # the result as text, None when it was not attested; kept erasable, indexed for grounding
    )
    error: str = ""
