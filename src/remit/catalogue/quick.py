"""JSON Schema as closures: a fast "yes".

`checker` compiles the part of Draft 2020-12 that tools use into one function. It answers True only when the value fits;
False means "not, or not sure", and then the library decides. Property tests hold it against the library.
"""

from collections.abc import Callable, Mapping
from typing import Any

from remit.catalogue.words import word_set

Check = Callable[[Any], bool]

# Keywords that say nothing about the value.
_SILENT = word_set(
    """title description default examples example deprecated readOnly writeOnly format contentEncoding
    contentMediaType contentSchema externalDocs xml discriminator"""
)
_HANDLED = word_set(
    """type properties required additionalProperties items enum const minimum maximum exclusiveMinimum
    exclusiveMaximum minLength maxLength minItems maxItems anyOf allOf"""
)


class _Unhandled(Exception):
    """This schema says something that closures do not know."""


def checker(schema: Any) -> Check | None:
    """The fast check of a resolved schema, or None where there is none."""
    try:
        return _check(schema)
    except _Unhandled:
        return None


def _check(schema: Any) -> Check:
    if schema is True or schema == {}:
        return _anything
    if schema is False:
        return _nothing
    for key in schema:
        if key not in _HANDLED and key not in _SILENT and not key.startswith("x-"):
            raise _Unhandled
    members = bool({"properties", "required", "additionalProperties"} & schema.keys())
    kinds = None if members and schema.get("type") == "object" else _types(schema)  # else `_members` looks at both
    checks = [part for part in (kinds, _values(schema), _bounds(schema)) if part is not None]
    if members:
        checks.append(_members(schema))
    if "items" in schema:
        checks.append(_items(_check(schema["items"])))
    if "allOf" in schema:
        checks += [_check(part) for part in schema["allOf"]]
    if "anyOf" in schema:
        checks.append(_any([_check(part) for part in schema["anyOf"]]))
    return _all(checks)


def _anything(_value: Any) -> bool:
    return True


def _nothing(_value: Any) -> bool:
    return False


def _all(checks: list[Check]) -> Check:
    if not checks:
        return _anything
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        first, second = checks
        return lambda value: first(value) and second(value)
    return lambda value: all(check(value) for check in checks)


def _any(checks: list[Check]) -> Check:
    return lambda value: any(check(value) for check in checks)


def _is_integer(value: Any) -> bool:
    kind = type(value)
    return kind is int or (kind is float and value.is_integer())


_TYPES: dict[str, Check] = {
    "string": lambda value: type(value) is str,
    "integer": _is_integer,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) is bool,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: type(value) is list,
    "null": lambda value: value is None,
}


# What is of a type without a look at the value.
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def _kinds(schema: Any) -> tuple[type, ...]:
    """Python types of which every value fits; () unless the schema names a type and says no more."""
    if not isinstance(schema, dict) or _HANDLED & schema.keys() != {"type"} or not isinstance(schema["type"], str):
        return ()
    return _KINDS[schema["type"]]


def _types(schema: Mapping[str, Any]) -> Check | None:
    kind = schema.get("type")
    if kind is None:
        return None
    if isinstance(kind, str):
        return _TYPES[kind]
    return _any([_TYPES[one] for one in kind])


def _values(schema: Mapping[str, Any]) -> Check | None:
    """`enum` and `const` of strings; equality of other JSON values is the library's (1 equals 1.0, not true)."""
    options = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if options is None:
        return None
    if "enum" in schema and "const" in schema:
        raise _Unhandled
    texts = frozenset(option for option in options if type(option) is str)
    nothing = None in options
    return lambda value: (value in texts) if type(value) is str else (nothing and value is None)


def _bounds(schema: Mapping[str, Any]) -> Check | None:
    checks: list[Check] = []
    if {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} & schema.keys():
        checks.append(_range(schema))
    if {"minLength", "maxLength"} & schema.keys():
        checks.append(_length(str, schema.get("minLength", 0), schema.get("maxLength", float("inf"))))
    if {"minItems", "maxItems"} & schema.keys():
        checks.append(_length(list, schema.get("minItems", 0), schema.get("maxItems", float("inf"))))
    return _all(checks) if checks else None


def _range(schema: Mapping[str, Any]) -> Check:
    least, most = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")

    def check(value: Any) -> bool:
        if type(value) not in (int, float):
            return type(value) is not bool or True
        return bool(least <= value <= most and (above is None or value > above) and (below is None or value < below))

    return check


def _length(kind: type[str] | type[list[Any]], least: float, most: float) -> Check:
    return lambda value: type(value) is not kind or least <= len(value) <= most


def _items(check: Check) -> Check:
    return lambda value: type(value) is not list or all(map(check, value))


def _members(schema: Mapping[str, Any]) -> Check:
    properties = schema.get("properties", {})
    known = {name: _check(part) for name, part in properties.items()}
    kinds = {name: _kinds(part) for name, part in properties.items()}
    required = tuple(schema.get("required", ()))
    more = schema.get("additionalProperties", True)
    rest = None if more is True or more == {} else _check(more)
    otherwise = schema.get("type") != "object"

    def check(value: Any) -> bool:
        if not isinstance(value, dict):
            return otherwise
        for name in required:
            if name not in value:
                return False
        for name, item in value.items():
            if type(item) not in kinds.get(name, ()):
                rule = known.get(name, rest)
                if rule is not None and not rule(item):
                    return False
        return True

    return check
