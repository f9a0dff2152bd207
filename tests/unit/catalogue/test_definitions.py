"""Definitions as MCP, OpenAPI and JSON Schema write them; how they change; what a person corrects."""

import hashlib
from typing import Any

import pytest

from remit.catalogue import compare, correct, read_mcp, read_openapi, read_schema, resolved
from remit.terms import DEFAULT_TENANT, InvalidInput, OperationClass, ServerId, Tool, canonical

SERVER = ServerId("shop")
SCHEMA = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}


def tool(description: str = "Cancels an order.", schema: Any = SCHEMA, **hints: bool) -> Tool:
    return read_schema(DEFAULT_TENANT, SERVER, "cancel_order", description, schema, hints)


def test_the_definition_hash_covers_name_description_schema_and_annotations() -> None:
    read = tool(destructiveHint=True)
    form = {
        "name": "cancel_order",
        "description": "Cancels an order.",
        "input_schema": SCHEMA,
        "annotations": {"destructiveHint": True},
    }
    assert read.definition_hash == hashlib.sha256(canonical(form)).hexdigest()
    assert len({tool().definition_hash, tool("Other.").definition_hash, read.definition_hash}) == 3


@pytest.mark.parametrize("shown", [{"title": "Cancel"}, {"outputSchema": {"type": "object"}}])
def test_whatever_agents_are_shown_changes_the_definition_hash(shown: dict[str, Any]) -> None:
    plain = {"name": "cancel_order", "description": "Cancels an order.", "inputSchema": SCHEMA}
    (before,), (after,) = (read_mcp(DEFAULT_TENANT, SERVER, [listed]) for listed in (plain, plain | shown))
    assert before.definition_hash == tool().definition_hash
    assert after.definition_hash != before.definition_hash


def test_an_mcp_list_is_read_with_titles_and_without_schemas() -> None:
    first, second = read_mcp(
        DEFAULT_TENANT,
        SERVER,
        [
            {"name": "cancel_order", "title": "Cancel", "description": "Cancels an order.", "inputSchema": SCHEMA},
            {"name": "ping"},
        ],
    )
    assert first.id == "shop/cancel_order"
    assert second.input_schema == {"type": "object"}


@pytest.mark.parametrize("listed", [None, {}, "x", [1], [{}], [{"name": 1}]])
def test_what_is_no_list_of_definitions_is_refused(listed: Any) -> None:
    with pytest.raises(InvalidInput, match="expected"):
        read_mcp(DEFAULT_TENANT, SERVER, listed)


DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "paths": {
        "/orders/{orderId}": {
            "parameters": [{"$ref": "#/components/parameters/OrderId"}],
            "get": {"operationId": "getOrder", "summary": "Get an order"},
            "delete": {},
        },
        "/orders": {
            "post": {
                "operationId": "createOrder",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                },
            }
        },
        "/orders/search": {"post": {"operationId": "searchOrders"}},
        "/status": {"get": {"operationId": "purgeCache"}},
    },
    "components": {
        "parameters": {"OrderId": {"name": "orderId", "in": "path", "required": True, "schema": {"type": "string"}}},
        "schemas": {
            "Order": {
                "type": "object",
                "required": ["sku"],
                "properties": {
                    "sku": {"type": "string", "nullable": True},
                    "parent": {"$ref": "#/components/schemas/Order"},
                    "count": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
                },
            }
        },
    },
}


def test_an_openapi_document_becomes_one_tool_per_operation() -> None:
    tools = {one.name: one for one in read_openapi(DEFAULT_TENANT, SERVER, DOCUMENT)}
    assert set(tools) == {"getOrder", "DELETE:/orders/{orderId}", "createOrder", "searchOrders", "purgeCache"}
    assert tools["getOrder"].classes == (OperationClass.READ,)
    assert tools["getOrder"].input_schema["required"] == ["orderId"]
    assert OperationClass.DELETE in tools["DELETE:/orders/{orderId}"].classes
    assert OperationClass.CREATE in tools["createOrder"].classes
    assert tools["searchOrders"].classes == (OperationClass.READ,)
    assert OperationClass.DELETE in tools["purgeCache"].classes  # GET promises to be safe; the name says otherwise


def test_a_tree_in_an_openapi_document_is_cut_and_old_idioms_are_rewritten() -> None:
    order = next(one for one in read_openapi(DEFAULT_TENANT, SERVER, DOCUMENT) if one.name == "createOrder")
    properties = order.input_schema["properties"]
    assert properties["parent"] == {}
    assert properties["sku"]["type"] == ["string", "null"]
    assert properties["count"] == {"type": "integer", "exclusiveMinimum": 0}


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"openapi": "2.0", "paths": {}},
        {"openapi": "3.1.0"},
        {"openapi": "3.1.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "http://127.0.0.1/p"}]}}}},
        {"openapi": "3.1.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "#/paths/~1a/get/parameters/0"}]}}}},
        {"openapi": "3.1.0", "paths": {"/a": {"get": {"operationId": "x"}, "put": {"operationId": "x"}}}},
    ],
)
def test_a_document_that_cannot_be_read_is_refused_with_what_was_expected(document: Any) -> None:
    with pytest.raises(InvalidInput, match="expected"):
        read_openapi(DEFAULT_TENANT, SERVER, document)


def test_patterns_are_dropped_and_references_inlined() -> None:
    schema = {
        "properties": {"a": {"$ref": "#/$defs/name", "description": "who"}},
        "patternProperties": {"(x+x+)+y": {}},
        "additionalProperties": False,
        "$defs": {"name": {"type": "string", "pattern": "(a+)+$"}},
    }
    assert resolved(schema) == {"type": "object", "properties": {"a": {"type": "string", "description": "who"}}}


def test_an_argument_named_like_a_keyword_stays() -> None:
    schema = {"type": "object", "properties": {"pattern": {"type": "string"}, "$ref": {"type": "string"}}}
    assert set(resolved(schema)["properties"]) == {"pattern", "$ref"}


def test_a_changed_definition_is_told_apart_and_named() -> None:
    wider = {**SCHEMA, "properties": {**SCHEMA["properties"], "url": {"type": "string"}}}  # type: ignore[dict-item]
    assert compare(tool(), tool()) is None
    change = compare(tool(), tool("Cancels an order and mails it.", wider))
    assert change is not None
    assert change.fields == ("description", "input_schema")
    assert (change.added, change.removed) == (("url",), ())


def test_a_correction_is_sure_and_keeps_the_rest() -> None:
    fixed = correct(tool(), classes=[OperationClass.UPDATE], sinks=["order_id"], outside=False, because="only a flag")
    assert (fixed.classes, fixed.sinks, fixed.outside, fixed.sure) == (
        (OperationClass.UPDATE,),
        ("order_id",),
        False,
        True,
    )
    assert (fixed.targets, fixed.because) == (tool().targets, "only a flag")


@pytest.mark.parametrize("wrong", [{"classes": []}, {"classes": ["fly"]}, {"sinks": ["nowhere"]}, {"because": " "}])
def test_a_correction_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="expected"):
        correct(tool(), **{"because": "a reason", **wrong})
