"""Open asks are found by who asked what, and the memory of them is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from remit.gateway.asks import Asks, Subject
from remit.terms import DEFAULT_TENANT, AgentId, Decision, Effect, ToolId


def subject(agent: str = "a", tool: str = "s/t") -> Subject:
    return (DEFAULT_TENANT, AgentId(agent), "i", None, ToolId(tool))


def ask(number: int = 1) -> Decision:
    return Decision(id=f"d{number}", effect=Effect.ASK, reasons=())


def test_only_the_same_call_of_the_same_agent_finds_its_ask() -> None:
    asks = Asks()
    asks.keep(subject(), {"x": 1, "y": 2}, ask())
    assert asks.find(subject(), {"y": 2, "x": 1}) == ask()
    assert asks.find(subject(), {"x": 1, "y": 3}) is None
    assert asks.find(subject(agent="b"), {"x": 1, "y": 2}) is None
    assert asks.find(subject(tool="s/u"), {"x": 1, "y": 2}) is None


def test_an_answered_ask_is_forgotten() -> None:
    asks = Asks()
    asks.keep(subject(), {}, ask())
    asks.drop(subject(), {})
    asks.drop(subject(), {})
    assert asks.find(subject(), {}) is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.booleans()), max_size=60))
def test_however_many_are_kept_and_dropped_it_stays_within_its_bound(steps: list[tuple[str, int, bool]]) -> None:
    asks = Asks(kept=4)
    for agent, value, keep in steps:
        if keep:
            asks.keep(subject(agent), {"v": value}, ask(value))
            assert asks.find(subject(agent), {"v": value}) == ask(value)
        else:
            asks.drop(subject(agent), {"v": value})
            assert asks.find(subject(agent), {"v": value}) is None
        assert len(asks) <= 4
