"""What is written: entries of the log, state records, erasable details.

A `Write` is one transaction. Entries hold digests, salted commitments and redacted facts; whatever a person or an agent
wrote goes into details, encrypted per mission and erasable, so that the log stays provable without them (I13).
"""

import enum
from typing import Any

import msgspec

from remit.terms.approvals import Approval
from remit.terms.calls import Tool
from remit.terms.containment import ModeRule, TenantStop
from remit.terms.identity import Agent, EnforcementPoint, Instance, Key, Operator, TenantId
from remit.terms.missions import Mission, Spent
from remit.terms.tokens import TokenRecord


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent is known to use: the baseline of first use."""

    tenant: TenantId
    id: str  # the agent's id
    tools: tuple[str, ...] = ()
    version: int = 1


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """What a mission, or somebody in a day, has reserved and spent.

    `id` is the mission's, or `<agent|instance|tenant>:<id>@<YYYY-MM-DD>` of a day in UTC.
    """

    tenant: TenantId
    id: str
    spent: Spent = Spent()
    version: int = 1


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """What one permitted call reserved; settled by its outcome, and spent if no outcome is ever attested."""

    tenant: TenantId
    id: str  # the decision's id
    mission: str
    agent: str
    instance: str
    server: str
    tool: str
    call_id: str
    digest: str
    reserved: Spent
    ledgers: tuple[str, ...] = ()  # of a day, drawn on beside the missions'
    token: str = ""  # id of the call token that was minted for it
    state: str = "reserved"  # reserved, settled, released, unknown
    version: int = 1


class Kind(enum.StrEnum):
    """State records. Each is keyed by (tenant, kind, id) and replaced only over the version that was read."""

    AGENT = "agent"
    INSTANCE = "instance"
    OPERATOR = "operator"
    POINT = "point"
    KEY = "key"
    TOOL = "tool"
    MISSION = "mission"
    LEDGER = "ledger"
    RESERVATION = "reservation"
    APPROVAL = "approval"
    USAGE = "usage"
    TOKEN = "token"  # noqa: S105 a kind of record, no secret
    MODE = "mode"
    TENANT = "tenant"


Record = (
    Agent
    | Instance
    | Operator
    | EnforcementPoint
    | Key
    | Tool
    | Mission
    | Ledger
    | Reservation
    | Approval
    | Usage
    | TokenRecord
    | ModeRule
    | TenantStop
)

RECORD_TYPES: dict[Kind, type] = {
    Kind.AGENT: Agent,
    Kind.INSTANCE: Instance,
    Kind.OPERATOR: Operator,
    Kind.POINT: EnforcementPoint,
    Kind.KEY: Key,
    Kind.TOOL: Tool,
    Kind.MISSION: Mission,
    Kind.LEDGER: Ledger,
    Kind.RESERVATION: Reservation,
    Kind.APPROVAL: Approval,
    Kind.USAGE: Usage,
    Kind.TOKEN: TokenRecord,
    Kind.MODE: ModeRule,
    Kind.TENANT: TenantStop,
}
KINDS: dict[type, Kind] = {of: kind for kind, of in RECORD_TYPES.items()}


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """Write `record`, whose `version` is `expected + 1`, over `expected`; 0 means that it must not exist yet."""

    kind: Kind
    record: Record
    expected: int


CAUSES = "erasure:"  # before the names of shelves on which the causes of erasures stand; no mission is called so


class DetailKind(enum.StrEnum):
    BRIEF = "brief"  # goal, authority, salt of a mission; owner = the mission's id
    CALL = "call"  # arguments and evidence of a decision; owner = the decision's id
    RESULT = "result"  # what a call returned; owner = the decision's id
    CAUSE = "cause"  # why something was erased; owner = the id of what was


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """Erasable text; `body` is encrypted under the mission's own key before it is stored."""

    mission: str
    owner: str
    kind: DetailKind
    body: bytes


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of an entry that is written often. Fields stand in alphabetical order and are `str`, `None`, tuples of
    `str`, or absent: then msgspec writes them as RFC 8785 does."""


class EntryDraft(msgspec.Struct, frozen=True, kw_only=True):
    """An entry before it has its number. `kind` is `noun.participle` ("decision.made", "mission.revoked")."""

    tenant: TenantId
    kind: str
    id: str  # what it is about: the decision's, mission's, agent's id
    time: int
    actor: str  # `actor_of` the principal, or "remit"
    facts: "dict[str, Any] | Facts"  # JSON values: digests, states, codes, ids; nothing that an agent or tool wrote


Expected = tuple[Kind, str, int]  # a record's kind, id and version; 0 = that there is none


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction: all of it or nothing."""

    entry: EntryDraft
    puts: tuple[Put, ...] = ()
    expects: tuple[Expected, ...] = ()  # what was read and is not written: compared all the same
    as_of: int = -1  # the store's revision before all that was read: while it stands, there is nothing to compare
    details: tuple[Detail, ...] = ()  # at most one, of what the entry is about
