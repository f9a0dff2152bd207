"""Tables of what was worked out from what people and agents wrote.

They are bounded, and for speed alone. When texts are erased all of them are emptied, so that none outlives it there;
what is asked again is worked out again.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")
EMPTYING: list[Callable[[], None]] = []


def kept(size: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """An `lru_cache` of so many answers of a function of texts."""

    def keep(function: Callable[P, T]) -> Callable[P, T]:
        table = lru_cache(maxsize=size)(function)
        EMPTYING.append(table.cache_clear)
        return cast(Callable[P, T], table)

    return keep


def forget() -> None:
    """Empty all of them."""
    for empty in EMPTYING:
        empty()
