"""`policy check`: everything that validates but cannot work is refused, with its place and what to do."""

import pytest

from remit.policy import PolicyRefused, PolicySet, default_pack, load
from remit.terms import DEFAULT_TENANT, HIGH_RISK, OperationClass, ServerId, Tool

SEND = {"type": "object", "properties": {"to": {"type": "string"}, "urgent": {"type": "boolean"}}, "required": ["to"]}
PAY = {"type": "object", "properties": {"amount": {"type": "number"}, "to": {"type": "string"}}}
APPROVED = 'unless { context has approval && context.approval.groups.contains("finance") }'


def tool(identifier: str, *classes: OperationClass, schema: object = None, definition: str = "1") -> Tool:
    server, _, name = identifier.partition("/")
    return Tool(
        tenant=DEFAULT_TENANT,
        server=ServerId(server),
        name=name,
        description="",
        input_schema=schema if isinstance(schema, dict) else {"type": "object"},
        definition_hash=definition,
        classes=classes,
    )


TOOLS = (
    tool("mail/read", OperationClass.READ),
    tool("mail/send", OperationClass.COMMUNICATE, schema=SEND),
    tool("bank/pay", OperationClass.TRANSFER, schema=PAY),
)


def loaded(text: str, **options: object) -> PolicySet:
    return load({"a.cedar": text}, tools=TOOLS, groups=("finance", "operators"), **options)  # type: ignore[arg-type]


def forbid(condition: str, scope: str = "principal, action, resource", notes: str = '@id("a")') -> str:
    return f"{notes} forbid ({scope}) when {{ {condition} }};"


REFUSED = {
    "syntax": ('@id("a") permit (principal, action, resource) when { 1 + };', "expected a Cedar policy"),
    "no end": ('@id("a") permit (principal, action, resource)', "expected a Cedar policy"),
    "no id": ("permit (principal, action, resource);", "expected @id"),
    "empty id": ('@id("") permit (principal, action, resource);', "expected @id"),
    "reserved id": ('@id("remit.flow") permit (principal, action, resource);', "expected @id"),
    "two of one id": ('@id("a") permit (principal, action, resource);' * 2, "expected a unique @id, but a.cedar:1"),
    "template": ('@id("a") permit (principal == ?principal, action, resource);', "without `?principal`"),
    "unknown verdict": (forbid('context.findings.flow == Flow::"leak"'), "expected one of clear, tainted, leaks"),
    "verdict as a string": (forbid('context.findings.flow == "leaks"'), "policy `a`"),
    "unknown finding": (forbid('context.findings.flaw == Flow::"leaks"'), "context.findings.flaw"),
    "unknown state": (
        forbid('principal.state == AgentState::"activ"', "principal is Agent, action, resource"),
        "activ",
    ),
    "unknown group": (forbid("true", 'principal, action in Action::"class:reed", resource'), "class:communicate"),
    "unknown tool": (forbid("true", 'principal, action == Action::"mail/sned", resource'), "registered tool"),
    "unknown resource": (forbid("true", 'principal, action, resource == Tool::"mail/sned"'), "is not registered"),
    "unknown server": (forbid("true", 'principal, action, resource in Server::"mial"'), "is not registered"),
    "unknown type": (forbid("true", "principal is Robot, action, resource"), "expected one of"),
    "guarded typo": (
        forbid(
            'context.arguments has ammount && context.arguments.ammount.greaterThan(decimal("1.0"))',
            'principal, action in Action::"class:transfer", resource',
        ),
        "context.arguments.ammount",
    ),
    "attribute of another tool": (
        forbid("context.arguments has urgent", 'principal, action == Action::"bank/pay", resource'),
        "context.arguments.urgent",
    ),
    "typo in the context": (forbid("context has aproval"), "context.aproval"),
    "typo in the agent": (forbid("principal has stat"), "principal.stat"),
    "unguarded optional": (
        forbid(
            'context.arguments.amount.greaterThan(decimal("1.0"))', 'principal, action == Action::"bank/pay", resource'
        ),
        "guard it with `has`",
    ),
    "unguarded in some tools": (
        forbid('context.arguments.to == "x"', 'principal, action in Action::"class:communicate", resource'),
        "guard it with `has`",
    ),
    "unknown operator group": (
        forbid('context has approval && context.approval.groups.contains("finanse")'),
        "expected one of finance",
    ),
    "ask of nobody": (forbid("true", notes='@id("a") @ask("treasury")'), "not configured"),
    "ask that nothing lifts": (forbid("true", notes='@id("a") @ask("finance")'), "needs `unless"),
    "ask that too little lifts": (
        '@id("a") @ask("finance") forbid (principal, action, resource) '
        'unless { context has approval && context.approval.groups.contains("finance") && context has mission };',
        "needs `unless",
    ),
    "ask with another group": (
        '@id("a") @ask("operators") forbid (principal, action, resource) ' + APPROVED + ";",
        "needs `unless",
    ),
    "ask on a permit": (
        '@id("a") @ask("finance") permit (principal, action, resource) ' + APPROVED + ";",
        "on a forbid",
    ),
    "obligation on a forbid": (forbid("true", notes='@id("a") @obligation("log")'), "on a permit"),
    "disclose of something": (forbid("true", notes='@id("a") @disclose("yes")'), "@disclose"),
    "reason of two lines": (forbid("true", notes='@id("a") @reason("x\\ny")'), "one line"),
    "deep brackets": (forbid("(" * 50_000 + "true" + ")" * 50_000), "expected"),
    "moderately deep brackets": (forbid("(" * 200 + "true" + ")" * 200), "levels of brackets"),
    "long chain": (forbid("&&".join(["true"] * 5_000)), "operators"),
    "chain too deep for the compiler": (forbid("&&".join(["true"] * 120)), "levels"),
    "lone surrogate": (forbid('"\ud800" == "x"'), "expected a Cedar policy"),
}


@pytest.mark.parametrize("case", REFUSED, ids=list(REFUSED))
def test_what_cannot_work_is_refused_with_what_to_do(case: str) -> None:
    text, expected = REFUSED[case]
    with pytest.raises(PolicyRefused) as refused:
        loaded(text)
    assert expected in refused.value.message
    assert refused.value.message.startswith("a.cedar:1:")
    assert all(line.isprintable() for line in refused.value.message.split("\n"))


def test_every_problem_is_listed_with_its_file_line_and_policy() -> None:
    texts = {
        "a.cedar": '// a comment; with "signs\n\n@id("x")\npermit (principal, action, resource) when { 1 };\n\nper',
        "b.cedar": '\n@id("y") forbid (principal, action, resource) when { context has nonesuch };',
    }
    with pytest.raises(PolicyRefused) as refused:
        load(texts)
    places = {(problem.file, problem.line, problem.policy) for problem in refused.value.problems}
    assert {("a.cedar", 3, "x"), ("a.cedar", 6, ""), ("b.cedar", 2, "y")} <= places


@pytest.mark.parametrize(
    "text",
    [
        forbid('context.arguments has amount && context.arguments.amount.greaterThan(decimal("1.0"))'),
        forbid('context.arguments.to == "x"', 'principal, action == Action::"mail/send", resource'),
        forbid('resource.state == ToolState::"quarantined"', "principal, action, resource is Tool"),
        '@id("a") @ask("finance,operators") forbid (principal, action, resource) unless { context has approval && '
        '(context.approval.groups.contains("finance") || context.approval.groups.contains("operators")) };',
        '@id("a") @ask("finance,operators") forbid (principal, action, resource) unless { context has approval && '
        'context.approval.groups.containsAny(["finance", "operators"]) };',
        forbid('context.time > datetime("2030-01-01")'),
        forbid(
            'principal in AgentGroup::"finance" && principal in Category::"office"',
            "principal is Agent, action, resource",
        ),
        forbid('context has mission.ask_above && context.mission.ask_above.lessThan(decimal("5.0"))'),
    ],
)
def test_what_works_is_accepted(text: str) -> None:
    assert [policy.id for policy in loaded(text).policies] == ["a"]


def test_a_purpose_that_is_not_in_the_catalogue_is_refused() -> None:
    text = forbid('context has mission && context.mission.purposes.contains("refunds")')
    loaded(text, purposes=("refunds",))
    with pytest.raises(PolicyRefused, match="purpose"):
        loaded(text, purposes=("refund",))


def test_a_set_without_a_permit_warns_and_denies_everything() -> None:
    assert any("denied" in warning for warning in loaded(forbid("true")).warnings)
    assert any("denied" in warning for warning in load({}).warnings)


def test_a_policy_for_a_class_that_no_tool_has_yet_only_warns() -> None:
    text = '@id("a") permit (principal, action in Action::"class:read", resource);'
    assert any("no registered tool" in warning for warning in load({"a.cedar": text}).warnings)


def test_a_hostile_tool_schema_cannot_change_the_meaning_of_the_schema() -> None:
    names = ['x"; entity Evil; //', "__entity", "__extn", "a\nb", "\x1b[31m", "if", "Set<", "\ud800", "", "ü" * 300]
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    policies = load(default_pack(), tools=[tool("a/b", OperationClass.READ, schema=schema)], groups=("operators",))
    assert policies.warnings is not None


def test_tools_of_one_kind_of_class_are_in_the_groups_that_the_classes_say() -> None:
    for name in OperationClass:
        one = tool("s/t", name)
        text = forbid("true", f'principal, action in Action::"class:{name.value}", resource == Tool::"s/t"')
        assert not [w for w in load({"a": text}, tools=[one]).warnings if "no registered" in w]
        risky = forbid("true", 'principal, action in Action::"high-risk", resource')
        warned = [w for w in load({"a": risky}, tools=[one]).warnings if "no registered" in w]
        assert bool(warned) == (name not in HIGH_RISK)


def test_changing_a_tool_revalidates_the_policies_that_meet_it() -> None:
    text = '@id("ok") permit (principal, action, resource);' + forbid(
        "context.arguments has amount", 'principal, action == Action::"bank/pay", resource'
    )
    policies = loaded(text)
    harmless = tool("bank/pay", OperationClass.TRANSFER, schema=PAY, definition="2")
    assert policies.with_tools([*TOOLS[:2], harmless]).version == policies.version  # same types, same meaning
    renamed = {"type": "object", "properties": {"sum": {"type": "number"}}}
    with pytest.raises(PolicyRefused, match=r"context\.arguments\.amount"):
        policies.with_tools([*TOOLS[:2], tool("bank/pay", OperationClass.TRANSFER, schema=renamed, definition="2")])


def test_a_new_tool_that_breaks_a_type_is_refused_and_the_set_stays() -> None:
    text = '@id("ok") permit (principal, action, resource);' + forbid(
        'context.arguments has to && context.arguments.to == "x"', 'principal, action in Action::"tool-call", resource'
    )
    policies = loaded(text)
    numeric = {"type": "object", "properties": {"to": {"type": "integer"}}}
    with pytest.raises(PolicyRefused, match="policy `a`"):
        policies.with_tools([*TOOLS, tool("sms/send", OperationClass.COMMUNICATE, schema=numeric)])
    fine = policies.with_tools([*TOOLS, tool("sms/send", OperationClass.COMMUNICATE, schema=SEND)])
    assert "sms/send" in fine.tools
    assert "sms/send" not in policies.tools
    assert fine.version != policies.version


def test_a_tool_that_goes_leaves_the_policies_that_name_it() -> None:
    policies = loaded('@id("a") permit (principal, action == Action::"bank/pay", resource);')
    left = policies.with_tools(TOOLS[:2])
    assert [policy.id for policy in left.with_tools([*TOOLS[:2], tool("c/d", OperationClass.READ)]).policies] == ["a"]


def test_the_version_follows_texts_tools_and_declared_types() -> None:
    text = '@id("a") permit (principal, action, resource);'
    base = loaded(text)
    assert base.version == loaded(text).version
    assert base.version != loaded(text + " ").version
    assert base.version != load({"a.cedar": text}, tools=TOOLS[:2]).version
    assert base.version != loaded(text, extra_schema="entity user;").version


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("entity user {", "expected a Cedar schema"),
        ("entity Agent;", "expected a Cedar schema"),
        ("namespace A { entity user; }", "without namespaces"),
        ("entity user = {a: " + "Set<" * 5000 + "Long" + ">" * 5000 + "};", "levels of nesting"),
        ("entity u; action a appliesTo {principal: u, resource: u, context: {findings: String}};", "Remit's own"),
    ],
)
def test_declared_types_that_cannot_be_used_are_refused(declared: str, expected: str) -> None:
    with pytest.raises(PolicyRefused, match=expected) as refused:
        load(default_pack(), groups=("operators",), extra_schema=declared)
    assert "types.cedarschema:1" in refused.value.message
