"""Any policies over any tools: what is typed once for all that is alike comes out as if all of it were typed."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.policy import checks
from remit.policy.declared import declare
from remit.policy.schema import UNKNOWN_ENVIRONMENT, environment_of, schema_text
from remit.policy.source import read
from remit.terms import DEFAULT_TENANT, OperationClass, ServerId, Tool

KINDS = st.sampled_from(["string", "integer", "number", "boolean", "array", "object"])
SCHEMAS = st.builds(
    lambda properties, required: {
        "type": "object",
        "properties": {
            name: {"type": kind, "items": {"type": "string"}, "properties": {"id": {"type": "string"}}}
            for name, kind in properties.items()
        },
        "required": sorted(required & properties.keys()),
    },
    st.dictionaries(st.sampled_from(["amount", "to", "inner"]), KINDS),
    st.sets(st.sampled_from(["amount", "to", "inner"])),
)
CLASSES = st.sampled_from([(), *((name,) for name in OperationClass), (OperationClass.READ, OperationClass.DELETE)])
NAMES = [f"s{number % 2}/t{number}" for number in range(8)]


def _tool(name: str, schema: dict[str, object], classes: tuple[OperationClass, ...]) -> Tool:
    server, _, short = name.partition("/")
    return Tool(
        tenant=DEFAULT_TENANT, server=ServerId(server), name=short, description="", input_schema=schema,
        definition_hash="1", classes=classes,
    )  # fmt: skip


TOOLS = st.lists(st.builds(_tool, st.sampled_from(NAMES), SCHEMAS, CLASSES), max_size=8, unique_by=lambda tool: tool.id)
ACTIONS = st.sampled_from(
    ["action", 'action in Action::"tool-call"', 'action in Action::"high-risk"', 'action in Action::"read-only"']
    + [f'action in Action::"class:{name.value}"' for name in OperationClass]
    + [f'action == Action::"{name}"' for name in NAMES[:4]]
    + ['action in [Action::"s0/t0", Action::"class:read"]', 'action == Action::"look"']
)  # fmt: skip
PRINCIPALS = st.sampled_from(
    ["principal", "principal is Agent", 'principal == Agent::"a"', 'principal in AgentGroup::"g"', "principal is user"]
)
RESOURCES = st.sampled_from(["resource", "resource is Tool", 'resource == Tool::"s0/t0"', 'resource in Server::"s1"'])
CONDITIONS = st.lists(
    st.sampled_from([
        'context.arguments has amount && context.arguments.amount.greaterThan(decimal("1.0"))',
        "context.arguments has amount && context.arguments.amount > 3", 'context.arguments.to == "x"',
        'context.arguments has to && context.arguments.to.contains("x")', "context.arguments has inner.id",
        'context.arguments has inner && context.arguments.inner.id like "x*"', "context.arguments == {}",
        'context.findings.flow == Flow::"leaks"', 'context.findings.flow == Flow::"leak"', "context has mission",
        'action == Action::"s0/t0"', 'action in Action::"high-risk"', 'action == Action::"nothing"',
        'if action == Action::"s0/t2" then context.arguments.to == "x" else true', "context == context",
        'if action in Action::"class:read" then true else context.arguments.amount > 1', "1 + true == 2",
        'Agent::"a" == Agent::"b" || context.arguments.to == 3', 'principal == Agent::"a"', "resource.registered",
        "context.soft", "principal.registered", '!(action in Action::"class:read") && context.arguments.to == "x"',
    ]),
    max_size=2,
)  # fmt: skip
POLICIES = st.lists(
    st.builds(
        lambda principal, action, resource, conditions: f"forbid ({principal}, {action}, {resource})"
        + "".join(f" when {{ {condition} }}" for condition in conditions) + ";",
        PRINCIPALS, ACTIONS, RESOURCES, CONDITIONS,
    ),
    min_size=1, max_size=6,
)  # fmt: skip
OWN = """entity user; entity record = { status: String };
action look appliesTo { principal: [user, Agent], resource: [record], context: { soft: Bool, findings: Findings } };"""


@settings(
    max_examples=5_000 if os.environ.get("REMIT_LONG") else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(POLICIES, TOOLS, st.booleans())
def test_what_is_found_does_not_hang_on_typing_only_what_differs(
    policies: list[str], tools: list[Tool], own: bool
) -> None:
    numbered = "".join(f'@id("p{number}") {policy}\n' for number, policy in enumerate((*policies, *policies)))
    statements, problems = read({"a.cedar": numbered})
    assert not problems
    declared = declare(OWN if own else None)
    environments = (UNKNOWN_ENVIRONMENT, *map(environment_of, tools), *declared.environments)
    world = checks.World(environments=environments, declared=declared, groups=())
    everywhere = checks.validated(statements, world, schema_text(environments, declared.text))
    found = checks.cedar(statements, world)
    # Which of many messages are shown, and of which tool, Cedar has in no order.
    assert {problem.line for problem in found} == {problem.line for problem in everywhere}
    few = [item for item in statements if not checks.validated([item], world, schema_text(environments, declared.text))]
    assert checks.cedar(few, world) == []
