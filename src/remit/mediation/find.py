"""Step 2: agent, instance and mission, each in a state that may act.

Revocation is one fact: a mission is judged through its ancestors and their agents, so whatever hangs on a revoked thing
is stopped without being touched.

A mission belongs to one instance: the one it was opened for, else the first that calls in it (the commit binds it). So
an agent cannot shed what it has taken in by naming a fresh instance for its next call.
"""

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
    Mission,
    MissionId,
    MissionState,
    Request,
    TenantId,
)


class Actors(msgspec.Struct, frozen=True, kw_only=True):
    """Who acts, in what, with the versions that the commit compares."""

    agent: Agent
    instance: Instance
    known_instance: bool  # False: this is its first call, the commit creates it
    mission: Mission | None
    brief: Brief | None


def find(state: State, tenant: TenantId, request: Request, now: int) -> Actors | Judgement:
    """The actors of `request`, or the deny that says which of them may not act and why."""
    agent = state.agent(tenant, AgentId(request.subject_id))
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
    if request.mission is None:
        found = _instance(state, tenant, agent, request.instance or f"{agent.id}/default")
        if isinstance(found, Judgement):
            return found
        return Actors(agent=agent, instance=found[0], known_instance=found[1], mission=None, brief=None)
    mission = _mission(state, tenant, agent, request.mission, now)
    if isinstance(mission, Judgement):
        return mission
    name = request.instance or mission.instance or f"{agent.id}/{mission.id}"
    if mission.instance is not None and name != mission.instance:
        return deny(
            "remit.mission_of_another",
            "this mission is worked on by another instance",
            "name that instance or none, or derive a mission for this one",
        )
    found = _instance(state, tenant, agent, name)
    if isinstance(found, Judgement):
        return found
    brief = state.brief(tenant, mission.id)
    if brief is None:
        return deny(
            "remit.mission_erased",
            "the goal of this mission was erased, so nothing can be judged against it",
            "open a new mission",
        )
    return Actors(agent=agent, instance=found[0], known_instance=found[1], mission=mission, brief=brief)


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


def _mission(state: State, tenant: TenantId, agent: Agent, name: str, now: int) -> Mission | Judgement:
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
        if current.parent is None:
            return mission
        current = state.mission(tenant, current.parent)
        if current is None:
            return deny(
                "remit.mission_unknown", "a mission that this one derives from is missing", "open a new mission"
            )
    return deny("remit.mission_inactive", "the chain of derived missions is too long", "open a new mission")
