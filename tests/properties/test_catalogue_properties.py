"""Whatever a server publishes and an agent sends: no crash, and the fast check agrees with the library."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from remit.catalogue import compare, fits, imitates, read_mcp, unknown_tool
from remit.catalogue.quick import checker
from remit.terms import DEFAULT_TENANT, OperationClass, ServerId

SERVER = ServerId("any")
scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.sampled_from(["", "a", "bb", "1"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
kinds = st.sampled_from(["string", "integer", "number", "boolean", "object", "array", "null"])
leaf = st.fixed_dictionaries(
    {},
    optional={
        "type": kinds | st.lists(kinds, min_size=1, max_size=2, unique=True),
        "minimum": st.integers(-2, 2),
        "exclusiveMaximum": st.integers(-2, 4),
        "minLength": st.integers(0, 2),
        "maxItems": st.integers(0, 2),
        "enum": st.lists(scalars, min_size=1, max_size=4),
        "const": scalars,
    },
)
schemas = st.recursive(
    leaf | st.booleans(),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": kinds,
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "additionalProperties": inner,
            "items": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
        },
    ),
    max_leaves=6,
)
hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(schemas, values)
def test_the_fast_check_says_yes_only_where_the_library_does(schema: Any, value: Any) -> None:
    check = checker(schema)
    if check is not None and check(value):
        assert Draft202012Validator(schema).is_valid(value)


@settings(max_examples=200, deadline=None)
@given(st.text(), hostile, hostile, hostile, st.dictionaries(st.text(), hostile, max_size=4))
def test_any_definition_is_read_or_quarantined_and_any_arguments_are_judged(
    name: str, description: Any, schema: Any, hints: Any, arguments: dict[str, Any]
) -> None:
    entry = {"name": name, "description": description, "inputSchema": schema, "annotations": hints}
    (tool,) = read_mcp(DEFAULT_TENANT, SERVER, [entry])
    assert tool.classes
    assert tool.name.isascii()
    assert tool.because.isprintable()
    assert tool.cause.isprintable()
    assert all(fault.isprintable() for fault in fits(tool, arguments))
    assert compare(tool, tool) is None
    assert imitates(tool, [tool]) is None


@settings(max_examples=200, deadline=None)
@given(st.text(), st.dictionaries(st.text(), hostile, max_size=5))
def test_any_unregistered_call_is_read_without_error(name: str, arguments: dict[str, Any]) -> None:
    tool = unknown_tool(DEFAULT_TENANT, SERVER, name, arguments)
    assert tool.classes
    assert not tool.sure
    assert all(isinstance(one, OperationClass) for one in tool.classes)
