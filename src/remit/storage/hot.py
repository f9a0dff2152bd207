"""Hot state: the latest version of every record, in memory, so that no decision waits for a read.

Rebuilt from the store at start. `Store` changes it under its guard, in the order of the commits; readers in other
threads take no lock: each look-up and each listing is one step of the interpreter. What is over leaves it, so that it
grows with what exists and not with what happened: settled reservations, used tokens and approvals that are over as soon
as they are durable, reservations that nobody settles when many came after them, tokens and approvals that nobody used
when they expire, ledgers of a day two days later. `Store` reads those from the database.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from remit.approvals import UNUSED
from remit.terms import (
    Agent,
    AgentId,
    Approval,
    EnforcementPoint,
    Instance,
    InstanceId,
    Key,
    KeyId,
    Kind,
    Mission,
    MissionId,
    ModeRule,
    Operator,
    OperatorId,
    PointId,
    ServerId,
    TenantId,
    TenantStop,
    TokenRecord,
    TokenState,
    Tool,
    ToolId,
)
from remit.terms.entries import RECORD_TYPES, Ledger, Record, Reservation, Usage

R = TypeVar("R", bound=Record)
OPEN = "reserved"  # the state of a reservation whose outcome is awaited
_DECODERS: dict[Kind, msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(of) for kind, of in RECORD_TYPES.items()}


def decode(kind: Kind, body: bytes) -> Record:
    record: Record = _DECODERS[kind].decode(body)
    return record


def is_hot(record: Record) -> bool:
    """Whether a durable record stays in memory."""
    if isinstance(record, Reservation):
        return record.state == OPEN
    if isinstance(record, Approval):
        return record.state in UNUSED
    return not isinstance(record, TokenRecord) or record.state is TokenState.MINTED


def is_loaded(record: Record) -> bool:
    """Whether it is in memory from the start; what is short-lived is read when it is asked for."""
    of = type(record)
    if of is Approval:
        return is_hot(record)
    return of is not Reservation and of is not TokenRecord and not is_daily(record)


def is_daily(record: Record) -> bool:
    return isinstance(record, Ledger) and "@" in record.id


# Types of which some records are not hot.
COOLS = frozenset({Reservation, Approval, TokenRecord})

# Absent from memory does not mean absent: the database has the older ones.
READ_THROUGH = frozenset({Kind.RESERVATION, Kind.TOKEN, Kind.LEDGER, Kind.APPROVAL})


class _Tenants(dict[str, dict[str, R]]):
    """Records by tenant and id. A tenant that has none has an empty dict, which is not kept."""

    def __missing__(self, tenant: str) -> dict[str, R]:
        return {}


class Shelf(Generic[R]):
    """Records of one kind by tenant and id, and by one group (a mission's parent, a tool's server)."""

    def __init__(self, group: Callable[[R], str | None] | None = None) -> None:
        self.of: _Tenants[R] = _Tenants()  # the path looks in here by itself, a call less each
        self._group = group
        self._groups: dict[tuple[str, str], dict[str, None]] = {}

    def get(self, tenant: str, name: str) -> R | None:
        return self.of[tenant].get(name)

    def put(self, record: R) -> None:
        items = self.of.get(record.tenant)
        if items is None:
            items = self.of[record.tenant] = {}
        name = record.id
        if self._group is not None:
            self._regroup(name, items.get(name), record)
        items[name] = record

    def drop(self, tenant: str, name: str) -> None:
        record = self.of[tenant].pop(name, None)
        if record is not None:
            self._regroup(name, record, None)

    def some(self, tenant: str) -> bool:
        return bool(self.of[tenant])

    def all(self, tenant: str) -> tuple[R, ...]:
        return tuple(self.of[tenant].values())

    def grouped(self, tenant: str, group: str) -> tuple[R, ...]:
        names = tuple(self._groups.get((tenant, group), ()))
        found = (self.get(tenant, name) for name in names)
        return tuple(record for record in found if record is not None)

    def _regroup(self, name: str, old: R | None, new: R | None) -> None:
        if self._group is None:
            return
        before = None if old is None else self._group(old)
        after = None if new is None else self._group(new)
        if old is not None and before is not None and before != after:
            names = self._groups[old.tenant, before]
            del names[name]
            if not names:
                del self._groups[old.tenant, before]
        if new is not None and after is not None and before != after:
            self._groups.setdefault((new.tenant, after), {})[name] = None


class Hot:
    """The shelves, and `mediation.ports.State` as far as memory alone can answer it."""

    def __init__(self) -> None:
        self._agents: Shelf[Agent] = Shelf()
        self._instances: Shelf[Instance] = Shelf(lambda instance: instance.agent)
        self._operators: Shelf[Operator] = Shelf()
        self._points: Shelf[EnforcementPoint] = Shelf()
        self._keys: Shelf[Key] = Shelf(lambda key: key.holder)
        self._tools: Shelf[Tool] = Shelf(lambda tool: tool.server)
        self._missions: Shelf[Mission] = Shelf(lambda mission: mission.parent)
        self._ledgers: Shelf[Ledger] = Shelf()
        self._reservations: Shelf[Reservation] = Shelf()
        self._approvals: Shelf[Approval] = Shelf(lambda approval: approval.state.value)
        self._usages: Shelf[Usage] = Shelf()
        self._tokens: Shelf[TokenRecord] = Shelf()
        self._modes: Shelf[ModeRule] = Shelf()
        self._stops: Shelf[TenantStop] = Shelf()
        self._shelves: dict[Kind, Shelf[Any]] = {
            Kind.AGENT: self._agents,
            Kind.INSTANCE: self._instances,
            Kind.OPERATOR: self._operators,
            Kind.POINT: self._points,
            Kind.KEY: self._keys,
            Kind.TOOL: self._tools,
            Kind.MISSION: self._missions,
            Kind.LEDGER: self._ledgers,
            Kind.RESERVATION: self._reservations,
            Kind.APPROVAL: self._approvals,
            Kind.USAGE: self._usages,
            Kind.TOKEN: self._tokens,
            Kind.MODE: self._modes,
            Kind.TENANT: self._stops,
        }
        # The same by the record's type: on the path, for a type is hashed faster than a member of an enumeration.
        self._by_type = {RECORD_TYPES[kind]: shelf for kind, shelf in self._shelves.items()}

    # One record.
    def agent(self, tenant: TenantId, agent: AgentId) -> Agent | None:
        return self._agents.of[tenant].get(agent)

    def instance(self, tenant: TenantId, instance: InstanceId) -> Instance | None:
        return self._instances.of[tenant].get(instance)

    def mission(self, tenant: TenantId, mission: MissionId) -> Mission | None:
        return self._missions.of[tenant].get(mission)

    def ledger(self, tenant: TenantId, mission: MissionId) -> Ledger | None:
        return self._ledgers.of[tenant].get(mission)

    def tool(self, tenant: TenantId, tool: ToolId) -> Tool | None:
        return self._tools.of[tenant].get(tool)

    def key(self, tenant: TenantId, key: KeyId) -> Key | None:
        return self._keys.of[tenant].get(key)

    def approval(self, tenant: TenantId, approval: str) -> Approval | None:
        return self._approvals.of[tenant].get(approval)

    def usage(self, tenant: TenantId, agent: AgentId) -> Usage | None:
        return self._usages.of[tenant].get(agent)

    def token(self, tenant: TenantId, token: str) -> TokenRecord | None:
        return self._tokens.of[tenant].get(token)

    def mode(self, tenant: TenantId, what: str) -> ModeRule | None:
        return self._modes.of[tenant].get(what)

    def stop(self, tenant: TenantId) -> TenantStop | None:
        return self._stops.of[tenant].get("tenant")

    def ruled(self, tenant: TenantId) -> bool:
        return self._modes.some(tenant)

    def modes(self, tenant: TenantId) -> tuple[ModeRule, ...]:
        return self._modes.all(tenant)

    def operator(self, tenant: TenantId, operator: OperatorId) -> Operator | None:
        return self._operators.of[tenant].get(operator)

    def point(self, tenant: TenantId, point: PointId) -> EnforcementPoint | None:
        return self._points.of[tenant].get(point)

    # All of a tenant, in the order in which they came.
    def agents(self, tenant: TenantId) -> tuple[Agent, ...]:
        return self._agents.all(tenant)

    def instances(self, tenant: TenantId, agent: AgentId | None = None) -> tuple[Instance, ...]:
        return self._instances.all(tenant) if agent is None else self._instances.grouped(tenant, agent)

    def missions(self, tenant: TenantId) -> tuple[Mission, ...]:
        return self._missions.all(tenant)

    def children(self, tenant: TenantId, mission: MissionId) -> tuple[Mission, ...]:
        """The missions derived from this one directly."""
        return self._missions.grouped(tenant, mission)

    def tools(self, tenant: TenantId, server: ServerId | None = None) -> tuple[Tool, ...]:
        return self._tools.all(tenant) if server is None else self._tools.grouped(tenant, server)

    def operators(self, tenant: TenantId) -> tuple[Operator, ...]:
        return self._operators.all(tenant)

    def points(self, tenant: TenantId) -> tuple[EnforcementPoint, ...]:
        return self._points.all(tenant)

    def keys(self, tenant: TenantId, holder: str | None = None) -> tuple[Key, ...]:
        return self._keys.all(tenant) if holder is None else self._keys.grouped(tenant, holder)

    def approvals(self, tenant: TenantId, state: str | None = None) -> tuple[Approval, ...]:
        return self._approvals.all(tenant) if state is None else self._approvals.grouped(tenant, state)
