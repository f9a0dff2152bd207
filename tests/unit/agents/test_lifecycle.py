"""The life cycle of agents."""

import msgspec
import pytest

from remit.agents import AGENT_TRANSITIONS, change_agent, may_act, register
from remit.terms import ACTING, DEFAULT_TENANT, Agent, AgentState, Conflict, InvalidInput


def agent(state: AgentState) -> Agent:
    made = register(DEFAULT_TENANT, "a", name="", owner="ann", category="", groups=(), state=AgentState.ACTIVE, now=1)
    return msgspec.structs.replace(made, state=state)


@pytest.mark.parametrize("state", list(AgentState))
@pytest.mark.parametrize("to", list(AgentState))
def test_an_agent_changes_only_as_the_table_says(state: AgentState, to: AgentState) -> None:
    if to in AGENT_TRANSITIONS[state]:
        changed = change_agent(agent(state), to, "because")
        assert (changed.state, changed.version, changed.cause) == (to, 2, "because")
    else:
        with pytest.raises(Conflict, match=f"cannot become {to.value}"):
            change_agent(agent(state), to, "because")


def test_a_retired_identity_never_comes_back() -> None:
    assert AGENT_TRANSITIONS[AgentState.RETIRED] == frozenset()
    with pytest.raises(Conflict, match="exists already and is retired"):
        register(
            DEFAULT_TENANT,
            "a",
            name="",
            owner="eve",
            category="",
            groups=(),
            state=AgentState.ACTIVE,
            now=2,
            known=agent(AgentState.RETIRED),
        )


@pytest.mark.parametrize("state", list(AgentState))
def test_only_the_acting_states_may_act(state: AgentState) -> None:
    assert may_act(agent(state)) == (state in ACTING)
    assert may_act(agent(state)) == (state.value in {"provisional", "active", "restricted"})


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "\x1b[31m", "a'b", "é", "x" * 201, "../a\\b"])
def test_an_unprintable_or_ambiguous_id_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="expected an agent id"):
        register(DEFAULT_TENANT, name, name="", owner="o", category="", groups=(), state=AgentState.ACTIVE, now=1)


def test_an_agent_without_an_accountable_owner_is_refused() -> None:
    with pytest.raises(InvalidInput, match="accountable"):
        register(DEFAULT_TENANT, "a", name="", owner="", category="", groups=(), state=AgentState.ACTIVE, now=1)
