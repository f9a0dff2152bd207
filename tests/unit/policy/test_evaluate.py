"""One request, answered: defaults, errors, asks, and subjects and resources that the operator declares."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from remit.policy import Asserted, Facts, PolicySet, default_pack, facts_of, load, run_tests
from remit.terms import DEFAULT_TENANT, Effect, Finding, FindingKind, InvalidInput, OperationClass, ServerId, Tool

GROUPS = ("operators", "finance")


def tool(identifier: str, *classes: OperationClass, **properties: object) -> Tool:
    server, _, name = identifier.partition("/")
    return Tool(
        tenant=DEFAULT_TENANT,
        server=ServerId(server),
        name=name,
        description="",
        input_schema={"type": "object", "properties": properties},
        definition_hash=identifier,
        classes=classes,
    )


TOOLS = (
    tool("mail/read", OperationClass.READ, id={"type": "string"}),
    tool("mail/send", OperationClass.COMMUNICATE, to={"type": "array", "items": {"type": "string"}}),
    tool("bank/pay", OperationClass.TRANSFER, amount={"type": "number"}, to={"type": "string"}),
    tool("files/purge", OperationClass.READ, OperationClass.DELETE),
)


def policies(text: str, **options: Any) -> PolicySet:
    return load({"a.cedar": text}, tools=TOOLS, groups=GROUPS, **options)


PERMIT = '@id("yes") permit (principal, action, resource);'
LARGE = (
    '@id("large") @ask("finance") forbid (principal, action == Action::"bank/pay", resource) '
    'when { context.arguments has amount && context.arguments.amount.greaterThan(decimal("100.0")) } '
    'unless { context has approval && context.approval.groups.contains("finance") };'
)
PAY = {"resource": {"id": "bank/pay"}}


def outcome(policy_set: PolicySet, **case: Any) -> tuple[str, set[str]]:
    (result,) = run_tests(policy_set, [{"expect": "deny", **case}])
    return str(result.actual), set(result.policies)


def pay(amount: object) -> Facts:
    return facts_of(policies(PERMIT), {**PAY, "context": {"arguments": {"amount": amount}}})


def test_nothing_is_permitted_without_a_permit() -> None:
    assert outcome(load({}, tools=TOOLS), **PAY) == ("deny", set())


def test_a_forbid_wins_and_is_named() -> None:
    text = PERMIT + '@id("no") forbid (principal, action, resource);'
    assert outcome(policies(text), **PAY) == ("deny", {"no"})


def test_a_typed_argument_decides() -> None:
    chosen = policies(PERMIT + LARGE)
    assert outcome(chosen, **PAY, context={"arguments": {"amount": 100}}) == ("permit", {"yes"})
    assert outcome(chosen, **PAY, context={"arguments": {"amount": 100.01}}) == ("ask", {"large"})
    assert (
        outcome(chosen, **PAY, context={"arguments": {"amount": 200}, "approval": {"groups": ["finance"]}})[0]
        == "permit"
    )
    assert outcome(chosen, **PAY, context={"arguments": {"amount": 200}, "approval": {"groups": ["other"]}})[0] == "ask"


@pytest.mark.parametrize("amount", [100.00001, 10**18, "500", [500], {"__extn": {"fn": "decimal", "arg": "1.0"}}, True])
def test_an_argument_without_an_exact_form_never_slips_past_a_policy_that_reads_it(amount: object) -> None:
    evaluation = policies(PERMIT + LARGE).evaluate(pay(amount))
    assert not evaluation.allowed
    assert "context.arguments.amount" in evaluation.errors[0]


@pytest.mark.parametrize("amount", [100.00001, "500", {"__entity": {"type": "Agent", "id": "x"}}, None, "\ud800"])
def test_an_argument_that_no_policy_reads_stops_nothing(amount: object) -> None:
    assert policies(PERMIT).evaluate(pay(amount)).allowed


def test_a_policy_may_look_at_what_was_dropped_itself() -> None:
    text = (
        PERMIT
        + '@id("odd") forbid (principal, action == Action::"bank/pay", resource) when { '
        + ('context.dropped.contains("amount") && !(context.arguments has amount) };')
    )
    assert {policy.id for policy in policies(text).evaluate(pay("lots")).policies} == {"odd"}
    assert policies(text).evaluate(pay(5)).allowed


def test_a_policy_that_errs_denies_even_if_another_permits() -> None:
    text = PERMIT + (
        '@id("overflow") forbid (principal, action, resource) '
        "when { context has mission && context.mission.depth * 9223372036854775807 > 5 };"
    )
    chosen = policies(text)
    facts = facts_of(chosen, {**PAY, "mission": {"depth": 3}})
    evaluation = chosen.evaluate(facts)
    assert not evaluation.allowed
    assert "`overflow`" in evaluation.errors[0]
    assert chosen.ask_groups(facts, evaluation) is None
    assert any(trace.error for trace in chosen.explain(facts).traces if trace.policy.id == "overflow")


def test_a_missing_argument_that_a_policy_reads_unguarded_is_an_error_and_a_deny() -> None:
    needs = tool("x/y", OperationClass.READ, a={"type": "string"})
    needs = msgspec.structs.replace(needs, input_schema={**needs.input_schema, "required": ["a"]})
    text = (
        PERMIT + '@id("a") forbid (principal, action == Action::"x/y", resource) when { context.arguments.a == "z" };'
    )
    chosen = load({"a": text}, tools=[needs])
    assert chosen.evaluate(facts_of(chosen, {"resource": {"id": "x/y"}})).errors


def test_ask_needs_that_every_forbid_can_be_lifted() -> None:
    fixed = '@id("fixed") forbid (principal, action, resource) when { context.findings.flow == Flow::"leaks" };'
    chosen = policies(PERMIT + LARGE + fixed)
    large = {**PAY, "context": {"arguments": {"amount": 500}}}
    assert outcome(chosen, **large)[0] == "ask"
    assert outcome(chosen, **large, findings={"flow": "leaks"}) == ("deny", {"large", "fixed"})


def test_ask_needs_that_the_approved_request_would_be_permitted() -> None:
    assert outcome(policies(LARGE), **PAY, context={"arguments": {"amount": 500}})[0] == "deny"


def test_ask_names_a_group_that_suffices_alone_else_all() -> None:
    def asking(name: str, *groups: str) -> str:
        listed = ", ".join(f'"{group}"' for group in groups)
        return (
            f'@id("{name}") @ask("{",".join(groups)}") forbid (principal, action, resource) '
            f"unless {{ context has approval && context.approval.groups.containsAny([{listed}]) }};"
        )

    def groups(text: str) -> tuple[str, ...] | None:
        chosen = policies(PERMIT + text)
        facts = facts_of(chosen, PAY)
        return chosen.ask_groups(facts, chosen.evaluate(facts))

    assert groups(asking("a", "finance") + asking("b", "finance", "operators")) == ("finance",)
    assert groups(asking("a", "finance") + asking("b", "operators")) == ("finance", "operators")


def test_a_tool_that_the_set_knows_by_another_definition_is_treated_as_unregistered() -> None:
    chosen = policies('@id("pays") permit (principal, action == Action::"bank/pay", resource);')
    facts = facts_of(chosen, PAY)
    assert chosen.evaluate(facts).allowed
    assert facts.tool is not None
    other = msgspec.structs.replace(facts.tool, definition_hash="changed")
    assert not chosen.evaluate(msgspec.structs.replace(facts, tool=other)).allowed


def test_an_unregistered_tool_meets_the_forbids_of_every_dangerous_class() -> None:
    for name in OperationClass:
        text = PERMIT + f'@id("no") forbid (principal, action in Action::"class:{name.value}", resource);'
        expected = "permit" if name is OperationClass.READ else "deny"
        assert outcome(policies(text), resource={"id": "who/knows"})[0] == expected


def test_the_worse_of_two_findings_of_a_kind_counts_and_an_undefined_verdict_is_missing() -> None:
    text = PERMIT + (
        '@id("leaks") forbid (principal, action, resource) when { context.findings.flow == Flow::"leaks" };'
        '@id("missing") forbid (principal, action, resource) when { context.findings.flow == Flow::"missing" };'
    )
    chosen = policies(text)
    facts = facts_of(chosen, PAY)

    def with_flow(*verdicts: str) -> set[str]:
        findings = tuple(Finding(kind=FindingKind.FLOW, verdict=verdict) for verdict in verdicts)
        return {policy.id for policy in chosen.evaluate(msgspec.structs.replace(facts, findings=findings)).policies}

    assert with_flow("leaks", "clear") == {"leaks"}
    assert with_flow("clear", "nonsense") == {"missing"}
    assert with_flow() == {"missing"}
    assert with_flow("clear") == {"yes"}


def test_an_amount_too_large_or_too_fine_to_compare_still_asks() -> None:
    chosen = load(default_pack(), tools=TOOLS, groups=GROUPS)
    for amount in (1e30, Decimal("1000.00001"), float("inf"), float("nan")):
        facts = facts_of(chosen, {**PAY, "mission": {"ask_above": 1000}})
        evaluation = chosen.evaluate(msgspec.structs.replace(facts, amount=amount))
        assert [policy.id for policy in evaluation.policies] == ["amount-asks"], amount


def test_obligations_come_with_the_permit() -> None:
    chosen = policies('@id("a") @obligation("log-body, mask=iban") permit (principal, action, resource);')
    (policy,) = chosen.evaluate(facts_of(chosen, PAY)).policies
    assert [(item.id, item.value) for item in policy.obligations] == [("log-body", ""), ("mask", "iban")]


def test_explain_says_of_each_policy_whether_it_covers_the_request_and_holds() -> None:
    text = PERMIT + LARGE + '@id("mail") forbid (principal, action, resource in Server::"mail");'
    chosen = policies(text)
    explanation = chosen.explain(facts_of(chosen, {**PAY, "context": {"arguments": {"amount": 500}}}))
    traces = {trace.policy.id: (trace.applies, trace.satisfied) for trace in explanation.traces}
    assert traces == {"yes": (True, True), "large": (True, True), "mail": (False, False)}
    assert explanation.ask_groups == ("finance",)
    assert explanation.action == 'Action::"bank/pay"'


@pytest.mark.parametrize(
    "change",
    [
        {"subject_type": "Agent"},
        {"subject_type": "AgentGroup"},
        {"resource_type": "Tool"},
        {"resource_type": "\ud800"},
        {"subject_id": "\ud800"},
        {"subject_id": '"; permit'},
        {"now": 10**30},
        {"now": -(10**30)},
        {"arguments": {"to": "\ud800"}},
    ],
)
def test_a_hostile_request_is_answered_without_raising(change: dict[str, Any]) -> None:
    chosen = policies(
        PERMIT + '@id("t") forbid (principal, action, resource) when { context.time < datetime("2000-01-01") };'
    )
    facts = msgspec.structs.replace(facts_of(chosen, {**PAY, "context": {"now": 1_800_000_000_000}}), **change)
    evaluation = chosen.evaluate(facts)
    assert evaluation.allowed == (change in ({"subject_id": '"; permit'}, {"arguments": {"to": "\ud800"}}))
    assert all(error.isprintable() for error in evaluation.errors)
    chosen.explain(facts)


def test_groups_and_categories_of_the_agent_are_its_parents() -> None:
    text = (
        '@id("group") permit (principal in AgentGroup::"trusted", action, resource);'
        '@id("category") permit (principal in Category::"office", action, resource);'
        '@id("one") permit (principal == Agent::"bob", action, resource);'
    )
    chosen = policies(text)
    assert outcome(chosen, **PAY, subject={"id": "a", "groups": ["trusted"]}) == ("permit", {"group"})
    assert outcome(chosen, **PAY, subject={"id": "a", "category": "office"}) == ("permit", {"category"})
    assert outcome(chosen, **PAY, subject={"id": "bob"}) == ("permit", {"one"})
    assert outcome(chosen, **PAY, subject={"id": "a"}) == ("deny", set())


# The certification fixture of AuthZEN: everybody reads, writes what is active, and only an admin deletes softly.
TYPES = """
entity user = { role?: String };
entity record = { status: String, owner?: user };
action read, write appliesTo { principal: user, resource: record, context: { findings: Findings } };
action delete appliesTo { principal: user, resource: record, context: { action?: { soft?: Bool }, reason?: String } };
"""
RECORDS = """
@id("read") permit (principal is user, action == Action::"read", resource is record);
@id("write") permit (principal is user, action == Action::"write", resource is record)
when { resource.status == "active" };
@id("delete") permit (principal is user, action == Action::"delete", resource is record)
when { principal has role && principal.role == "admin" &&
       context has action.soft && context.action.soft };
"""


@pytest.mark.parametrize(
    ("subject", "action", "resource", "expected"),
    [
        ("alice", "read", "record-1", True),
        ("alice", "read", "record-2", True),
        ("alice", "write", "record-1", True),
        ("alice", "write", "record-2", False),
        ("alice", "delete", "record-1", False),
        ("bob", "delete", "record-1", True),
        ("bob", "erase", "record-1", False),
    ],
)
def test_declared_types_express_the_authzen_fixture(subject: str, action: str, resource: str, expected: bool) -> None:
    chosen = load({"records.cedar": RECORDS}, extra_schema=TYPES)
    case = {
        "expect": "permit" if expected else "deny",
        "subject": {"type": "user", "id": subject, "properties": {"role": "admin"} if subject == "bob" else {}},
        "action": {"name": action, "properties": {"soft": True}},
        "resource": {
            "type": "record",
            "id": resource,
            "properties": {"status": "active" if resource == "record-1" else "archived", "ignored": 1},
        },
        "context": {"reason": "test", "other": [1]},
    }
    (result,) = run_tests(chosen, [case])
    assert result.passed, result.message


def test_asserted_properties_that_are_missing_or_of_the_wrong_type_deny() -> None:
    chosen = load({"records.cedar": RECORDS}, extra_schema=TYPES)
    base = facts_of(
        chosen,
        {"subject": {"type": "user", "id": "bob"}, "action": "delete", "resource": {"type": "record", "id": "r"}},
    )

    def answer(**asserted: Any) -> Any:
        return chosen.evaluate(msgspec.structs.replace(base, asserted=Asserted(**asserted)))

    assert "status" in answer().errors[0]
    assert "principal.role" in answer(subject={"role": ["admin"]}, resource={"status": "x"}).errors[0]
    assert not answer(subject={"role": {"__entity": {"type": "user", "id": "x"}}}, resource={"status": "x"}).allowed
    assert answer(subject={"role": "admin"}, resource={"status": "x"}, action={"soft": True}).allowed


def test_a_case_that_cannot_be_read_is_refused_with_its_number_and_what_was_expected() -> None:
    chosen = policies(PERMIT)
    for case, expected in (
        ({}, "case 1"),
        ({"expect": "maybe", **PAY}, "maybe"),
        ({"expect": "deny", **PAY, "findings": {"flow": "leak"}}, "clear, tainted, leaks"),
        ({"expect": "deny", **PAY, "finding": {}}, "finding"),
        ({"expect": "deny", **PAY, "context": {"integrity": "high"}}, "outside, internal, vouched"),
    ):
        with pytest.raises(InvalidInput, match=expected):
            run_tests(chosen, [case])


def test_a_failed_case_says_what_differs() -> None:
    chosen = policies(PERMIT + LARGE)
    case = {**PAY, "context": {"arguments": {"amount": 500}}, "expect": "permit", "policies": ["yes"], "groups": ["x"]}
    (result,) = run_tests(chosen, [case])
    assert not result.passed
    assert result.actual is Effect.ASK
    assert "expected permit, got ask (large)" in result.message
    assert "expected the policies yes, got large" in result.message
    assert "expected the groups x, got finance" in result.message
