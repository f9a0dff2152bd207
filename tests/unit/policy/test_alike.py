"""What differs to a policy is typed, however alike tools are otherwise; what does not is typed once."""

from typing import Any

import pytest

from remit.policy import PolicyRefused, load
from remit.policy.alike import told_apart
from remit.policy.schema import UNKNOWN_ENVIRONMENT, environment_of
from remit.policy.source import read
from remit.terms import DEFAULT_TENANT, OperationClass, ServerId, Tool

READ, DELETE = OperationClass.READ, OperationClass.DELETE
TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def tool(name: str, *classes: OperationClass, required: tuple[str, ...] = (), **properties: Any) -> Tool:
    return Tool(
        tenant=DEFAULT_TENANT,
        server=ServerId("s"),
        name=name,
        description="",
        input_schema={"type": "object", "properties": properties, "required": list(required)},
        definition_hash=name,
        classes=classes,
    )


# Each policy is in order for the first tool and not for the second, which differs from it in one thing.
CASES = {
    "the type of an argument": (
        (tool("a", READ, amount=NUMBER), tool("b", READ, amount=TEXT)),
        'context.arguments has amount && context.arguments.amount.greaterThan(decimal("1.0"))',
    ),
    "whether an argument has to be there": (
        (tool("a", READ, to=TEXT, required=("to",)), tool("b", READ, to=TEXT)),
        'context.arguments.to == "x"',
    ),
    "which action it is": (
        (tool("a", READ, to=TEXT), tool("b", READ, to=TEXT)),
        'if action == Action::"s/b" then context.arguments.to == "x" else true',
    ),
    "the groups of its action": (
        (tool("a", READ, to=TEXT), tool("b", READ, DELETE, to=TEXT)),
        'if action in Action::"class:delete" then context.arguments.to == "x" else true',
    ),
    "arguments that no policy reads by name": (
        (tool("a", READ), tool("b", READ, to=TEXT, required=("to",))),
        "context.arguments == {}",
    ),
    "arguments that are read with the context as a whole": (
        (tool("a", READ), tool("b", READ, to=TEXT, required=("to",))),
        "(if true then context else context).arguments == {}",
    ),
}


@pytest.mark.parametrize(("tools", "condition"), CASES.values(), ids=CASES.keys())
def test_a_policy_that_is_wrong_for_one_tool_is_refused(tools: tuple[Tool, Tool], condition: str) -> None:
    text = f'@id("a") forbid (principal, action in Action::"class:read", resource) when {{ {condition} }};'
    first, second = tools
    load({"a.cedar": text}, tools=[first, tool("b", DELETE)])
    for wrong in (tools, [second]):
        with pytest.raises(PolicyRefused):
            load({"a.cedar": text}, tools=wrong)


def test_a_policy_about_all_tools_is_typed_once_for_all_that_are_alike() -> None:
    others: list[dict[str, Any]] = [{f"other{number}": NUMBER} for number in range(50)]
    alike = [tool(f"t{number}", READ, to=TEXT, **other) for number, other in enumerate(others)]
    environments = (UNKNOWN_ENVIRONMENT, *map(environment_of, [*alike, tool("x", DELETE, to=TEXT)]))
    statements, _ = read({
        "a.cedar": '@id("a") forbid (principal, action, resource) when { context.arguments has to };'
        '@id("b") forbid (principal, action == Action::"s/t7", resource) when { context.arguments has other7 };'
    })  # fmt: skip
    assert [item.action for item in told_apart(statements[:1], environments)] == ["unknown", "s/t0", "s/x"]
    assert [item.action for item in told_apart(statements[1:], environments)] == ["s/t7"]
