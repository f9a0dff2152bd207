"""The ports of the path: what it needs of the world. `storage`, `approvals` and `behaviour` implement them.

All reads are of hot state in memory and never wait. Only `Journal.commit` waits.
"""

from typing import Protocol

from remit.intent import Memory
from remit.terms import (
    Agent,
    AgentId,
    Approval,
    Brief,
    Finding,
    Instance,
    InstanceId,
    Key,
    KeyId,
    Mission,
    MissionId,
    TenantId,
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

    def agent(self, tenant: TenantId, agent: AgentId) -> Agent | None: ...
    def instance(self, tenant: TenantId, instance: InstanceId) -> Instance | None: ...
    def mission(self, tenant: TenantId, mission: MissionId) -> Mission | None: ...
    def brief(self, tenant: TenantId, mission: MissionId) -> Brief | None: ...
    def ledger(self, tenant: TenantId, mission: MissionId) -> Ledger | None: ...
    def tool(self, tenant: TenantId, tool: ToolId) -> Tool | None: ...
    def key(self, tenant: TenantId, key: KeyId) -> Key | None: ...
    def approval(self, tenant: TenantId, approval: str) -> Approval | None: ...
    def reservation(self, tenant: TenantId, decision: str) -> Reservation | None: ...
    def usage(self, tenant: TenantId, agent: AgentId) -> Usage | None: ...
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


class Rates(Protocol):
    """Behaviour: how often, and whether for the first time."""

    def findings(
        self, tenant: TenantId, agent: AgentId, instance: InstanceId, tool: ToolId, usage: Usage | None, now: int
    ) -> tuple[Finding, ...]: ...
