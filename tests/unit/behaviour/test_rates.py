"""Rates over a sliding minute, and first use."""

from remit.behaviour import Rates
from remit.terms import DEFAULT_TENANT, AgentId, FindingKind, InstanceId, Limits, ToolId
from remit.terms.entries import Usage

A, ONE, T = AgentId("a"), InstanceId("i"), ToolId("s/t")


def verdicts(rates: Rates, now: int, instance: InstanceId = ONE, usage: Usage | None = None) -> dict[str, str]:
    return {
        finding.kind.value: finding.verdict for finding in rates.findings(DEFAULT_TENANT, A, instance, T, usage, now)
    }


def test_the_call_after_the_limit_is_exceeded_and_a_minute_later_it_is_not() -> None:
    rates = Rates(Limits(calls_per_minute_instance=5, calls_per_minute_agent=100))
    assert [verdicts(rates, 60_000)["rate"] for _ in range(6)] == ["within"] * 5 + ["exceeded"]
    assert verdicts(rates, 240_000)["rate"] == "within"


def test_a_burst_across_a_minutes_boundary_is_seen() -> None:
    rates = Rates(Limits(calls_per_minute_instance=10))
    for _ in range(10):
        verdicts(rates, 119_999)
    assert verdicts(rates, 120_001)["rate"] == "exceeded"


def test_many_instances_share_their_agents_limit() -> None:
    rates = Rates(Limits(calls_per_minute_agent=5))
    found = [verdicts(rates, 0, InstanceId(f"i{number}"))["rate"] for number in range(6)]
    assert found == ["within"] * 5 + ["exceeded"]


def test_a_tool_is_first_until_it_is_in_the_agents_usage() -> None:
    rates = Rates(Limits())
    assert verdicts(rates, 0)["first_use"] == "first"
    assert verdicts(rates, 0, usage=Usage(tenant=DEFAULT_TENANT, id="a", tools=("s/t",)))["first_use"] == "known"


def test_findings_name_what_they_rest_on() -> None:
    rates = Rates(Limits(calls_per_minute_instance=1))
    rates.findings(DEFAULT_TENANT, A, ONE, T, None, 0)
    for finding in rates.findings(DEFAULT_TENANT, A, ONE, T, None, 0):
        assert finding.kind in (FindingKind.RATE, FindingKind.FIRST_USE)
        assert finding.rests_on
        assert finding.message
