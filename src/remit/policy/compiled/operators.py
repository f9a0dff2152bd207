"""Cedar's operators on values that are known only at run time.

What Cedar calls an error is an exception: `Erred`, or the `KeyError` or `TypeError` that Python raises for the same
thing (a missing attribute, an attribute of a number). Each operator checks its operands' types exactly; the compiler
leaves out those checks that it can prove. `request` is a `Request`: what a policy is asked about.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from remit.policy.compiled import extensions
from remit.policy.compiled.extensions import Datetime, Duration
from remit.policy.compiled.values import Erred, Node, Uid, Value, expect, key, long

ERRORS = (Erred, KeyError, TypeError)


class Request(Protocol):
    """What a policy is asked about. The frozensets hold each entity with all that it is in."""

    @property
    def principal(self) -> Uid: ...
    @property
    def principals(self) -> frozenset[Uid]: ...
    @property
    def action(self) -> Uid: ...
    @property
    def actions(self) -> frozenset[Uid]: ...
    @property
    def resource(self) -> Uid: ...
    @property
    def resources(self) -> frozenset[Uid]: ...
    def find(self, uid: Uid, /) -> Node | None:
        """An entity of the request; None for one of which nothing is known."""


def erred(*_: object) -> bool:
    raise Erred


def truth(value: Value) -> bool:
    if value is True or value is False:
        return value
    raise Erred


def same(left: Value, right: Value) -> bool:
    return bool(key(left) == key(right))


# Numbers


def negative(value: Value) -> int:
    expect(int, value)
    return long(-value)


def add(left: Value, right: Value) -> int:
    expect(int, left, right)
    return long(left + right)


def subtract(left: Value, right: Value) -> int:
    expect(int, left, right)
    return long(left - right)


def multiply(left: Value, right: Value) -> int:
    expect(int, left, right)
    return long(left * right)


def _ordered(left: Value, right: Value) -> tuple[int, int]:
    """Longs, datetimes and durations are ordered, each among themselves."""
    kind = type(left)
    if kind is type(right):
        if kind is int:
            return left, right
        if kind is Datetime or kind is Duration:
            return left.ms, right.ms
    raise Erred


def less(left: Value, right: Value) -> bool:
    one, other = _ordered(left, right)
    return one < other


def less_equal(left: Value, right: Value) -> bool:
    one, other = _ordered(left, right)
    return one <= other


def greater(left: Value, right: Value) -> bool:
    return less(right, left)


def greater_equal(left: Value, right: Value) -> bool:
    return less_equal(right, left)


# Entities, records and their attributes


def attribute(base: Value, name: str, request: Request) -> Value:
    if type(base) is dict:
        return base[name]
    expect(tuple, base)
    node = request.find(base)
    if node is None:
        raise Erred
    return node.attributes[name]


def has(base: Value, name: str, request: Request) -> bool:
    if type(base) is dict:
        return name in base
    expect(tuple, base)
    node = request.find(base)
    return node is not None and name in node.attributes


def inside(value: Value, group: Value, request: Request) -> bool:
    """`in`: the entity is the group or below it, or one of them if it is a set."""
    expect(tuple, value)
    groups = group if type(group) is frozenset else (group,)
    expect(tuple, *groups)
    if value in groups:
        return True
    node = request.find(value)
    return node is not None and not node.ancestors.isdisjoint(groups)


def is_kind(value: Value, kind: str) -> bool:
    expect(tuple, value)
    return bool(value[0] == kind)


def get_tag(value: Value, name: Value, request: Request) -> Value:
    expect(tuple, value)
    expect(str, name)
    node = request.find(value)
    if node is None:
        raise Erred
    return node.tags[name]


def has_tag(value: Value, name: Value, request: Request) -> bool:
    expect(tuple, value)
    expect(str, name)
    node = request.find(value)
    return node is not None and name in node.tags


# Sets


def members(*values: Value) -> frozenset[Value]:
    return frozenset(map(key, values))


def contains(items: Value, value: Value) -> bool:
    expect(frozenset, items)
    return key(value) in items


def contains_all(items: Value, wanted: Value) -> bool:
    expect(frozenset, items, wanted)
    return bool(wanted <= items)


def contains_any(items: Value, wanted: Value) -> bool:
    expect(frozenset, items, wanted)
    return not items.isdisjoint(wanted)


def is_empty(items: Value) -> bool:
    expect(frozenset, items)
    return not items


# Strings


def like(value: Value, pieces: tuple[str, ...]) -> bool:
    """`pieces` are what stands between the wildcards. Each is found once, leftmost: nothing is tried again."""
    expect(str, value)
    if len(pieces) == 1:
        return bool(value == pieces[0])
    first, *middle, last = pieces
    at, end = len(first), len(value) - len(last)
    if at > end or not (value.startswith(first) and value.endswith(last)):
        return False
    for piece in middle:
        found = value.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


UNARY: Mapping[str, Callable[[Value], Value]] = {"neg": negative, "is_empty": is_empty, **extensions.UNARY}
BINARY: Mapping[str, Callable[[Value, Value], Value]] = {
    "less": less,
    "less_eq": less_equal,
    "greater": greater,
    "greater_eq": greater_equal,
    "add": add,
    "sub": subtract,
    "mul": multiply,
    "contains": contains,
    "contains_all": contains_all,
    "contains_any": contains_any,
    **extensions.BINARY,
}
# Those that look entities up.
WITH_REQUEST: Mapping[str, Callable[[Value, Value, Request], Value]] = {
    "in": inside,
    "get_tag": get_tag,
    "has_tag": has_tag,
}
