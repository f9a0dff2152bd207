"""Agents and instances: registered, changed, contained."""

from remit.administration.office import Act, Office
from remit.agents import change_agent, change_instance, register
from remit.authentication import new_key
from remit.terms import (
    Agent,
    AgentId,
    AgentState,
    HolderKind,
    Instance,
    InstanceId,
    InstanceState,
    Kind,
    NotFound,
    Principal,
    Put,
)

_STOPS = frozenset({AgentState.RESTRICTED, AgentState.QUARANTINED, AgentState.RETIRED})


class Agents:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def register(
        self, by: Principal, agent: str, *, name: str, owner: str, category: str, groups: tuple[str, ...] = ()
    ) -> tuple[Agent, str]:
        """An active agent and its access key, which is shown once. A discovered agent is taken over by its id."""
        office = self._office
        office.require(by, Act.MANAGE)
        now = office.clock.now()
        known = office.records.agent(by.tenant, AgentId(agent))
        record = register(
            by.tenant,
            agent,
            name=name,
            owner=owner,
            category=category,
            groups=groups,
            state=AgentState.ACTIVE,
            now=now,
            known=known,
        )
        key, secret = new_key(by.tenant, HolderKind.AGENT, record.id, now)
        await office.record(
            by,
            "agent.registered",
            record.id,
            {"category": category if category.isidentifier() else "", "key": key.id, "state": record.state.value},
            Put(kind=Kind.AGENT, record=record, expected=record.version - 1),
            Put(kind=Kind.KEY, record=key, expected=0),
            now=now,
        )
        return record, secret

    async def change(self, by: Principal, agent: str, state: AgentState, cause: str) -> Agent:
        """Move an agent along its life cycle. Stopping one needs less than letting it go on."""
        office = self._office
        office.require(by, Act.STOP if state in _STOPS else Act.MANAGE)
        known = self.get(by, agent)
        changed = change_agent(known, state, cause)
        await office.record(
            by,
            f"agent.{state.value}",
            known.id,
            {"from": known.state.value},
            Put(kind=Kind.AGENT, record=changed, expected=known.version),
        )
        return changed

    async def change_instance(self, by: Principal, instance: str, state: InstanceState, cause: str) -> Instance:
        office = self._office
        office.require(by, Act.MANAGE if state is InstanceState.ACTIVE else Act.STOP)
        known = office.records.instance(by.tenant, InstanceId(instance))
        if known is None:
            raise NotFound("there is no such instance; `remit agents show AGENT` lists them")
        changed = change_instance(known, state, cause)
        await office.record(
            by,
            f"instance.{state.value}",
            known.id,
            {"from": known.state.value, "agent": known.agent},
            Put(kind=Kind.INSTANCE, record=changed, expected=known.version),
        )
        return changed

    def get(self, by: Principal, agent: str) -> Agent:
        self._office.require(by, Act.READ)
        known = self._office.records.agent(by.tenant, AgentId(agent))
        if known is None:
            raise NotFound("there is no such agent; `remit agents list` lists them")
        return known

    def list(self, by: Principal) -> tuple[Agent, ...]:
        self._office.require(by, Act.READ)
        return tuple(sorted(self._office.records.agents(by.tenant), key=lambda agent: agent.id))

    def instances(self, by: Principal, agent: str) -> tuple[Instance, ...]:
        self._office.require(by, Act.READ)
        return tuple(self._office.records.instances(by.tenant, AgentId(agent)))
