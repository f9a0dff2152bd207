"""Recorded runs on disk: `traces/<set>.jsonl.gz`, `tools/<id>.json`, `labels/<set>.jsonl` (may be absent)."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from remit.terms import InvalidInput


class RecordedCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call with what it returned; `result` is "" where the source has none."""

    function: str
    arguments: dict[str, Any]
    result: str | None = None
    error: str | None = None


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded run. Labels are not part of it."""

    id: str
    suite: str
    agent: str
    goal: str
    tools: str
    calls: tuple[RecordedCall, ...]


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What the scorer knows of a trace, and nobody else."""

    id: str
    kind: str
    task_succeeded: bool | None = None
    attack_succeeded: bool | None = None
    injection_goal: str | None = None
    calls: tuple[str, ...]
    decisive: tuple[int, ...] = ()


def sets(data: Path) -> tuple[str, ...]:
    """Names of the sets in `data`. Raises `InvalidInput` when there are none."""
    names = tuple(sorted(path.name.removesuffix(".jsonl.gz") for path in (data / "traces").glob("*.jsonl.gz")))
    if not names:
        raise InvalidInput(f"expected recorded runs at {data / 'traces'}/<set>.jsonl.gz")
    return names


def chosen(data: Path, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The sets that were asked for, or all."""
    names = sets(data)
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise InvalidInput(f"expected sets of {', '.join(names)}; got {', '.join(unknown)}")
    return tuple(name for name in names if not wanted or name in wanted)


def traces(data: Path, name: str) -> list[Trace]:
    path = data / "traces" / f"{name}.jsonl.gz"
    try:
        with gzip.open(path, "rb") as lines:
            return [msgspec.json.decode(line, type=Trace) for line in lines]
    except (OSError, EOFError, msgspec.MsgspecError) as error:
        raise InvalidInput(f"expected {path} to hold one trace a line, compressed: {error}") from None


def tools(data: Path, name: str) -> list[dict[str, Any]]:
    """Tool definitions in the form of MCP's tools/list. Raises `InvalidInput`.

    Some sources name types as Python does, or list parameters instead of giving a schema; both become JSON Schema.
    """
    path = data / "tools" / f"{name}.json"
    try:
        listed = json.loads(path.read_bytes())
        return [
            {
                "name": item["name"],
                "description": item.get("description") or "",
                "inputSchema": _schema(item["parameters"]),
            }
            for item in listed
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"expected {path} to be a list of name, description, parameters: {error}") from None


_TYPES = {
    "dict": "object",
    "list": "array",
    "tuple": "array",
    "float": "number",
    "int": "integer",
    "str": "string",
    "bool": "boolean",
}


def _schema(parameters: Any) -> dict[str, Any]:
    """JSON Schema of an object, from what a source calls parameters."""
    if isinstance(parameters, list):
        return {
            "type": "object",
            "properties": {
                item["name"]: _typed({key: value for key, value in item.items() if key not in ("name", "required")})
                for item in parameters
            },
            "required": [item["name"] for item in parameters if item.get("required")],
        }
    typed = _typed(parameters)
    assert isinstance(typed, dict)
    return typed


def _typed(schema: Any) -> Any:
    """`schema` with the types of JSON Schema; "any" is no type at all."""
    if isinstance(schema, list):
        return [_typed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _typed(value) for key, value in schema.items()}
    if isinstance(kept.get("type"), str):
        kept["type"] = _TYPES.get(kept["type"], kept["type"])
        if kept["type"] == "any":
            del kept["type"]
    return kept


def labels(data: Path) -> dict[str, tuple[str, Label]]:
    """Set and label by trace id; empty when there are no labels."""
    return {label.id: (name, label) for name, label in _labels(data)}


def _labels(data: Path) -> Iterator[tuple[str, Label]]:
    for path in sorted((data / "labels").glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            yield path.stem, msgspec.json.decode(line, type=Label)
