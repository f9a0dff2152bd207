"""Purposes, goals, missions and the authority a goal was compiled into."""

import enum
from typing import NewType

import msgspec

from remit.terms.calls import MissionId, OperationClass
from remit.terms.identity import AgentId, InstanceId, TenantId
from remit.terms.labels import Confidentiality

PurposeId = NewType("PurposeId", str)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a purpose allows at most. `None` leaves the purpose's parent, or nothing, to bound it."""

    classes: tuple[OperationClass, ...] | None = None
    servers: tuple[str, ...] | None = None  # server ids
    tools: tuple[str, ...] | None = None  # "<server>/<tool>"
    sinks: tuple[str, ...] | None = None  # domains, addresses, account numbers, channels
    confidentiality: Confidentiality = Confidentiality.CONFIDENTIAL  # most that may flow to a sink within bounds
    ask_above: float | None = None  # a transfer of more than this asks


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Ceilings of one mission; `None` is unbounded."""

    calls: int | None = None
    amount: float | None = None  # sum of money over all transfers
    records: int | None = None


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What a mission has reserved and spent: the ledger."""

    calls: int = 0
    amount: float = 0.0
    records: int = 0


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the organisation's catalogue of reasons."""

    id: PurposeId
    title: str
    parent: PurposeId | None = None
    bounds: Bounds = Bounds()
    budget: Budget = Budget()
    lifetime: int = 8 * 3600 * 1000  # milliseconds a mission may live


class VoucherKind(enum.StrEnum):
    PERSON = "person"  # through a channel the agent cannot reach
    TEMPLATE = "template"  # an operator's
    AGENT = "agent"  # its own word: weakest


class Voucher(msgspec.Struct, frozen=True, kw_only=True):
    """Who says that this goal is wanted."""

    kind: VoucherKind
    by: str  # the subject, operator or agent
    channel: str = ""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One RFC 9396 authorization detail of type `remit_call`: a part of what the goal licenses."""

    actions: tuple[OperationClass, ...]
    datatypes: tuple[str, ...] = ()  # kinds of things, singular nouns; empty = any
    identifiers: tuple[str, ...] = ()  # named items
    sinks: tuple[str, ...] = ()  # named recipients and places
    amounts: tuple[str, ...] = ()  # amounts as the goal writes them
    sources: tuple[str, ...] = ()  # items whose content the goal defers to ("as the notice says")
    verbs: tuple[str, ...] = ()  # what is asked for, as verbs in their base form
    forbids: bool = False  # the goal rules this out instead of asking for it
    sure: bool = True
    quote: str = ""  # the words it rests on


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """What a goal was compiled into. Calls are judged against it; the free text is evidence, never authority."""

    grants: tuple[Grant, ...]
    compiler: str  # name and version
    hash: str  # SHA-256, hexadecimal, over the JCS form of `authorization_details` and `compiler`

    @property
    def authorization_details(self) -> list[dict[str, object]]:
        """RFC 9396 section 2."""
        return [{"type": "remit_call", **msgspec.to_builtins(grant)} for grant in self.grants]


class MissionState(enum.StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Mission(msgspec.Struct, frozen=True, kw_only=True):
    """A purpose-bound piece of work. Its goal and authority lie in the erasable store; here stand their hashes."""

    tenant: TenantId
    id: MissionId
    agent: AgentId
    instance: InstanceId | None = None  # bound to one instance, or None for any of the agent's
    subject: str  # for whom: "user:greta"
    purpose: PurposeId
    voucher: Voucher
    opened_by: str = ""  # `actor_of` who opened it; may not approve its calls
    bounds: Bounds
    budget: Budget
    parent: MissionId | None = None
    depth: int = 0
    goal_commitment: str  # salted SHA-256 of the goal
    authority_hash: str
    state: MissionState
    cause: str = ""
    opened: int
    expires: int
    version: int = 1


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """The erasable part of a mission, as the path needs it."""

    goal: str
    authority: Authority
    salt: str
