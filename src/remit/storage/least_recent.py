"""A mapping that keeps what was used last, up to a number and up to a weight."""

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

    def names(self) -> list[K]:
        return list(self._items)

    def clear(self) -> None:
        self._items.clear()

    def __len__(self) -> int:
        return len(self._items)


class Weighed(LeastRecent[K, V]):
    """Items that grow: each counts with what it weighed when it was last got or put. `get` needs the lock, too."""

    def __init__(self, size: int, most: int, weigh: Callable[[V], int]) -> None:
        super().__init__(size)
        self._most = most
        self._weigh = weigh
        self._weights: dict[K, int] = {}
        self._weight = 0  # of all

    def get(self, key: K) -> V | None:
        item = self._items.get(key)
        if item is not None:
            self._items.move_to_end(key)
            if self._weigh(item) != self._weights[key]:
                self._count(key, item)
        return item

    def put(self, key: K, item: V) -> None:
        self._items[key] = item
        self._items.move_to_end(key)
        self._count(key, item)
        if len(self._items) > self._size:
            self.pop(next(iter(self._items)))

    def pop(self, key: K) -> None:
        super().pop(key)
        self._weight -= self._weights.pop(key, 0)

    def clear(self) -> None:
        super().clear()
        self._weights.clear()
        self._weight = 0

    def _count(self, key: K, item: V) -> None:
        """The others leave, the one used longest ago first, until all weigh at most `most`."""
        weight = self._weigh(item)
        self._weight += weight - self._weights.get(key, 0)
        self._weights[key] = weight
        while self._weight > self._most and len(self._items) > 1:
            self.pop(next(iter(self._items)))
