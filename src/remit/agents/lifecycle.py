"""The life cycle of agents and instances, as a table that can be read.

`discovered → provisional → active ⇄ restricted ⇄ quarantined → retired`; a retired identity never comes back, so a
name that was once revoked cannot be claimed by somebody else (OWASP NHI1, improper offboarding).
"""

from typing import Any

import msgspec

from remit.terms import (
    ACTING,
    BOTTOM,
    Agent,
    AgentId,
    AgentState,
    Conflict,
    Instance,
    InstanceId,
    InstanceState,
    InvalidInput,
    TenantId,
    is_identifier,
)

_S = AgentState
AGENT_TRANSITIONS: dict[AgentState, frozenset[AgentState]] = {
    _S.DISCOVERED: frozenset({_S.PROVISIONAL, _S.ACTIVE, _S.QUARANTINED, _S.RETIRED}),
    _S.PROVISIONAL: frozenset({_S.ACTIVE, _S.RESTRICTED, _S.QUARANTINED, _S.RETIRED}),
    _S.ACTIVE: frozenset({_S.RESTRICTED, _S.QUARANTINED, _S.RETIRED}),
    _S.RESTRICTED: frozenset({_S.ACTIVE, _S.QUARANTINED, _S.RETIRED}),
    _S.QUARANTINED: frozenset({_S.ACTIVE, _S.RESTRICTED, _S.RETIRED}),
    _S.RETIRED: frozenset(),
}

_INSTANCE_TRANSITIONS: dict[InstanceState, frozenset[InstanceState]] = {
    InstanceState.ACTIVE: frozenset({InstanceState.QUARANTINED, InstanceState.ENDED}),
    InstanceState.QUARANTINED: frozenset({InstanceState.ACTIVE, InstanceState.ENDED}),
    InstanceState.ENDED: frozenset(),
}


def register(
    tenant: TenantId,
    agent: str,
    *,
    name: str,
    owner: str,
    category: str,
    groups: tuple[str, ...],
    state: AgentState,
    now: int,
    known: Agent | None = None,
) -> Agent:
    """A new agent, or a discovered one taken over. Raises `Conflict` for an identity that is in use or was retired."""
    if not is_identifier(agent):
        raise InvalidInput(
            f"expected an agent id of letters, digits and `_.:@/+=~#-`, 1 to 200 characters; got {agent[:60]!r}"
        )
    if state is not AgentState.DISCOVERED and not owner:
        raise InvalidInput("expected `owner`, the person accountable for the agent")
    if known is not None and known.state is not AgentState.DISCOVERED:
        raise Conflict(f"agent `{agent}` exists already and is {known.state.value}; choose another id")
    return Agent(
        tenant=tenant,
        id=AgentId(agent),
        name=name or agent,
        owner=owner,
        category=category,
        groups=groups,
        state=state,
        created=now,
        version=known.version + 1 if known else 1,
    )


def change_agent(agent: Agent, state: AgentState, cause: str) -> Agent:
    """`agent` in another state. Raises `Conflict` naming the states that it can go to, or that nobody owns it."""
    if state not in AGENT_TRANSITIONS[agent.state]:
        raise Conflict(_cannot(f"agent `{agent.id}`", agent.state, state, AGENT_TRANSITIONS[agent.state]))
    if state in ACTING and not agent.owner:  # discovered: nobody answers for it yet
        raise Conflict(f"agent `{agent.id}` has no accountable owner; register it: `remit agents register`")
    return msgspec.structs.replace(agent, state=state, cause=cause, version=agent.version + 1)


def new_instance(tenant: TenantId, instance: InstanceId, agent: AgentId) -> Instance:
    """An instance seen for the first time: active, nothing taken in."""
    return Instance(tenant=tenant, id=instance, agent=agent, state=InstanceState.ACTIVE, label=BOTTOM)


def change_instance(instance: Instance, state: InstanceState, cause: str) -> Instance:
    if state not in _INSTANCE_TRANSITIONS[instance.state]:
        allowed = _INSTANCE_TRANSITIONS[instance.state]
        raise Conflict(_cannot(f"instance `{instance.id}`", instance.state, state, allowed))
    return msgspec.structs.replace(instance, state=state, cause=cause, version=instance.version + 1)


def may_act(agent: Agent) -> bool:
    """Whether this state lets an agent act at all; policy may narrow it further. Unknown states do not."""
    return agent.state in ACTING


def _cannot(
    what: str, state: AgentState | InstanceState, to: AgentState | InstanceState, allowed: frozenset[Any]
) -> str:
    ways = ", ".join(sorted(allowed)) or "nothing: this state is final"
    return f"{what} is {state.value} and cannot become {to.value}; from here it can become {ways}"
