"""The typed record of a tool's arguments, from its JSON Schema.

The schema is the tool's word and hostile: it may be malformed, endless through `$ref`, or name members that Cedar's
JSON reserves. Whatever cannot be typed exactly is left out; policies cannot name it then, and `policy check` says so.
Cedar has no floats, nulls, unions or mixed sets: `number` becomes `decimal`, nullable becomes optional, arrays of one
scalar type become sets; arrays of objects and unions of types are left out.
"""

from typing import Any

from remit.policy.types import RESERVED, Attribute, Record, Scalar, SetOf, Type

MAX_DEPTH = 6  # of records in records: more than policies can sensibly name
MAX_ATTRIBUTES = 400  # of one tool in all: bounds what `$ref` can multiply
MAX_NAME = 200

_SCALARS = {"string": Scalar.STRING, "integer": Scalar.LONG, "number": Scalar.DECIMAL, "boolean": Scalar.BOOL}


def arguments_type(schema: object) -> Record:
    """The record type of a tool's arguments. Never raises."""
    found = _Reader(schema).read(schema, 0)
    return found if isinstance(found, Record) else Record(attributes={})


class _Reader:
    def __init__(self, root: object) -> None:
        self.root = root
        self.left = MAX_ATTRIBUTES

    def read(self, schema: object, depth: int) -> Type | None:
        schema = self._resolved(schema)
        if schema is None or depth > MAX_DEPTH:
            return None
        kind = _type_name(schema)
        if kind == "object" or (kind is None and isinstance(schema.get("properties"), dict)):
            return self._record(schema, depth)
        if kind == "array":
            item = self.read(schema.get("items"), depth + 1)
            return SetOf(of=item) if isinstance(item, Scalar) else None
        return _SCALARS.get(kind) if kind is not None else None

    def _record(self, schema: dict[str, Any], depth: int) -> Record:
        properties = schema.get("properties")
        required = schema.get("required")
        needed = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
        attributes: dict[str, Attribute] = {}
        for name, inner in properties.items() if isinstance(properties, dict) else ():
            if self.left <= 0:
                break
            if not _is_name(name):
                continue
            self.left -= 1
            kind = self.read(inner, depth + 1)
            if kind is not None:
                attributes[name] = Attribute(type=kind, required=name in needed and not _nullable(inner))
        return Record(attributes=attributes)

    def _resolved(self, schema: object) -> dict[str, Any] | None:
        """Follow `$ref` within the document and unions that only add null."""
        for _ in range(MAX_DEPTH):
            if not isinstance(schema, dict):
                return None
            if isinstance(schema.get("$ref"), str):
                schema = self._target(schema["$ref"])
                continue
            branches = _branches(schema)
            if branches is None:
                return schema
            if len(branches) != 1:
                return None
            schema = branches[0]
        return None

    def _target(self, reference: str) -> object:
        if not reference.startswith("#") or len(reference) > 4 * MAX_NAME:
            return None
        found: object = self.root
        for part in reference[1:].split("/")[1:]:
            if not isinstance(found, dict):
                return None
            found = found.get(part.replace("~1", "/").replace("~0", "~"))  # RFC 6901 section 4
        return found


def _branches(schema: dict[str, Any]) -> list[Any] | None:
    for key in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(key)
        if isinstance(branches, list) and "type" not in schema and "properties" not in schema:
            return [branch for branch in branches if not (isinstance(branch, dict) and branch.get("type") == "null")]
    return None


def _type_name(schema: dict[str, Any]) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):
        named = [name for name in kind if name != "null"]
        kind = named[0] if len(named) == 1 else None
        if kind is None:
            return None
    if isinstance(kind, str):
        return kind
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if isinstance(values, list) and values:
        for name, python in (("string", str), ("boolean", bool), ("integer", int)):
            if all(type(value) is python for value in values if value is not None):
                return name
    return None


def _nullable(schema: object) -> bool:
    if not isinstance(schema, dict):
        return False
    kind = schema.get("type")
    if isinstance(kind, list) and "null" in kind:
        return True
    branches = [*_list(schema.get("anyOf")), *_list(schema.get("oneOf"))]
    return any(isinstance(branch, dict) and branch.get("type") == "null" for branch in branches)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_name(name: object) -> bool:
    if not isinstance(name, str) or name in RESERVED or not 0 < len(name) <= MAX_NAME:
        return False
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
