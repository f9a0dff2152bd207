"""Tools from an OpenAPI 3.0 or 3.1 document: one per operation.

The method of HTTP (RFC 9110 section 9) is a promise that servers break, so it adds classes to what the name says; only
where the name says nothing is it all there is. An operation without `operationId` is named `GET:/pets/{petId}`: tool
names stand in identifiers, which have no spaces.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from remit.catalogue.definitions import MAX_TOOLS, Definition, separate, tool_of
from remit.catalogue.reading import read
from remit.catalogue.shape import find, inlined
from remit.terms import InvalidInput, OperationClass, ServerId, TenantId, Tool

_C = OperationClass
_METHODS: dict[str, tuple[OperationClass, ...]] = {
    "get": (_C.READ,),
    "head": (_C.READ,),
    "options": (_C.READ,),
    "query": (_C.READ,),
    "trace": (_C.READ,),
    "post": (_C.CREATE,),
    "put": (_C.CREATE, _C.UPDATE),
    "patch": (_C.UPDATE,),
    "delete": (_C.DELETE,),
}


def read_openapi(tenant: TenantId, server: ServerId, document: Mapping[str, Any]) -> tuple[Tool, ...]:
    """The operations of a document as tools. Raises `InvalidInput` naming the operation that cannot be read."""
    if not isinstance(document, Mapping) or not str(document.get("openapi", "")).startswith("3."):
        raise InvalidInput("expected an OpenAPI 3.0 or 3.1 document (`openapi: 3.x`)")
    tools: dict[str, Tool] = {}
    for method, path, item, operation in _operations(document):
        name = operation.get("operationId") or f"{method.upper()}:{path}"
        try:
            tool = _operation(tenant, server, document, name, method, path, (item, operation))
        except InvalidInput as error:
            raise InvalidInput(f"{str(name)[:120]!a}: {error.message}") from None
        if tool.name in tools:
            raise InvalidInput(f"expected each operationId once, got {tool.name!a} twice")
        tools[tool.name] = tool
        if len(tools) > MAX_TOOLS:
            raise InvalidInput(f"expected a document of at most {MAX_TOOLS} operations; split it")
    return separate(tuple(tools.values()))


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    paths = document.get("paths")
    if not isinstance(paths, Mapping):
        raise InvalidInput("expected an OpenAPI document with `paths`")
    for path, item in paths.items():
        if not isinstance(item, Mapping):
            continue
        for method in _METHODS:
            if isinstance(item.get(method), Mapping):
                yield method, str(path), item, item[method]


def _operation(
    tenant: TenantId,
    server: ServerId,
    document: Mapping[str, Any],
    name: Any,
    method: str,
    path: str,
    parts: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> Tool:
    item, operation = parts
    if not isinstance(name, str):
        raise InvalidInput("expected an operationId that is text")
    summary, description = str(operation.get("summary") or ""), str(operation.get("description") or "")
    implied = _METHODS[method]
    if method == "post" and _only_reads(name):
        implied = ()  # POST /search: the name says more than the method
    return tool_of(
        tenant,
        server,
        Definition(
            name=name,
            description=". ".join(text for text in (summary, description) if text)[:8000] or f"{method.upper()} {path}",
            schema=_arguments(document, item, operation),
            hints={},
            implied=implied,
        ),
    )


def _only_reads(name: str) -> bool:
    reading = read(name, "", {}, {})
    return reading.sure and reading.classes == (_C.READ,)


def _arguments(document: Mapping[str, Any], item: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters and the body's members as one object; the operation's parameters win over the path's."""
    properties: dict[str, Any] = {}
    required: set[str] = set()
    for listed in (item.get("parameters"), operation.get("parameters")):
        for parameter in listed if isinstance(listed, list) else ():
            told = _follow(document, parameter)
            name = told.get("name")
            if not isinstance(name, str) or told.get("in") == "cookie":
                continue
            schema = _resolved(document, told.get("schema", _content_schema(told)))
            if "description" in told and isinstance(schema, dict):
                schema = {"description": told["description"], **schema}
            properties[name] = schema
            (required.add if told.get("required") is True else required.discard)(name)
    body = _follow(document, operation.get("requestBody", {}))
    schema = _resolved(document, _content_schema(body))
    if isinstance(schema, dict) and isinstance(schema.get("properties"), Mapping):
        properties.update(schema["properties"])
        required.update(name for name in schema.get("required", ()) if isinstance(name, str))
    elif schema not in ({}, True):
        properties["body"] = schema
        if body.get("required") is True:
            required.add("body")
    return {"type": "object", "properties": properties, "required": sorted(required)}


def _follow(document: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    """A component behind a local reference, at most a few in a row."""
    for _ in range(8):
        if not isinstance(value, Mapping):
            raise InvalidInput("expected parameters and bodies to be objects or local references to them")
        if "$ref" not in value:
            return value
        value = find(document, value["$ref"])
    raise InvalidInput("expected no references in a circle; write the parameter out")


def _content_schema(told: Mapping[str, Any]) -> Any:
    content = told.get("content")
    if not isinstance(content, Mapping) or not content:
        return {}
    media = content.get("application/json") or next(iter(content.values()))
    return media.get("schema", {}) if isinstance(media, Mapping) else {}


def _resolved(document: Mapping[str, Any], schema: Any) -> Any:
    return inlined(schema, document, cut=True)
