"""Narrowing: a derived mission never has more than its parent, nor any mission more than its purpose (I4).

Every field of the result is at most the same field of both sides; a property test proves it.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from remit.terms import Bounds, Budget, InvalidInput, Purpose, PurposeId

T = TypeVar("T")
N = TypeVar("N", int, float)


def _both(a: tuple[T, ...] | None, b: tuple[T, ...] | None) -> tuple[T, ...] | None:
    """Intersection, where None is everything."""
    if a is None:
        return b
    if b is None:
        return a
    return tuple(item for item in b if item in a)


def _least(a: N | None, b: N | None) -> N | None:
    if a is None:
        return b
    return a if b is None else min(a, b)


def narrow_bounds(outer: Bounds, inner: Bounds) -> Bounds:
    """What both allow."""
    return Bounds(
        classes=_both(outer.classes, inner.classes),
        servers=_both(outer.servers, inner.servers),
        tools=_both(outer.tools, inner.tools),
        sinks=_both(outer.sinks, inner.sinks),
        confidentiality=min(outer.confidentiality, inner.confidentiality),
        ask_above=_least(outer.ask_above, inner.ask_above),
    )


def narrow_budget(outer: Budget, inner: Budget) -> Budget:
    """The lower of each ceiling."""
    return Budget(
        calls=_least(outer.calls, inner.calls),
        amount=_least(outer.amount, inner.amount),
        records=_least(outer.records, inner.records),
    )


def purpose_bounds(purpose: Purpose, lookup: Callable[[PurposeId], Purpose | None]) -> tuple[Bounds, Budget]:
    """Bounds and budget of a purpose, narrowed by all its ancestors."""
    bounds, budget, seen = purpose.bounds, purpose.budget, {purpose.id}
    parent = purpose.parent
    while parent is not None:
        above = lookup(parent)
        if above is None or above.id in seen:
            raise InvalidInput(f"purpose `{purpose.id}` has a parent `{parent}` that is missing or its own descendant")
        seen.add(above.id)
        bounds, budget, parent = narrow_bounds(above.bounds, bounds), narrow_budget(above.budget, budget), above.parent
    return bounds, budget


def purpose_line(purpose: PurposeId, catalogue: Iterable[Purpose]) -> tuple[PurposeId, ...]:
    """A purpose's id and those above it."""
    above = {item.id: item.parent for item in catalogue}
    line: list[PurposeId] = []
    current: PurposeId | None = purpose
    while current is not None and current not in line:
        line.append(current)
        current = above.get(current)
    return tuple(line)
