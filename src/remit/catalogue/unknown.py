"""Tools that nobody registered: judged by their name and the names of their arguments, at their most dangerous.

On the hot path, so readings are kept by name and argument names; names are hostile and bounded.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from remit.catalogue.arguments import MAX_LEVELS
from remit.catalogue.reading import Reading, read
from remit.terms import ServerId, TenantId, Tool

MAX_NAMES = 64  # argument names of one call that are read
MAX_LENGTH = 120  # characters of each


def unknown_tool(tenant: TenantId, server: ServerId, name: str, arguments: Mapping[str, Any]) -> Tool:
    """What a call to an unregistered tool may be: never sure, results from outside, no definition hash."""
    reading = dangerous(name[:200], _names(arguments, MAX_LEVELS))
    return Tool(
        tenant=tenant,
        server=server,
        name=name,
        description="",
        input_schema={},
        definition_hash="",
        classes=reading.classes,
        targets=reading.roles.targets,
        sinks=reading.roles.sinks,
        content=reading.roles.content,
        amounts=reading.roles.amounts,
        outside=True,
        sure=False,
        because=reading.because,
    )


Names = tuple[tuple[str, Any], ...]


def _names(value: Any, levels: int) -> Names:
    """The shape of arguments: names with their kind, or the shape below."""
    found: list[tuple[str, Any]] = []
    for key in value:
        if len(found) >= MAX_NAMES:
            break
        found.append((str(key)[:MAX_LENGTH], _shape(value[key], levels - 1)))
    return tuple(found)


def _shape(value: Any, levels: int) -> Any:
    if type(value) is str:
        return "string"
    if isinstance(value, Mapping):
        return _names(value, levels) if levels else "object"
    if isinstance(value, list | tuple):
        return ("array", _shape(value[0], levels) if value and levels else "string")
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "string"


@lru_cache(maxsize=4096)
def dangerous(name: str, names: Names) -> Reading:
    """The reading of a bare name and argument names."""
    return read(name, "", _schema(names), {})


def _schema(shape: Any) -> dict[str, Any]:
    if isinstance(shape, str):
        return {"type": shape}
    if len(shape) == 2 and shape[0] == "array":
        return {"type": "array", "items": _schema(shape[1])}
    return {"type": "object", "properties": {name: _schema(item) for name, item in shape}}
