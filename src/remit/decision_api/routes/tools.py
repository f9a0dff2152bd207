"""Tools: registered from definitions, corrected and released by people."""

from collections.abc import Mapping
from typing import Any

from litestar import get, post
from litestar.params import FromQuery, JSONBody

from remit.catalogue import read_mcp, read_openapi, read_schema
from remit.decision_api.asking import Asking
from remit.decision_api.bodies import Definitions, ToolAnswer, ToolChange, ToolCorrection, ToolList
from remit.terms import InvalidInput, ServerId, TenantId, Tool


@get("/tools", summary="List tools, or one by id", tags=["tools"])
async def list_tools(request: Asking, id: FromQuery[str | None] = None) -> ToolList:
    tools = request.desks.tools
    return ToolList(tools=tools.list(request.by) if id is None else (tools.get(request.by, id),))


@post("/tools", status_code=200, summary="Register tools from their definitions", tags=["tools"])
async def register_tools(request: Asking, data: JSONBody[Definitions]) -> ToolList:
    """A definition that changed quarantines its tool until somebody accepts it."""
    tools = _read(request.by.tenant, data)
    return ToolList(tools=await request.desks.tools.register(request.by, tools, accept=data.accept))


@post("/tools/correct", status_code=200, summary="Put a person's reading in place of Remit's", tags=["tools"])
async def correct_tool(request: Asking, data: JSONBody[ToolCorrection]) -> ToolAnswer:
    changed = await request.desks.tools.correct(
        request.by,
        data.id,
        classes=data.classes,
        targets=data.targets,
        sinks=data.sinks,
        content=data.content,
        amounts=data.amounts,
        outside=data.outside,
        because=data.because,
    )
    return ToolAnswer(tool=changed)


@post("/tools/state", status_code=200, summary="Quarantine or release a tool", tags=["tools"])
async def change_tool(request: Asking, data: JSONBody[ToolChange]) -> ToolAnswer:
    return ToolAnswer(tool=await request.desks.tools.change(request.by, data.id, data.state, data.cause))


def _read(tenant: TenantId, data: JSONBody[Definitions]) -> tuple[Tool, ...]:
    document: Any = data.document
    server = ServerId(data.server)
    if data.format == "mcp":
        listed = document.get("tools") if isinstance(document, Mapping) else document
        if not isinstance(listed, list):
            raise InvalidInput("expected `document` to be a list of tools, or an object with `tools`")
        return read_mcp(tenant, server, listed)
    if not isinstance(document, Mapping):
        raise InvalidInput("expected `document` to be an object")
    if data.format == "openapi":
        return read_openapi(tenant, server, document)
    name, description = document.get("name"), document.get("description", "")
    schema, annotations = document.get("schema"), document.get("annotations", {})
    if not isinstance(name, str) or not isinstance(description, str):
        raise InvalidInput("expected `document.name`, and `document.description` if there is one, to be strings")
    if not isinstance(schema, Mapping) or not isinstance(annotations, Mapping):
        raise InvalidInput("expected `document.schema`, and `document.annotations` if there are any, to be objects")
    return (read_schema(tenant, server, name, description, schema, annotations),)


HANDLERS = [list_tools, register_tools, correct_tool, change_tool]
