"""What every desk needs: the records, the journal, the clock, and who may do what as one table."""

import enum
from collections.abc import Sequence
from typing import Any, Protocol

from remit.authentication import renewed
from remit.mediation import Clock, Entropy, Journal, State
from remit.policy import PolicySet
from remit.terms import (
    Agent,
    AgentId,
    Approval,
    Conflict,
    Detail,
    EnforcementPoint,
    EntryDraft,
    Forbidden,
    Instance,
    Key,
    Mission,
    MissionId,
    Operator,
    OperatorId,
    OperatorPrincipal,
    PointId,
    Principal,
    Put,
    Role,
    Settings,
    TenantId,
    Tool,
    Write,
    actor_of,
)


class Act(enum.StrEnum):
    """What an operator may be allowed to do."""

    READ = "read"  # agents, missions, tools, approvals, status
    READ_RECORD = "read record"  # decisions with their evidence, entries
    MANAGE = "manage"  # agents, missions, tools, policies
    MANAGE_ACCESS = "manage access"  # operators, enforcement points, keys
    STOP = "stop"  # suspend, quarantine, revoke; also the whole tenant
    RESUME = "resume"  # a stopped tenant


_ALL = frozenset(Role)
PERMISSIONS: dict[Act, frozenset[Role]] = {
    Act.READ: _ALL,
    Act.READ_RECORD: frozenset({Role.ADMIN, Role.APPROVER, Role.AUDITOR}),
    Act.MANAGE: frozenset({Role.ADMIN}),
    Act.MANAGE_ACCESS: frozenset({Role.ADMIN}),
    Act.STOP: frozenset({Role.ADMIN, Role.APPROVER}),
    Act.RESUME: frozenset({Role.ADMIN}),
}


class Records(State, Protocol):
    """Hot state with its listings."""

    def operator(self, tenant: TenantId, operator: OperatorId) -> Operator | None: ...
    def point(self, tenant: TenantId, point: PointId) -> EnforcementPoint | None: ...
    def agents(self, tenant: TenantId) -> Sequence[Agent]: ...
    def instances(self, tenant: TenantId, agent: AgentId | None = None) -> Sequence[Instance]: ...
    def missions(self, tenant: TenantId) -> Sequence[Mission]: ...
    def children(self, tenant: TenantId, mission: MissionId) -> Sequence[Mission]: ...
    def tools(self, tenant: TenantId) -> Sequence[Tool]: ...
    def operators(self, tenant: TenantId) -> Sequence[Operator]: ...
    def points(self, tenant: TenantId) -> Sequence[EnforcementPoint]: ...
    def keys(self, tenant: TenantId) -> Sequence[Key]: ...
    def approvals(self, tenant: TenantId, state: str | None = None) -> Sequence[Approval]: ...


class PolicyBook(Protocol):
    """The active policy sets."""

    def current(self, tenant: TenantId) -> PolicySet | None: ...

    def reload(self, tenant: TenantId) -> PolicySet:
        """Read the policy directory again and activate it. Raises `Refused`; the active set then stays."""
        ...

    def admit(self, tenant: TenantId, tools: tuple[Tool, ...]) -> None:
        """Extend the tenant's schema by `tools`. Raises `Refused` when a policy does not fit one of them."""
        ...


class Office:
    """Shared by the desks."""

    def __init__(
        self,
        *,
        records: Records,
        journal: Journal,
        clock: Clock,
        entropy: Entropy,
        policies: PolicyBook,
        settings: Settings,
    ) -> None:
        self.records = records
        self.journal = journal
        self.clock = clock
        self.entropy = entropy
        self.policies = policies
        self.settings = settings

    def renew(self, by: Principal) -> Principal:
        """`by` as the key stands at this moment: it was presented before the request's body was read.

        Between this and the commit nothing waits, so no revocation comes in between. Raises `Unauthenticated`.
        """
        return renewed(self.records, by)

    def require_running(self, tenant: TenantId) -> None:
        """Raise `Conflict` while the whole tenant is stopped: no new work begins in it."""
        stop = self.records.stop(tenant)
        if stop is not None and stop.stopped:
            raise Conflict(
                "everything is stopped; an admin other than who stopped it can resume: `remit resume tenant`"
            )

    def require(self, by: Principal, act: Act) -> OperatorPrincipal:
        """`by` as an operator who may do `act` now. Raises `Unauthenticated`, or `Forbidden` naming the roles."""
        by = self.renew(by)
        if not isinstance(by, OperatorPrincipal):
            raise Forbidden(f"to {act.value} needs an operator's key; this key is {actor_of(by)}'s")
        if not PERMISSIONS[act] & set(by.roles):
            roles = " or ".join(sorted(PERMISSIONS[act]))
            raise Forbidden(f"to {act.value} needs role {roles}; operator `{by.operator}` has {', '.join(by.roles)}")
        return by

    async def record(
        self,
        by: Principal,
        kind: str,
        id: str,
        facts: dict[str, Any],
        *puts: Put,
        details: tuple[Detail, ...] = (),
        now: int | None = None,
    ) -> int:
        """Commit `puts` with their entry; returns its number."""
        entry = EntryDraft(
            tenant=by.tenant,
            kind=kind,
            id=id,
            time=self.clock.now() if now is None else now,
            actor=actor_of(by),
            facts=facts,
        )
        return await self.journal.commit(Write(entry=entry, puts=puts, details=details))
