"""A mapping that keeps what was used last, up to a number."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class LeastRecent(Generic[K, V]):
    """Changed under its owner's lock; `get` needs none."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        item = self._items.get(key)
        if item is not None:
            try:
                self._items.move_to_end(key)
            except KeyError:
                return item  # dropped by another thread meanwhile
        return item

    def put(self, key: K, item: V) -> None:
        self._items[key] = item
        self._items.move_to_end(key)
        if len(self._items) > self._size:
            self._items.popitem(last=False)

    def pop(self, key: K) -> None:
        self._items.pop(key, None)

    def shrink(self, most: int, weigh: Callable[[V], int]) -> None:
        """Drop what was used longest ago until the rest weighs at most `most`."""
        weight = sum(weigh(item) for item in self._items.values())
        while weight > most and self._items:
            weight -= weigh(self._items.popitem(last=False)[1])

    def names(self) -> list[K]:
        return list(self._items)

    def clear(self) -> None:
        self._items.clear()

    def __len__(self) -> int:
        return len(self._items)
