"""Definitions as servers publish them, turned into `Tool`s.

A definition that cannot be read is refused (`InvalidInput`) when one is registered by hand; in a server's list it is
quarantined by itself, with the reason, so that one hostile entry cannot keep a server's other tools out. A quarantined
tool that cannot be kept has the most dangerous reading of its name and an open schema: its state is what stops it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from remit.catalogue.hostile import bad_name, imitates, poison
from remit.catalogue.reading import read
from remit.catalogue.shape import measured, resolved
from remit.catalogue.unknown import dangerous
from remit.terms import InvalidInput, OperationClass, ServerId, TenantId, Tool, ToolState

MAX_TOOLS = 2_000  # of one list


def read_schema(
    tenant: TenantId,
    server: ServerId,
    name: str,
    description: str,
    schema: Mapping[str, Any],
    annotations: Mapping[str, Any] | None = None,
) -> Tool:
    """One tool from its JSON Schema. Raises `InvalidInput`; what speaks to the model is quarantined."""
    return tool_of(
        tenant, server, Definition(name=name, description=description, schema=schema, hints=annotations or {})
    )


def read_mcp(tenant: TenantId, server: ServerId, listed: Iterable[Mapping[str, Any]]) -> tuple[Tool, ...]:
    """The tools of an MCP `tools/list` result (2025-11-25 and 2026-07-28, section Tools).

    Raises `InvalidInput` only when it is no list of definitions.
    """
    if not isinstance(listed, list | tuple) or len(listed) > MAX_TOOLS:
        raise InvalidInput(f"expected a list of at most {MAX_TOOLS} tool definitions")
    tools: dict[str, Tool] = {}
    for entry in listed:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            raise InvalidInput("expected each tool definition to be an object with a `name`; correct the server")
        tool = _listed(tenant, server, entry)
        if tool.name in tools:
            tool = _quarantined(tool, "two tools of this name are in one list")
        tools[tool.name] = tool
    return separate(tuple(tools.values()))


def separate(tools: tuple[Tool, ...], others: Iterable[Tool] = ()) -> tuple[Tool, ...]:
    """Quarantine the tools whose names can be taken for another's: a later one's for an earlier one's."""
    earlier = list(others)
    found = []
    for tool in tools:
        copied = imitates(tool, earlier)
        if copied is not None:
            tool = _quarantined(tool, f"its name imitates {copied}")
        earlier.append(tool)
        found.append(tool)
    return tuple(found)


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str
    schema: Mapping[str, Any]
    hints: Mapping[str, Any]
    title: str = ""
    output: Mapping[str, Any] = {}
    implied: tuple[OperationClass, ...] = ()
    cut: bool = False  # recursive references become "anything"

    @property
    def form(self) -> dict[str, Any]:
        """What the definition hash covers."""
        form = {
            "name": self.name,
            "description": self.description,
            "input_schema": self.schema,
            "annotations": self.hints,
        }
        shown = {"title": self.title, "output_schema": self.output}  # agents are shown these too
        return {**form, **{key: value for key, value in shown.items() if value}}


def tool_of(tenant: TenantId, server: ServerId, definition: Definition) -> Tool:
    if not isinstance(definition.schema, Mapping) or not isinstance(definition.hints, Mapping):
        raise InvalidInput("expected a tool's schema and annotations to be objects")
    form = measured(definition.form)
    wrong = bad_name(definition.name)
    if wrong:
        raise InvalidInput(f"expected a tool's name in plain letters and digits, but {wrong}; rename it")
    schema = resolved(definition.schema, cut=definition.cut)
    reading = read(definition.name, definition.description, schema, definition.hints, definition.implied)
    cause = poison({**definition.form, "title": definition.title})
    return Tool(
        tenant=tenant,
        server=server,
        name=definition.name,
        description=definition.description,
        input_schema=dict(definition.schema),
        annotations=dict(definition.hints),
        definition_hash=hashlib.sha256(form).hexdigest(),
        classes=reading.classes,
        targets=reading.roles.targets,
        sinks=reading.roles.sinks,
        content=reading.roles.content,
        amounts=reading.roles.amounts,
        outside=reading.outside,
        sure=reading.sure and not cause,
        because=reading.because,
        state=ToolState.QUARANTINED if cause else ToolState.ACTIVE,
        cause=cause,
    )


def _listed(tenant: TenantId, server: ServerId, entry: Mapping[str, Any]) -> Tool:
    """One entry of a list; what cannot be read is quarantined instead of refused."""
    name = entry["name"]
    hints = entry.get("annotations") or {}
    title = entry.get("title") or (hints.get("title") if isinstance(hints, Mapping) else "") or ""
    description = entry.get("description") or ""
    output = entry.get("outputSchema", entry.get("output_schema"))
    schema = entry.get("inputSchema", entry.get("input_schema", {"type": "object"}))
    try:
        if not isinstance(description, str) or not isinstance(title, str):
            raise InvalidInput("expected a tool's title and description to be text")
        return tool_of(
            tenant,
            server,
            Definition(
                name=name,
                description=description,
                schema=schema,
                hints=hints,
                title=title,
                output=output if isinstance(output, Mapping) else {},
            ),
        )
    except InvalidInput as error:
        return _refused(tenant, server, entry, error.message)


def _refused(tenant: TenantId, server: ServerId, entry: Mapping[str, Any], cause: str) -> Tool:
    """A tool whose definition cannot be kept: only its name, made safe, and a hash that tells a changed one apart."""
    name = entry["name"]
    safe = name if not bad_name(name) else plain_name(name)
    reading = dangerous(safe, ())
    return Tool(
        tenant=tenant,
        server=server,
        name=safe,
        description="",
        input_schema={"type": "object"},
        definition_hash=hashlib.sha256(_any_form(entry)).hexdigest(),
        classes=reading.classes,
        because=reading.because,
        state=ToolState.QUARANTINED,
        cause=cause,
    )


def plain_name(name: str) -> str:
    """A hostile name as an identifier: what is not plain becomes `=XX`, as in quoted-printable (RFC 2045 6.7)."""
    data = name[:60].encode("utf-8", "surrogatepass")
    return "_" + "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"={byte:02X}" for byte in data)[:120]


def _any_form(value: Any) -> bytes:
    """Bytes that stand for a value which may have no canonical form; bounded work, never an error."""
    try:
        return measured(value)
    except InvalidInput:
        return ascii(str(value)[:200_000]).encode()


def _quarantined(tool: Tool, cause: str) -> Tool:
    return msgspec.structs.replace(tool, state=ToolState.QUARANTINED, cause=cause, sure=False)
