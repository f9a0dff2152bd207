"""The ports of the path: what it needs of the world. `storage`, `approvals` and `behaviour` implement them.

All reads are of hot state in memory and never wait. Only `Journal.commit` waits.
"""

from typing import Protocol

from remit.intent import Memory
from remit.keys import TokenKeys
from remit.policy import PolicySet
from remit.terms import (
    Agent,
    AgentId,
    Approval,
    Brief,
    Call,
    DetailKind,
    Finding,
    Instance,
    InstanceId,
    Key,
    KeyId,
    Mission,
    MissionId,
    ModeRule,
    TenantId,
    TenantStop,
    TokenRecord,
    Tool,
    ToolId,
    Write,
)
from remit.terms.entries import Ledger, Reservation, Usage


class Clock(Protocol):
    """Milliseconds since the epoch, read once per decision; never runs backwards past the last entry (I14)."""

    def now(self) -> int: ...


class State(Protocol):
    """Hot state: the latest version of each record, or None."""

    @property
    def revision(self) -> int:
        """Another number after each change of any record."""
        ...

    def agent(self, tenant: TenantId, agent: AgentId) -> Agent | None: ...
    def instance(self, tenant: TenantId, instance: InstanceId) -> Instance | None: ...
    def mission(self, tenant: TenantId, mission: MissionId) -> Mission | None: ...
    def brief(self, tenant: TenantId, mission: MissionId) -> Brief | None: ...
    def ledger(self, tenant: TenantId, mission: MissionId) -> Ledger | None: ...
    def tool(self, tenant: TenantId, tool: ToolId) -> Tool | None: ...
    def key(self, tenant: TenantId, key: KeyId) -> Key | None: ...
    def approval(self, tenant: TenantId, approval: str) -> Approval | None: ...
    def reservation(self, tenant: TenantId, decision: str) -> Reservation | None: ...
    def token(self, tenant: TenantId, token: str) -> TokenRecord | None: ...
    def mode(self, tenant: TenantId, what: str) -> ModeRule | None: ...
    def ruled(self, tenant: TenantId) -> bool:
        """Whether there is any rule of a mode."""
        ...

    def stop(self, tenant: TenantId) -> TenantStop | None: ...
    def usage(self, tenant: TenantId, agent: AgentId) -> Usage | None: ...
    def detail(self, tenant: TenantId, mission: str, owner: str, kind: DetailKind) -> bytes | None: ...
    def memory(self, tenant: TenantId, instance: InstanceId) -> Memory: ...


class Journal(Protocol):
    """The store's one way in."""

    async def commit(self, write: Write) -> int:
        """Make `write` durable and return its entry's number in the tenant's log.

        Hot state changes at once, before the wait; commits are applied in the order of the calls. Raises `Conflict`
        at once, with nothing changed, when a `Put` expected another version; `Unavailable` when the store cannot be
        written: then nothing of this write, nor of any after it in the queue, was kept, and hot state is as the store
        has it.
        """
        ...


class TokenKeyring(Protocol):
    """The keys that sign and verify call tokens, as they are now."""

    @property
    def tokens(self) -> TokenKeys: ...


class Epoch(Protocol):
    """The epoch of the store: raised by a restore or a fail-over, which voids tokens of older ones (I3)."""

    @property
    def epoch(self) -> int: ...


class Entropy(Protocol):
    """Randomness: unguessable ids and salts."""

    def identifier(self, prefix: str) -> str: ...
    def salt(self) -> bytes: ...
    def chance(self) -> float:
        """From 0 to below 1; nobody can foresee it."""
        ...


class Policies(Protocol):
    """The active policy set of a tenant, or None: then everything is denied (I2)."""

    def current(self, tenant: TenantId) -> PolicySet | None: ...


class Approvals(Protocol):
    """Access requests: opened by an ask, consumed by the permit that rests on them (I6)."""

    def open(
        self,
        call: Call,
        *,
        decision: str,
        policy: str,
        evidence: str,
        groups: tuple[str, ...],
        needed: int = 1,
        together: bool = False,
        id: str,
        now: int,
    ) -> Approval:
        """A new request, to be committed with its ask; or the one that waits for this very call, which is kept."""
        ...

    def consume(self, approval: Approval, call: Call, *, policy: str, evidence: str, now: int) -> Approval | str:
        """The approval as consumed, or why it does not hold for this call."""
        ...


class Sightings(Protocol):
    """Discovery: what to record when somebody acts that nobody registered."""

    def sighted(self, tenant: TenantId, agent: str, now: int) -> Agent | None:
        """A new record, or None when it is known already or there are too many to record more."""
        ...


class Rates(Protocol):
    """Behaviour: how often, and whether for the first time. Asking counts as one attempt."""

    def findings(
        self, tenant: TenantId, agent: AgentId, instance: InstanceId, tool: ToolId, usage: Usage | None, now: int
    ) -> tuple[Finding, ...]: ...
