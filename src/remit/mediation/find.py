"""Step 2: tenant, agent, instance and mission, each in a state that may act.

Revocation is one fact: a mission is judged through its ancestors and their agents, so whatever hangs on a revoked thing
is stopped without being touched.

A mission belongs to one instance: the one it was opened for, else the first that calls in it (the commit binds it). So
an agent cannot shed what it has taken in by naming a fresh instance for its next call.
"""

import math

import msgspec

from remit.agents import may_act, new_instance
from remit.decision import Judgement, deny
from remit.mediation.ports import State
from remit.missions import MAX_DEPTH, effective_state
from remit.terms import (
    Agent,
    AgentId,
    Brief,
    Instance,
    InstanceId,
    InstanceState,
    Kind,
    Mission,
    MissionId,
    MissionState,
    TenantId,
    TenantStop,
)
from remit.terms.entries import Expected

_KEPT = 16_384  # actors, some 3 KB each


class Actors(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts, in what."""

    agent: Agent
    instance: Instance  # of a derived mission, with the labels of those that it derives from
    known_instance: bool  # False: this is its first call, the commit creates it
    mission: Mission | None
    brief: Brief | None
    read: tuple[Expected, ...]  # everything that this rests on, with its version: what the commit compares


class _Found(msgspec.Struct, frozen=True):
    """The actors of a mission of its own or of none, with the records that `find` looked at beside theirs."""

    actors: Actors
    stop: TenantStop | None
    until: float  # when the mission expires


class Finder:
    """`find`, with what was found kept while all that it rests on is the same: records do not change, hot state hands
    out others. What derives from other missions rests on more, and is looked up each time."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._found: dict[tuple[str | None, ...], _Found] = {}

    def find(
        self, tenant: TenantId, agent_id: str, instance_id: str | None, mission_id: str | None, now: int
    ) -> Actors | Judgement:
        key = (tenant, agent_id, instance_id, mission_id)
        found = self._found.get(key)
        if found is not None and now < found.until:
            state, actors = self._state, found.actors
            mission, instance = actors.mission, actors.instance
            if (
                state.instance(tenant, instance.id) is instance
                and state.agent(tenant, actors.agent.id) is actors.agent
                and (mission is None or state.mission(tenant, mission.id) is mission)
                and (mission is None or state.brief(tenant, mission.id) is actors.brief)
                and state.stop(tenant) is found.stop
            ):
                return actors
        actors_or_why = find(self._state, tenant, agent_id, instance_id, mission_id, now)
        if isinstance(actors_or_why, Actors):
            self._keep(key, actors_or_why)
        return actors_or_why

    def _keep(self, key: tuple[str | None, ...], actors: Actors) -> None:
        mission = actors.mission
        if not actors.known_instance or (mission is not None and mission.parent is not None):
            return
        if len(self._found) >= _KEPT:
            self._found.clear()
        until = math.inf if mission is None else mission.expires
        self._found[key] = _Found(actors, self._state.stop(actors.agent.tenant), until)


def find(
    state: State, tenant: TenantId, agent_id: str, instance_id: str | None, mission_id: str | None, now: int
) -> Actors | Judgement:
    """The actors that a request or a token names, or the deny that says which of them may not act and why."""
    stopped = stop(state, tenant)
    if isinstance(stopped, Judgement):
        return stopped
    agent = state.agent(tenant, AgentId(agent_id))
    if agent is None:
        return deny(
            "remit.agent_unknown",
            "this agent is not registered",
            "register the agent: `remit agents register`; it is on the list of discovered agents",
        )
    if not may_act(agent):
        return deny(
            "remit.agent_inactive",
            f"the agent is {agent.state.value}",
            "an operator has to make the agent active again",
        )
    read = [stopped, (Kind.AGENT, agent.id, agent.version)]
    mission: Mission | None = None
    brief: Brief | None = None
    if mission_id is not None:
        found_mission = _mission(state, tenant, agent, mission_id, now, read)
        if isinstance(found_mission, Judgement):
            return found_mission
        mission = found_mission
        name = instance_id or mission.instance or f"{agent.id}/{mission.id}"
        if mission.instance is not None and name != mission.instance:
            return deny(
                "remit.mission_of_another",
                "this mission is worked on by another instance",
                "name that instance or none, or derive a mission for this one",
            )
    else:
        name = instance_id or f"{agent.id}/default"
    found = _instance(state, tenant, agent, name)
    if isinstance(found, Judgement):
        return found
    instance, known = found
    read.append((Kind.INSTANCE, instance.id, instance.version if known else 0))
    if mission is not None and mission.parent is not None:
        instance = _inheriting(state, tenant, instance, mission, read)
    if mission is not None:
        brief = state.brief(tenant, mission.id)
        if brief is None:
            return deny(
                "remit.mission_erased",
                "the goal of this mission was erased, so nothing can be judged against it",
                "open a new mission",
            )
    return Actors(agent=agent, instance=instance, known_instance=known, mission=mission, brief=brief, read=tuple(read))


def stop(state: State, tenant: TenantId) -> Expected | Judgement:
    """The version of the fact that the tenant may act, or the deny that says that it may not."""
    record = state.stop(tenant)
    if record is not None and record.stopped:
        return deny(
            "remit.tenant_stopped",
            "everything is stopped by an operator",
            "an operator has to let the tenant go on",
        )
    return (Kind.TENANT, "tenant", record.version if record is not None else 0)


def _instance(state: State, tenant: TenantId, agent: Agent, name: str) -> tuple[Instance, bool] | Judgement:
    """The instance, and whether it is on record; an instance belongs to the agent that used it first."""
    instance = state.instance(tenant, InstanceId(name))
    if instance is None:
        return new_instance(tenant, InstanceId(name), agent.id), False
    if instance.agent != agent.id:
        return deny(
            "remit.instance_of_another_agent",
            "this instance belongs to another agent",
            "use an instance id of this agent's own",
        )
    if instance.state is not InstanceState.ACTIVE:
        return deny(
            "remit.instance_inactive",
            f"the instance is {instance.state.value}",
            "an operator has to release the instance, or start a new one",
        )
    return instance, True


def _inheriting(state: State, tenant: TenantId, instance: Instance, mission: Mission, read: list[Expected]) -> Instance:
    """The instance with the labels of those that its mission derives from: what they took in, they may have passed on.

    Without it, an agent would shed what it has taken in by deriving a mission for the next call (I4).
    """
    label = instance.label
    above = mission.parent
    while above is not None:
        parent = state.mission(tenant, above)
        if parent is None:
            break
        giver = state.instance(tenant, parent.instance) if parent.instance is not None else None
        if giver is not None and giver.id != instance.id:
            label = label.join(giver.label)
            read.append((Kind.INSTANCE, giver.id, giver.version))
        above = parent.parent
    return instance if label == instance.label else msgspec.structs.replace(instance, label=label)


def _mission(
    state: State, tenant: TenantId, agent: Agent, name: str, now: int, read: list[Expected]
) -> Mission | Judgement:
    """The mission, when it and all that it derives from are active; `read` grows by what that rests on."""
    mission = state.mission(tenant, MissionId(name))
    if mission is None:
        return deny("remit.mission_unknown", "there is no such mission", "open a mission and name its id")
    if mission.agent != agent.id:
        return deny(
            "remit.mission_of_another",
            "this mission belongs to another agent",
            "open a mission for this agent, or derive one from the mission it works for",
        )
    current: Mission | None = mission
    for _ in range(MAX_DEPTH + 1):
        assert current is not None
        effective = effective_state(current, now)
        if effective is not MissionState.ACTIVE:
            which = "the mission" if current is mission else "a mission that this one derives from"
            return deny(
                "remit.mission_inactive",
                f"{which} is {effective.value}",
                "open a new mission" if effective is not MissionState.SUSPENDED else "an operator has to resume it",
            )
        owner = state.agent(tenant, current.agent)
        if owner is None or not may_act(owner):
            return deny(
                "remit.ancestor_inactive",
                "the agent of a mission that this one derives from may not act",
                "an operator has to make that agent active again",
            )
        read.append((Kind.MISSION, current.id, current.version))
        if owner.id != agent.id:
            read.append((Kind.AGENT, owner.id, owner.version))
        if current.parent is None:
            return mission
        current = state.mission(tenant, current.parent)
        if current is None:
            return deny(
                "remit.mission_unknown", "a mission that this one derives from is missing", "open a new mission"
            )
    return deny("remit.mission_inactive", "the chain of derived missions is too long", "open a new mission")
