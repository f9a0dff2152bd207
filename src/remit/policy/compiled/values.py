"""Cedar's values in Python, kept apart by their Python types.

    Bool bool · Long int · String str · entity (type, id) · Set frozenset · Record dict · the rest: `extensions`

Python holds that `True == 1` and that a dict has no hash; Cedar differs. So values are compared, and put into sets, by
their `key`: the value itself but for booleans and records. A set holds keys, since Cedar never takes an element out.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

Uid = tuple[str, str]  # type, id
Value = Any  # one of the above: what `key` and the operators tell apart

MIN_LONG, MAX_LONG = -(2**63), 2**63 - 1


class Erred(Exception):
    """The policy errs on this request, as Cedar has it. Cedar's words for it are the reference's to give."""


class _Bool(msgspec.Struct, frozen=True, kw_only=True):
    value: bool


class _Fields(msgspec.Struct, frozen=True, kw_only=True):
    items: frozenset[tuple[str, Any]]


_TRUE, _FALSE = _Bool(value=True), _Bool(value=False)


def key(value: Value) -> Any:
    """What stands for the value in comparisons and sets: equal exactly when Cedar holds the values equal."""
    if value is True:
        return _TRUE
    if value is False:
        return _FALSE
    if type(value) is dict:
        return _Fields(items=frozenset((name, key(item)) for name, item in value.items()))
    return value


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one entity."""

    attributes: Mapping[str, Value] = {}
    ancestors: frozenset[Uid] = frozenset()
    tags: Mapping[str, Value] = {}


def expect(kind: type, *values: Value) -> None:
    for value in values:
        if type(value) is not kind:
            raise Erred


def long(number: int) -> int:
    if MIN_LONG <= number <= MAX_LONG:
        return number
    raise Erred
