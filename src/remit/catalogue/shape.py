"""A tool's schema, brought into one bounded shape before anything reads or runs it.

A definition comes from a server that nobody vouched for. Its schema could exhaust whoever walks it (deep, huge,
recursive, a "billion laughs" of references), fetch from the network (remote `$ref`), or hang whoever validates with it
(`pattern` with catastrophic backtracking, `uniqueItems` over thousands of objects, nested `unevaluatedProperties`).

So: what is too large, too deep, recursive, remote or no JSON Schema is refused, with what to do. Local references are
inlined under a budget. Older idioms (draft-04 to -07, OpenAPI 3.0) are rewritten to 2020-12. `pattern` and
`patternProperties` are **never run**: they are dropped, and with them the `additionalProperties` they belong to. So are
`unevaluated*`. Dropping a constraint only means that `fits` says less; what an upstream requires, it still checks.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from remit.terms import InvalidInput, canonical, check

MAX_BYTES = 64 * 1024  # of one definition in JCS form; the largest honest ones seen are a third of it
MAX_DEPTH = 32  # levels of nesting; honest ones have 12
MAX_NODES = 8_000  # members after references are inlined: bounds every later walk and validation

_DROPPED = frozenset(
    {"pattern", "patternProperties", "unevaluatedProperties", "unevaluatedItems", "$defs", "definitions", "$id", "id",
     "$schema", "$anchor", "$comment", "$vocabulary", "format"}
)  # fmt: skip
_MAPS = frozenset({"properties", "dependentSchemas"})
_LITERAL = frozenset({"const", "enum", "default", "examples", "example"})


def measured(definition: Any) -> bytes:
    """The JCS form of a definition, or `InvalidInput` when it is too large or too deep to be an honest tool's."""
    check(definition)
    if _depth(definition) > MAX_DEPTH:
        raise InvalidInput(f"expected a definition nested at most {MAX_DEPTH} levels deep; flatten the schema")
    form = canonical(definition)
    if len(form) > MAX_BYTES:
        raise InvalidInput(f"expected a definition of at most {MAX_BYTES} bytes, got {len(form)}; shorten the schema")
    return form


def resolved(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None, *, cut: bool = False) -> dict[str, Any]:
    """The schema in Draft 2020-12 without references, patterns and identifiers.

    Raises `InvalidInput` on remote, dangling or recursive references and on what is not JSON Schema. With `cut` a
    recursive reference becomes "anything" instead (OpenAPI documents describe trees).
    """
    plain = inlined(schema, root if root is not None else schema, cut=cut)
    if not isinstance(plain, dict):
        raise InvalidInput("expected a JSON Schema of arguments that is an object")
    kind = plain.setdefault("type", "object")
    if kind != "object" and kind != ["object"]:
        raise InvalidInput('expected a JSON Schema of arguments with "type": "object"')
    try:
        Draft202012Validator.check_schema(plain)
    except SchemaError as error:
        where = "/".join(str(part) for part in error.absolute_path)
        raise InvalidInput(
            f"expected a valid JSON Schema (2020-12): {where[:120]!a} breaks `{error.validator}`; correct it"
        ) from None
    return plain


def inlined(schema: Any, root: Mapping[str, Any], *, cut: bool = False) -> Any:
    """Any schema within `root`, without references, patterns and identifiers, not yet checked."""
    return _Inliner(root, cut).schema(schema, ())


def find(root: Mapping[str, Any], target: Any) -> Any:
    """What a local reference points to (RFC 6901)."""
    if not isinstance(target, str) or not target.startswith("#"):
        raise InvalidInput('expected only local references ("#/…"); include what the definition refers to')
    if target != "#" and not target.startswith("#/"):
        raise InvalidInput('expected references by path ("#/$defs/name"), got an anchor; write the path')
    value: Any = root
    for part in target[1:].split("/")[1:]:
        key = part.replace("%25", "%").replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and len(key) < 6 and int(key) < len(value):
            value = value[int(key)]
        else:
            raise InvalidInput(f"expected references that lead somewhere, {target[:120]!a} does not")
    return value


class _Inliner:
    def __init__(self, root: Mapping[str, Any], cut: bool) -> None:
        self.root, self.cut, self.nodes = root, cut, 0

    def schema(self, value: Any, seen: tuple[str, ...]) -> Any:
        """`value` where a schema stands; `seen` are the references that led here."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise InvalidInput(f"expected a schema of at most {MAX_NODES} parts with its references; simplify it")
        if len(seen) > MAX_DEPTH:
            raise InvalidInput(f"expected at most {MAX_DEPTH} references in a row; simplify the schema")
        if isinstance(value, bool):
            return value
        if not isinstance(value, Mapping):
            raise InvalidInput("expected a JSON Schema to be an object or a boolean; correct the schema")
        if "$dynamicRef" in value or "$recursiveRef" in value:
            raise InvalidInput("expected no dynamic references; write the schema out")
        if "$ref" in value:
            return self.reference(value, seen)
        return _modern({key: self.member(key, item, seen) for key, item in value.items() if self.keeps(key, value)})

    def keeps(self, key: str, schema: Mapping[str, Any]) -> bool:
        if key == "additionalProperties" and "patternProperties" in schema:
            return False
        return key not in _DROPPED

    def member(self, key: str, item: Any, seen: tuple[str, ...]) -> Any:
        if key in _LITERAL:
            return item
        if key in _MAPS and isinstance(item, Mapping):
            return {name: self.schema(part, seen) for name, part in item.items()}
        if key in _SUBSCHEMAS and isinstance(item, Mapping):
            return self.schema(item, seen)
        if key in _LISTS and isinstance(item, list):
            return [self.schema(part, seen) for part in item]
        return item

    def reference(self, value: Mapping[str, Any], seen: tuple[str, ...]) -> Any:
        target = value["$ref"]
        if target in seen:
            if self.cut:
                return {}
            raise InvalidInput("expected no recursive references; write the schema out to a fixed depth")
        beside = {key: item for key, item in value.items() if key != "$ref"}
        there = self.schema(find(self.root, target), (*seen, target))
        if not beside or not isinstance(there, dict):
            return there
        return {**there, **self.schema(beside, seen)}  # descriptions and defaults beside a reference


_SUBSCHEMAS = frozenset(
    {"items", "contains", "additionalProperties", "additionalItems", "propertyNames", "not", "if", "then", "else"}
)
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})


def _modern(schema: dict[str, Any]) -> dict[str, Any]:
    """Older idioms as 2020-12 writes them."""
    if isinstance(schema.get("items"), list):  # draft-07 tuples
        schema["prefixItems"] = schema.pop("items")
        rest = schema.pop("additionalItems", None)
        if rest is not None:
            schema["items"] = rest
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        flag = schema.get(exclusive)
        if isinstance(flag, bool):  # draft-04 and OpenAPI 3.0
            del schema[exclusive]
            if flag and bound in schema:
                schema[exclusive] = schema.pop(bound)
    if schema.pop("nullable", False) is True and isinstance(schema.get("type"), str):  # OpenAPI 3.0
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    if isinstance(schema.get("required"), bool):  # draft-03, and parameters copied from OpenAPI
        del schema["required"]
    return schema


def _depth(value: Any) -> int:
    if isinstance(value, Mapping):
        return 1 + max((_depth(item) for item in value.values()), default=0)
    if isinstance(value, list | tuple):
        return 1 + max((_depth(item) for item in value), default=0)
    return 0


def texts(value: Any) -> Iterator[str]:
    """Every string of a definition, names included: what a model may be shown."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)
