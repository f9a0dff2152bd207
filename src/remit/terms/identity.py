"""Who there is: tenants, agents, instances, operators, enforcement points, and how far to believe a name.

A *credential* is what somebody presented; a *principal* is who `authentication` found that to be. Only `authentication`
makes principals (a test reads the source and proves it), so a name from a request can never stand for a caller (I10).
"""

import enum
import re
from typing import NewType

import msgspec

from remit.terms.labels import Label

TenantId = NewType("TenantId", str)
AgentId = NewType("AgentId", str)
InstanceId = NewType("InstanceId", str)
OperatorId = NewType("OperatorId", str)
PointId = NewType("PointId", str)
KeyId = NewType("KeyId", str)

DEFAULT_TENANT = TenantId("default")

# Identifiers stand in paths, logs and policies: printable, no white space, quotes or
# angle brackets, 1-200 characters.
IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@/+=~#-]{0,199}")


def is_identifier(text: object) -> bool:
    """Whether `text` may name an agent, mission, instance, server or other thing of ours."""
    return isinstance(text, str) and IDENTIFIER.fullmatch(text) is not None


class AgentState(enum.StrEnum):
    """Life cycle of an agent; whatever is not in `ACTING` may not act."""

    DISCOVERED = "discovered"
    PROVISIONAL = "provisional"
    ACTIVE = "active"
    RESTRICTED = "restricted"
    QUARANTINED = "quarantined"
    RETIRED = "retired"


ACTING = frozenset({AgentState.PROVISIONAL, AgentState.ACTIVE, AgentState.RESTRICTED})


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """An application with an identity of its own: the actor."""

    tenant: TenantId
    id: AgentId
    name: str
    owner: str  # the accountable person, "" while discovered
    category: str
    state: AgentState
    groups: tuple[str, ...] = ()
    created: int  # milliseconds since the epoch, as every time in Remit
    cause: str = ""  # why it is in this state
    version: int = 1


class InstanceState(enum.StrEnum):
    ACTIVE = "active"
    QUARANTINED = "quarantined"
    ENDED = "ended"


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """One running process or conversation of an agent, with its memory; it can be contained by itself."""

    tenant: TenantId
    id: InstanceId
    agent: AgentId
    state: InstanceState
    label: Label  # what it has taken in
    cause: str = ""
    version: int = 1


class Role(enum.StrEnum):
    """What an operator may do."""

    ADMIN = "admin"
    APPROVER = "approver"
    AUDITOR = "auditor"
    VIEWER = "viewer"


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """A person who runs, approves or audits Remit."""

    tenant: TenantId
    id: OperatorId
    roles: tuple[Role, ...]
    groups: tuple[str, ...] = ()
    active: bool = True
    cause: str = ""  # why it was deactivated
    version: int = 1


class EnforcementPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway, proxy or resource server: asks for decisions and attests outcomes for the servers that it guards."""

    tenant: TenantId
    id: PointId
    servers: tuple[str, ...]  # server ids, or "*" for all
    subjects: tuple[str, ...] = ("agent",)  # subject types it may assert, or "*"
    active: bool = True
    cause: str = ""  # why it was deactivated
    version: int = 1


class HolderKind(enum.StrEnum):
    AGENT = "agent"
    OPERATOR = "operator"
    POINT = "point"


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """An access key; of the secret only its SHA-256 is kept (the secret has 256 bits of its own)."""

    tenant: TenantId
    id: KeyId
    holder_kind: HolderKind
    holder: str
    secret_sha256: str  # hexadecimal
    created: int
    revoked: bool = False
    cause: str = ""  # why it was revoked
    version: int = 1


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller presented: unverified."""

    scheme: str  # "bearer"
    value: str

    def __repr__(self) -> str:  # I7: a credential never reaches a log
        return f"Credential({self.scheme}, …)"


class AgentPrincipal(msgspec.Struct, frozen=True, kw_only=True):
    """A caller proven to be this agent."""

    tenant: TenantId
    agent: AgentId
    key: KeyId


class PointPrincipal(msgspec.Struct, frozen=True, kw_only=True):
    """A caller proven to be this enforcement point."""

    tenant: TenantId
    point: PointId
    servers: tuple[str, ...]
    subjects: tuple[str, ...]
    key: KeyId

    def guards(self, server: str) -> bool:
        return "*" in self.servers or server in self.servers

    def may_assert(self, subject_type: str) -> bool:
        return "*" in self.subjects or subject_type in self.subjects


class OperatorPrincipal(msgspec.Struct, frozen=True, kw_only=True):
    """A caller proven to be this operator."""

    tenant: TenantId
    operator: OperatorId
    roles: tuple[Role, ...]
    groups: tuple[str, ...]
    key: KeyId


Principal = AgentPrincipal | PointPrincipal | OperatorPrincipal


def actor_of(principal: Principal) -> str:
    """The principal as entries write it: `agent:x`, `point:x` or `operator:x`."""
    if type(principal) is PointPrincipal:  # cheaper than asking whether it is an instance
        return f"point:{principal.point}"
    if type(principal) is AgentPrincipal:
        return f"agent:{principal.agent}"
    assert type(principal) is OperatorPrincipal
    return f"operator:{principal.operator}"
