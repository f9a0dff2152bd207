"""Compiled policies and the reference: the same answers, who answers when, and trust."""

from typing import Any

import cedarpy
import msgspec
import pytest
from tests.unit.policy.test_evaluate import LARGE, PAY, PERMIT, RECORDS, TOOLS, TYPES, policies
from tests.unit.policy.test_pack import CASES, PACK

from remit.decision import confirm, due
from remit.policy import Asserted, Evaluation, Facts, PolicySet, default_pack, facts_of, load
from remit.policy.compiled import Condition
from remit.policy.scope import Subject
from remit.terms import DEFAULT_TENANT, Label, OperationClass, ServerId, Tool


def plant(chosen: PolicySet, policy: str, wrong: Condition) -> None:
    """Put a wrong function in the place of a policy's compiled conditions."""
    (found,) = (item for item in chosen._world.policies if item.ref.id == policy)
    found.condition = wrong  # in the place of the cached one


def alone(chosen: PolicySet) -> PolicySet:
    """The set, made unable to ask the reference: whatever it answers, compiled policies answered."""

    def refuse(facts: Facts, groups: object) -> Evaluation:
        raise AssertionError("the reference was asked")

    chosen._reference.evaluate = refuse  # type: ignore[method-assign]
    return chosen


@pytest.mark.parametrize(("name", "findings", "case", "expected"), CASES)
def test_each_case_of_the_pack_is_answered_alike_and_without_the_reference(
    name: str, findings: str, case: dict[str, Any], expected: str
) -> None:
    verdicts = dict(pair.split("=") for pair in findings.split())
    facts = facts_of(PACK, {"resource": {"id": f"s/{name}"}, "findings": verdicts, **case})
    compiled = PACK._fast.prepare(facts)
    assert compiled is not None
    for groups in (None, ("operators",), ("finance",)):
        assert compiled.ask(groups) == PACK._reference.evaluate(facts, groups)
    assert PACK.evaluate(facts) == PACK.reference(facts)


def test_evaluating_and_lifting_the_pack_asks_the_reference_nothing() -> None:
    chosen = alone(load(default_pack(), tools=TOOLS, groups=("operators",)))
    facts = facts_of(chosen, {**PAY, "findings": {"grounding": "outsider"}})
    evaluation = chosen.evaluate(facts)
    assert [policy.id for policy in evaluation.policies] == ["from-outsider"]
    assert chosen.ask_groups(facts, evaluation) == ("operators",)
    approved = msgspec.structs.replace(facts, approval_groups=("operators",))
    assert chosen.evaluate(approved).allowed


def test_everything_of_the_context_reads_alike() -> None:
    conditions = {
        "mission": 'context has mission && context.mission.id == "mission" && context.mission.depth == 2 && '
        '!context.mission.derived && context.mission.subject == "user:é" && context.mission.purposes.contains("b") && '
        'context.mission.purpose == "purpose" && context.mission.voucher == Voucher::"template" && '
        'context.mission has ask_above && context.mission.ask_above.greaterThan(decimal("10.5"))',
        "label": 'context.instance.integrity == Integrity::"internal" && '
        'context.instance.confidentiality == Confidentiality::"public"',
        "rest": 'context has amount && context.amount == decimal("0.3") && context.mode == Mode::"enforce" && '
        'context.time > datetime("2027-01-15") && context.time.toDate() == datetime("2027-01-15")',
        "agent": 'principal.owner == "owner" && principal.category == "office" && principal in Category::"office" && '
        'principal is Agent in AgentGroup::"bots" && principal.state == AgentState::"active"',
        "tool": 'resource.name == "pay" && resource.server == "bank" && resource in Server::"bank" && '
        'resource.registered && resource.outside && !resource.sure && resource.state == ToolState::"active"',
        "action": 'action == Action::"bank/pay" && action in [Action::"high-risk"] && !(action has x)',
        "findings": "context.findings is Findings && context.findings has flow && context.findings == context.findings",
        "arguments": 'context.arguments has to && context.arguments.to like "é*" && context.dropped == ["amount"]',
    }
    text = "".join(
        f'@id("{name}") permit (principal, action == Action::"bank/pay", resource) when {{ {condition} }};'
        for name, condition in conditions.items()
    )
    chosen = alone(policies(text))
    case = {
        **PAY,
        "subject": {"groups": ["bots"], "category": "office"},
        "context": {"arguments": {"to": "é\n", "amount": "x"}, "amount": 0.3, "now": 1_800_000_000_000,
                    "integrity": "internal"},
        "mission": {"depth": 2, "subject": "user:é", "purposes": ["a", "b"], "voucher": "template", "ask_above": 10.6},
    }  # fmt: skip
    evaluation = chosen.evaluate(facts_of(chosen, case))
    assert {policy.id for policy in evaluation.policies} == set(conditions)
    assert evaluation == policies(text).reference(facts_of(chosen, case))


def test_asserted_subjects_and_resources_are_answered_alike() -> None:
    chosen = load({"records.cedar": RECORDS}, extra_schema=TYPES)
    case = {"subject": {"type": "user", "id": "u"}, "resource": {"type": "record", "id": "r"}}
    for action in ("read", "write", "delete", "erase"):
        base = facts_of(chosen, {**case, "action": action})
        for asserted in (
            Asserted(),
            Asserted(subject={"role": "admin"}, resource={"status": "active"}, action={"soft": True}),
            Asserted(resource={"status": "archived", "owner": "u"}),
            Asserted(subject={"role": ["admin"]}, resource={"status": "\ud800"}),
        ):
            facts = msgspec.structs.replace(base, asserted=asserted)
            assert chosen.evaluate(facts) == chosen.reference(facts)


@pytest.mark.parametrize("change", [
    {"subject_id": "\ud800"}, {"now": 10**30}, {"now": -(10**18)}, {"amount": float("nan")}, {"amount": -1e300},
    {"arguments": {"amount": 1e-5}}, {"arguments": {"amount": float("inf")}}, {"arguments": {"to": "\ud800"}},
    {"subject_type": "Agent"}, {"resource_type": "tool\x1b"}, {"label": Label()}, {"purposes": ("\ud800",)},
    {"agent": None}, {"tool": None}, {"mission": None},
])  # fmt: skip
def test_an_odd_request_is_answered_as_the_reference_answers_it(change: dict[str, Any]) -> None:
    text = PERMIT + LARGE + '@id("odd") forbid (principal, action == Action::"bank/pay", resource) when { ' + (
        'context.time < datetime("2000-01-01") || (context has amount && context.amount.lessThan(decimal("0.0"))) || '
        '(context has mission && context.mission.purposes.contains("x")) || context.arguments has to };'
    )  # fmt: skip
    chosen = policies(text)
    facts = msgspec.structs.replace(facts_of(chosen, {**PAY, "context": {"now": 1_800_000_000_000}}), **change)
    assert chosen.evaluate(facts) == chosen.reference(facts)


def test_a_policy_that_is_not_compiled_stays_with_the_reference_and_the_others_do_not() -> None:
    chosen = policies(PERMIT + LARGE)
    plant(chosen, "large", None)  # type: ignore[arg-type]
    paid, read = (facts_of(chosen, {"resource": {"id": name}}) for name in ("bank/pay", "mail/read"))
    assert chosen._fast.prepare(paid) is None
    assert chosen.evaluate(paid) == chosen.reference(paid)
    assert alone(chosen).evaluate(read).allowed


def test_a_defect_in_a_compiled_policy_leaves_the_answer_to_the_reference() -> None:
    def breaks(*_: object) -> bool:
        raise ZeroDivisionError

    chosen = policies(PERMIT)
    plant(chosen, "yes", breaks)
    assert chosen.evaluate(facts_of(chosen, PAY)).allowed


def test_a_record_that_changed_is_read_again() -> None:
    text = PERMIT + (
        '@id("state") forbid (principal is Agent, action, resource) '
        'when { principal.state == AgentState::"restricted" };'
        '@id("group") forbid (principal in AgentGroup::"out", action, resource);'
        '@id("tool") forbid (principal, action, resource is Tool) when { resource.state == ToolState::"quarantined" };'
    )
    chosen = policies(text)
    for case in (
        PAY,
        {**PAY, "subject": {"state": "restricted"}},
        {**PAY, "subject": {"groups": ["out"]}},
        {"resource": {"id": "bank/pay", "state": "quarantined"}},
        PAY,
    ):
        facts = facts_of(chosen, case)
        assert chosen.evaluate(facts) == chosen.reference(facts)


def test_what_a_tool_and_agents_of_a_kind_meet_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = policies(PERMIT + LARGE + '@id("bots") forbid (principal in AgentGroup::"bots", action, resource);')
    looked = []
    matching = chosen._world.index.matching

    def counting(subject: Subject) -> tuple[int, ...]:
        looked.append(subject)
        return matching(subject)

    monkeypatch.setattr(chosen._world.index, "matching", counting)
    for name in ("a", "b", "c"):
        for groups in ([], ["staff"], ["bots"], ["bots", "staff"]):
            facts = facts_of(chosen, {**PAY, "subject": {"id": name, "groups": groups}})
            assert chosen.evaluate(facts).allowed == ("bots" not in groups)
    assert len(looked) == 2  # with and without the one group that a policy names


SEEN = {
    "owner": 'principal.owner == "x"',
    "state": 'principal.state == AgentState::"restricted"',
    "category": 'principal has category && principal.category == "office"',
    "group": 'principal in AgentGroup::"staff"',
    "who": 'principal == Agent::"b"',
    "named": 'Agent::"b" has owner && Agent::"b".owner == "x"',
    "mission": "context has mission",
    "state of the mission": 'context has mission && context.mission.state == MissionState::"suspended"',
    "bound": "context has mission && context.mission has ask_above && "
    'context.mission.ask_above.greaterThan(decimal("9.0"))',
    "label": 'context.instance.integrity == Integrity::"outside"',
    "mode": 'context.mode == Mode::"observe"',
    "finding": 'context.findings.flow == Flow::"leaks"',
    "findings": "context.findings == context.findings && context.findings has rate && "
    'context.findings.rate == Rate::"exceeded"',
    "tool": 'resource.state == ToolState::"quarantined"',
    "approval": "context has approval",
    "call": 'context.arguments has to && context.arguments.to == "x"',
    "amount": 'context has amount && context.amount.greaterThan(decimal("9.0"))',
    "time": 'context.time > datetime("2026-01-01")',
}
TOLD_APART: list[dict[str, Any]] = [
    {},
    {"subject": {"owner": "x"}},
    {"subject": {"state": "restricted"}},
    {"subject": {"category": "office"}},
    {"subject": {"groups": ["staff"]}},
    {"subject": {"id": "b"}},
    {"subject": {"id": "b", "owner": "x"}},
    {"mission": False},
    {"mission": {"state": "suspended"}},
    {"mission": {"ask_above": 10}},
    {"mission": {"ask_above": 8}},
    {"context": {"integrity": "outside"}},
    {"context": {"mode": "observe"}},
    {"findings": {"flow": "leaks"}},
    {"findings": {"rate": "exceeded"}},
    {"resource": {"id": "bank/pay", "state": "quarantined"}},
    {"context": {"approval": {"groups": ["finance"]}}},
    {"context": {"arguments": {"to": "x"}}},
    {"context": {"amount": 10}},
    {"context": {"now": 1_800_000_000_000}},
]


@pytest.mark.parametrize("condition", SEEN.values(), ids=SEEN.keys())
def test_an_answer_that_is_kept_is_kept_under_all_that_the_policies_see(condition: str) -> None:
    text = PERMIT + f'@id("it") forbid (principal, action == Action::"bank/pay", resource) when {{ {condition} }};'
    chosen, anew = policies(text), policies(text)
    first = facts_of(chosen, PAY)
    requests = [facts_of(chosen, {**PAY, **case}) for case in TOLD_APART]
    requests = [  # hot state hands out the same record of a tool
        facts if facts.tool != first.tool else msgspec.structs.replace(facts, tool=first.tool) for facts in requests
    ]
    found = [chosen.evaluate(facts) for facts in requests]
    assert found == [anew.reference(facts) for facts in requests]
    assert len({evaluation.allowed for evaluation in found}) == 2
    assert found == [chosen.evaluate(facts) for facts in reversed(requests)][::-1]
    assert found == [anew.reference(facts) for facts in reversed(requests)][::-1]


def test_an_attribute_that_agents_do_not_have_is_no_reason_to_ask_cedar() -> None:
    text = (
        PERMIT
        + '@id("role") forbid (principal, action, resource) when { principal has role && principal.role == "x" };'
    )
    chosen = alone(policies(text, extra_schema=TYPES))
    assert chosen.evaluate(facts_of(chosen, PAY)).allowed


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What Cedar is asked."""
    bodies: list[dict[str, Any]] = []
    ask = cedarpy.is_authorized

    def counting(body: dict[str, Any], *given: Any) -> Any:
        bodies.append(body)
        return ask(body, *given)

    monkeypatch.setattr(cedarpy, "is_authorized", counting)
    return bodies


def test_each_agent_is_a_question_of_its_own_with_its_name_and_groups(asked: list[dict[str, Any]]) -> None:
    text = (
        PERMIT + '@id("state") forbid (principal, action, resource) when { principal.state == AgentState::"retired" };'
    )
    cases: list[dict[str, Any]] = [{"id": "a"}, {"id": "b", "owner": "x", "groups": ["bots"], "category": "office"}]
    for condition in ("true", 'principal.owner == "y"', 'principal in AgentGroup::"bots"'):
        chosen = policies(text + f'@id("it") forbid (principal, action, resource) when {{ {condition} && false }};')
        asked.clear()
        for case in cases * 2:
            assert chosen.reference(facts_of(chosen, {**PAY, "subject": case})).allowed
        assert [one["principal"]["id"] for one in asked] == ["a", "b"]
    chosen = policies(text + '@id("it") forbid (principal in AgentGroup::"bots", action, resource);')
    assert [chosen.reference(facts_of(chosen, {**PAY, "subject": case})).allowed for case in cases] == [True, False]


def test_verdicts_that_policies_do_not_read_are_no_other_question(asked: list[dict[str, Any]]) -> None:
    cases = [{"flow": "leaks"}, {"flow": "clear"}, {"flow": "clear", "rate": "exceeded"}]
    for condition, questions in (("false", 2), ("context.findings == context.findings && false", 3)):
        chosen = policies(PERMIT + LENIENT + f'@id("it") forbid (principal, action, resource) when {{ {condition} }};')
        asked.clear()
        found = [chosen.reference(facts_of(chosen, {**PAY, "findings": case})).allowed for case in cases]
        assert (found, len(asked)) == ([False, True, True], questions)


def test_what_is_held_to_be_unread_and_is_read_after_all_does_not_change_the_answer() -> None:
    chosen = policies(
        PERMIT + LENIENT + '@id("it") forbid (principal, action, resource) when { principal.owner == "x" };'
    )
    for owner, flow in (("x", "clear"), ("y", "clear"), ("y", "leaks")):
        facts = facts_of(chosen, {**PAY, "subject": {"id": owner, "owner": owner}, "findings": {"flow": flow}})
        part = chosen._reference._route(facts).part
        part.traits, part.verdicts = (), frozenset()  # a planted defect
        assert chosen.reference(facts).allowed is (owner == "y" and flow == "clear")


def test_cedar_is_asked_once_for_each_question_and_anew_for_any_other(asked: list[dict[str, Any]]) -> None:
    chosen = policies(PERMIT + LARGE + LENIENT)
    first = facts_of(chosen, PAY)
    requests = [
        msgspec.structs.replace(first, arguments={"amount": 1}),
        msgspec.structs.replace(first, arguments={"amount": 101}),
        msgspec.structs.replace(first, arguments={"amount": 101}, approval_groups=("operators",)),
        msgspec.structs.replace(first, findings=facts_of(chosen, LEAKS).findings),
        msgspec.structs.replace(first, agent=facts_of(chosen, {**PAY, "subject": {"state": "restricted"}}).agent),
        facts_of(chosen, {"resource": {"id": "bank/pay", "state": "quarantined"}}),
        facts_of(chosen, {"resource": {"id": "who/knows"}}),
    ]
    found = [chosen._reference.evaluate(facts, facts.approval_groups) for facts in requests]
    assert len(asked) == len(requests)
    for _ in range(3):
        assert found == [chosen._reference.evaluate(facts, facts.approval_groups) for facts in requests]
    assert len(asked) == len(requests)


def test_answers_to_large_questions_are_not_kept() -> None:
    text = '@id("all") permit (principal, action == Action::"bank/pay", resource) when { context.arguments has to };'
    chosen = policies(text)
    facts = facts_of(chosen, PAY)
    for size in (10, 10_000):
        assert chosen.reference(msgspec.structs.replace(facts, arguments={"to": "x" * size})).allowed
    assert len(chosen._reference._answers) == 1


LENIENT = '@id("strict") forbid (principal, action, resource) when { context.findings.flow == Flow::"leaks" };'
LEAKS = {**PAY, "findings": {"flow": "leaks"}}


def wrong(*_: object) -> bool:
    """A planted defect: the forbid never holds."""
    return False


def test_a_planted_wrong_closure_is_caught_by_the_confirmation_before_release() -> None:
    chosen = policies(PERMIT + LENIENT)
    plant(chosen, "strict", wrong)
    facts = facts_of(chosen, LEAKS)
    evaluation = chosen.evaluate(facts)
    assert evaluation.allowed  # the defect shows
    assert due(chosen, facts, evaluation, draw=0.99) is True
    divergence = confirm(chosen, facts, evaluation)
    assert divergence is not None
    assert not divergence.reference.allowed
    assert "permit (yes)" in str(divergence)
    assert "deny (strict)" in str(divergence)


def test_a_planted_wrong_closure_is_caught_by_the_sample_afterwards() -> None:
    chosen = policies(PERMIT + LENIENT)
    plant(chosen, "strict", wrong)
    facts = facts_of(chosen, {**LEAKS, "resource": {"id": "mail/send"}})
    evaluation = chosen.evaluate(facts)
    assert due(chosen, facts, evaluation, draw=0.5) is False
    assert due(chosen, facts, evaluation, draw=0.005) is True
    assert confirm(chosen, facts, evaluation) is not None


def test_a_wrong_deny_is_in_the_sample_too_and_an_unregistered_tool_is_high_risk() -> None:
    chosen = policies(PERMIT + LENIENT)
    denied = facts_of(chosen, LEAKS)
    assert due(chosen, denied, chosen.evaluate(denied), draw=0.5) is False
    assert due(chosen, denied, chosen.evaluate(denied), draw=0.0) is True
    unheard = facts_of(chosen, {"resource": {"id": "who/knows"}})
    assert due(chosen, unheard, chosen.evaluate(unheard), draw=0.5) is True


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.id)
def test_permits_of_high_risk_tools_are_confirmed_before_release_and_others_are_not(tool: Tool) -> None:
    chosen = policies(PERMIT)
    facts = facts_of(chosen, {"resource": {"id": tool.id}})
    risky = tool.id in ("bank/pay", "files/purge")
    assert due(chosen, facts, chosen.evaluate(facts), draw=0.5) is risky
    assert confirm(chosen, facts, chosen.evaluate(facts)) is None


def test_a_distrusted_set_answers_by_the_reference_alone_and_passes_distrust_on() -> None:
    chosen = policies(PERMIT + LENIENT)
    plant(chosen, "strict", wrong)
    facts = facts_of(chosen, LEAKS)
    before = chosen.trusted
    assert chosen.evaluate(facts).allowed
    chosen.distrust("they differed")
    chosen.distrust("again")
    assert (before, chosen.trusted) == (True, False)
    assert chosen.distrusted == "they differed"
    assert not chosen.evaluate(facts).allowed
    assert chosen.lift(facts, chosen.evaluate(facts)) is None
    assert due(chosen, facts, chosen.evaluate(facts), draw=0.0) is False
    grown = chosen.with_tools([*TOOLS, a_tool("x/y")])
    assert not grown.trusted
    assert not grown.evaluate(facts).allowed


def a_tool(identifier: str) -> Tool:
    server, _, name = identifier.partition("/")
    return Tool(
        tenant=DEFAULT_TENANT, server=ServerId(server), name=name, description="", input_schema={"type": "object"},
        definition_hash=identifier, classes=(OperationClass.READ,),
    )  # fmt: skip


def test_compiled_policies_outlive_a_new_tool() -> None:
    chosen = policies(PERMIT + LARGE)
    chosen.evaluate(facts_of(chosen, PAY))
    grown = chosen.with_tools([*TOOLS, a_tool("x/y")])
    assert [item.condition for item in grown._world.policies] == [item.condition for item in chosen._world.policies]


def test_nothing_that_a_policy_says_becomes_code() -> None:
    hostile = 'a"; __import__("os").abort(); "'
    quoted = hostile.replace('"', '\\"')
    text = f'@id("x") permit (principal, action, resource) when {{ principal.owner == "{quoted}" }};'
    chosen = alone(policies(text))
    (condition,) = (item.condition for item in chosen._world.policies)
    assert condition is not None
    assert condition.__globals__["__builtins__"] == {}
    facts = facts_of(chosen, {**PAY, "subject": {"owner": hostile}})
    assert chosen.evaluate(facts).allowed
