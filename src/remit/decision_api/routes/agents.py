"""Agents and their instances."""

from litestar import get, post
from litestar.params import FromQuery, JSONBody

from remit.decision_api.asking import Asking
from remit.decision_api.bodies import (
    AgentAnswer,
    AgentChange,
    AgentList,
    InstanceAnswer,
    InstanceChange,
    InstanceList,
    NewAgent,
    RegisteredAgent,
)


@get("/agents", summary="List agents, or one by id", tags=["agents"])
async def list_agents(request: Asking, id: FromQuery[str | None] = None) -> AgentList:
    agents = request.desks.agents
    return AgentList(agents=agents.list(request.by) if id is None else (agents.get(request.by, id),))


@post("/agents", summary="Register an agent", tags=["agents"])
async def register_agent(request: Asking, data: JSONBody[NewAgent]) -> RegisteredAgent:
    """Its key is shown once. A discovered agent is taken over by its id."""
    agent, key = await request.desks.agents.register(
        request.by, data.id, name=data.name or data.id, owner=data.owner, category=data.category, groups=data.groups
    )
    return RegisteredAgent(agent=agent, key=key)


@post("/agents/state", status_code=200, summary="Move an agent along its life cycle", tags=["agents"])
async def change_agent(request: Asking, data: JSONBody[AgentChange]) -> AgentAnswer:
    return AgentAnswer(agent=await request.desks.agents.change(request.by, data.id, data.state, data.cause))


@get("/instances", summary="List an agent's instances", tags=["agents"])
async def list_instances(request: Asking, agent: FromQuery[str]) -> InstanceList:
    found = request.desks.agents.instances(request.by, agent)
    return InstanceList(instances=tuple(sorted(found, key=lambda one: one.id)))


@post("/instances/state", status_code=200, summary="Contain, end or release one instance", tags=["agents"])
async def change_instance(request: Asking, data: JSONBody[InstanceChange]) -> InstanceAnswer:
    changed = await request.desks.agents.change_instance(request.by, data.id, data.state, data.cause)
    return InstanceAnswer(instance=changed)


HANDLERS = [list_agents, register_agent, change_agent, list_instances, change_instance]
