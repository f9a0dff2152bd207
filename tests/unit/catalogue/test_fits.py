"""Whether arguments keep their tool's schema."""

import time
from typing import Any

import pytest

from remit.catalogue import fits, read_mcp, read_schema, unknown_tool
from remit.terms import DEFAULT_TENANT, ServerId, Tool

SERVER = ServerId("any")


def tool(schema: dict[str, Any]) -> Tool:
    return read_schema(DEFAULT_TENANT, SERVER, "create_note", "", schema)


NOTE = tool(
    {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 10},
            "kind": {"enum": ["a", "b"]},
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "author": {"type": "object", "properties": {"age": {"type": "integer", "minimum": 0}}},
        },
        "required": ["title"],
        "additionalProperties": False,
    }
)


@pytest.mark.parametrize(
    ("arguments", "faults"),
    [
        ({"title": "x"}, ()),
        ({"title": "x", "tags": ["a", "b"], "author": {"age": 3.0}}, ()),
        ({}, ("arguments: expected title, which is missing",)),
        ({"title": 1}, ("title: expected string",)),
        ({"title": "x", "kind": "c"}, ("kind: expected one of a, b",)),
        ({"title": "x", "more": 1}, ("arguments: expected no argument named more",)),
        ({"title": "x", "author": {"age": -1}}, ("author.age: expected minimum 0",)),
        ({"title": "x", "author": {"age": True}}, ("author.age: expected integer",)),
        ({"title": "x", "tags": ["a", "a"]}, ("tags: expected what the schema's uniqueItems says",)),
        ({"title": "x", "tags": [1]}, ("tags[0]: expected string",)),
    ],
)
def test_each_breach_names_its_argument_and_its_rule(arguments: dict[str, Any], faults: tuple[str, ...]) -> None:
    assert fits(NOTE, arguments) == faults


def test_a_message_never_quotes_the_value_and_never_passes_control_characters() -> None:
    faults = fits(NOTE, {"title": ["hunter2"], "\x1b[31m\ud800": 1})
    assert faults
    assert all("hunter2" not in fault and fault.isprintable() and fault.isascii() for fault in faults)


def test_a_tool_nobody_registered_has_no_schema_to_break() -> None:
    assert fits(unknown_tool(DEFAULT_TENANT, SERVER, "x", {}), {"a": 1}) == ()


def test_a_pattern_that_would_backtrack_is_never_run() -> None:
    slow = tool({"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}})
    started = time.process_time()
    assert fits(slow, {"a": "a" * 5000 + "!"}) == ()
    assert time.process_time() - started < 1.0


def test_many_breaches_and_many_values_are_bounded() -> None:
    numbers = tool({"type": "object", "properties": {"a": {"items": {"type": "string"}}}})
    assert len(fits(numbers, {"a": list(range(1000))})) <= 8
    assert fits(numbers, {"a": list(range(100_000))}) == ("expected arguments of at most 5000 values",)


def test_unique_items_of_objects_are_compared_in_linear_time() -> None:
    unique = tool({"type": "object", "properties": {"a": {"uniqueItems": True}}})
    started = time.process_time()
    assert fits(unique, {"a": [{"b": index} for index in range(2000)]}) == ()
    assert time.process_time() - started < 1.0


def test_a_tool_whose_schema_was_refused_in_a_list_is_still_judged_without_error() -> None:
    (bad,) = read_mcp(DEFAULT_TENANT, SERVER, [{"name": "a", "inputSchema": {"$ref": "http://127.0.0.1:1/x"}}])
    assert fits(bad, {"anything": 1}) == ()
