"""The default pack, as a table that a reviewer can argue with."""

from typing import Any

import pytest

from remit.policy import default_pack, load, run_tests
from remit.terms import DEFAULT_TENANT, OperationClass, ServerId, Tool


def tool(name: str, *classes: OperationClass) -> Tool:
    return Tool(
        tenant=DEFAULT_TENANT,
        server=ServerId("s"),
        name=name,
        description="",
        input_schema={"type": "object"},
        definition_hash=name,
        classes=classes,
    )


FETCH = tool("fetch", OperationClass.READ, OperationClass.COMMUNICATE)  # reads from a place that the caller chose
TOOLS = [*(tool(name.value, name) for name in OperationClass), FETCH]
PACK = load(default_pack(), tools=TOOLS, groups=("operators",), purposes=("p",))

APPROVED = {"context": {"approval": {"groups": ["operators"]}}}
PROVISIONAL = {"subject": {"state": "provisional"}}
RESTRICTED = {"subject": {"state": "restricted"}}

# tool, findings that are not the best, other parts of the case, outcome
CASES: list[tuple[str, str, dict[str, Any], str]] = [
    ("read", "", {}, "permit"),
    ("read", "authority=outside", {}, "permit"),
    ("read", "authority=outside grounding=outsider", {}, "permit"),
    ("read", "authority=outside grounding=nowhere", {}, "permit"),
    ("read", "authority=within grounding=instruction", {}, "permit"),
    ("read", "authority=outside grounding=instruction", {}, "permit"),
    ("read", "schema=breaks flow=tainted first_use=first", {}, "permit"),
    ("read", "flow=leaks", {}, "ask"),
    ("read", "rate=exceeded", {}, "deny"),
    ("read", "budget=exceeded", {}, "deny"),
    ("read", "", {"mission": False}, "deny"),
    ("read", "", {"mission": {"state": "revoked"}}, "deny"),
    ("read", "", {"mission": {"state": "pending"}}, "deny"),
    ("read", "", {"mission": {"voucher": "agent"}}, "permit"),
    ("read", "", {"subject": {"state": "quarantined"}}, "deny"),
    ("read", "", {"subject": {"state": "discovered"}}, "deny"),
    ("read", "", {"subject": {"state": "restricted"}}, "permit"),
    ("read", "", {"subject": {"registered": False}}, "deny"),
    ("read", "", {"resource": {"id": "s/read", "state": "quarantined"}}, "deny"),
    ("read", "", {"resource": {"id": "s/unheard-of"}}, "deny"),
    ("read", "", {"resource": {"id": "s/unheard-of"}, **APPROVED}, "deny"),
    ("fetch", "authority=outside grounding=outsider", {}, "permit"),
    ("fetch", "authority=outside grounding=nowhere", {}, "permit"),
    ("fetch", "authority=within grounding=instruction", {}, "ask"),
    ("fetch", "authority=outside grounding=instruction", {}, "deny"),
    ("communicate", "grounding=goal flow=tainted", {}, "permit"),
    ("communicate", "grounding=trusted schema=breaks", {}, "permit"),
    ("communicate", "grounding=referenced", {}, "permit"),
    ("communicate", "grounding=nowhere", {}, "permit"),
    ("communicate", "grounding=nowhere flow=tainted", {}, "ask"),
    ("communicate", "grounding=outsider", {}, "ask"),
    ("communicate", "grounding=instruction", {}, "ask"),
    ("communicate", "grounding=instruction", APPROVED, "permit"),
    ("communicate", "grounding=instruction", {"context": {"approval": {"groups": ["finance"]}}}, "ask"),
    ("communicate", "authority=unsure grounding=nowhere", {}, "permit"),
    ("communicate", "authority=unsure grounding=outsider", {}, "ask"),
    ("communicate", "authority=outside grounding=goal", {}, "ask"),
    ("communicate", "authority=outside grounding=goal", APPROVED, "permit"),
    ("communicate", "authority=outside grounding=referenced", {}, "ask"),
    ("communicate", "authority=outside grounding=none", {}, "permit"),
    ("delete", "authority=outside grounding=none", {}, "ask"),
    ("read", "authority=outside grounding=goal", {}, "permit"),
    ("communicate", "authority=outside grounding=unknown", {}, "ask"),
    ("communicate", "authority=outside grounding=outsider", {}, "deny"),
    ("communicate", "authority=outside grounding=outsider", APPROVED, "deny"),
    ("communicate", "authority=outside grounding=nowhere", {}, "deny"),
    ("communicate", "authority=outside grounding=instruction", {}, "deny"),
    ("communicate", "authority=none", {}, "deny"),
    ("transfer", "grounding=goal", {}, "permit"),
    ("transfer", "grounding=unknown", {}, "permit"),
    ("transfer", "grounding=goal flow=tainted first_use=first", {}, "permit"),
    ("transfer", "grounding=outsider flow=tainted", {}, "ask"),
    ("transfer", "grounding=nowhere", {}, "ask"),
    ("transfer", "authority=outside grounding=nowhere", {}, "deny"),
    ("communicate", "authority=outside grounding=outsider", {}, "deny"),
    ("transfer", "authority=outside grounding=goal", {}, "ask"),
    ("transfer", "authority=outside grounding=outsider", {}, "deny"),
    ("transfer", "authority=unsure grounding=goal first_use=first", {}, "permit"),
    ("transfer", "first_use=first", PROVISIONAL, "ask"),
    ("transfer", "", PROVISIONAL, "permit"),
    ("communicate", "first_use=first", PROVISIONAL, "permit"),
    ("read", "", RESTRICTED, "permit"),
    ("read", "authority=outside grounding=outsider", RESTRICTED, "permit"),
    *((name.value, "", RESTRICTED, "ask") for name in OperationClass if name is not OperationClass.READ),
    *((name.value, "", {**RESTRICTED, **APPROVED}, "permit") for name in OperationClass),
    ("fetch", "", RESTRICTED, "ask"),
    ("communicate", "", {**RESTRICTED, "context": {"approval": {"groups": ["finance"]}}}, "ask"),
    ("communicate", "authority=outside grounding=outsider", {**RESTRICTED, **APPROVED}, "deny"),
    ("transfer", "", {"mission": {"voucher": "agent"}}, "ask"),
    ("administer", "", {"mission": {"voucher": "agent"}}, "ask"),
    ("delete", "", {"mission": {"voucher": "agent"}}, "ask"),
    ("communicate", "", {"mission": {"voucher": "agent"}}, "ask"),
    ("fetch", "", {"mission": {"voucher": "agent"}}, "ask"),
    ("transfer", "", {"mission": {"ask_above": 10}, "context": {"amount": 10}}, "permit"),
    ("transfer", "", {"mission": {"ask_above": 10}, "context": {"amount": 10.01}}, "ask"),
]


@pytest.mark.parametrize(("name", "findings", "case", "expected"), CASES)
def test_the_pack_decides(name: str, findings: str, case: dict[str, Any], expected: str) -> None:
    verdicts = dict(pair.split("=") for pair in findings.split())
    (result,) = run_tests(PACK, [{"resource": {"id": f"s/{name}"}, "findings": verdicts, "expect": expected, **case}])
    assert result.passed, result.message


def test_every_policy_says_why_in_a_line_and_every_forbid_what_would_help() -> None:
    for policy in PACK.policies:
        assert policy.reason
        assert policy.remedy or policy.effect == "permit"


def test_the_pack_loads_before_any_tool_is_registered() -> None:
    assert load(default_pack(), groups=("operators",)).policies == PACK.policies
