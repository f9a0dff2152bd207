"""A tree over stored tiles: any root and any proof from O(log n) tiles (RFC 6962 sections 2.1.1 and 2.1.2).

Tiles are believed as they are read: whoever needs them proven compares the root with a signed checkpoint, or runs
`verify`. Pure: reading is the caller's function.
"""

from collections.abc import Callable

from remit.audit.hashing import EMPTY_ROOT, HASH_BYTES, node_hash, perfect_root
from remit.audit.tiles import WIDTH, TilePath, split_tile, width_at
from remit.terms import InvalidInput, Unavailable

ReadTile = Callable[[TilePath], bytes | None]
CACHED = 64  # tiles kept: a proof in a tree of 2^63 entries crosses at most 2 x 8


class Tree:
    """The first `size` entries of a log whose tiles `read` finds by path (None: no such file)."""

    def __init__(self, size: int, read: ReadTile) -> None:
        self.size = size
        self._read = read
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def root(self) -> bytes:
        return self._range(0, self.size) if self.size else EMPTY_ROOT

    def leaf(self, index: int) -> bytes:
        self._need(0 <= index < self.size, f"expected an entry below {self.size}, got {index}")
        return self._node(0, index)

    def inclusion(self, index: int) -> list[bytes]:
        """PATH(index, D[size]): proves entry `index` to whoever has this tree's root."""
        self._need(0 <= index < self.size, f"expected an entry below {self.size}, got {index}")
        proof, start, stop = [], 0, self.size
        while stop - start > 1:
            middle = start + _split(stop - start)
            if index < middle:
                proof.append(self._range(middle, stop))
                stop = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        return proof[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """PROOF(old, D[size]): proves to whoever has the root at `old` entries that they are still here."""
        self._need(0 <= old <= self.size, f"expected an earlier size of at most {self.size}, got {old}")
        if old in (0, self.size):
            return []
        proof, start, stop, rest, known = [], 0, self.size, old, True
        while rest != stop - start:
            middle = _split(stop - start)
            if rest <= middle:
                proof.append(self._range(start + middle, stop))
                stop = start + middle
            else:
                proof.append(self._range(start, start + middle))
                start, rest, known = start + middle, rest - middle, False
        return [*([] if known else [self._range(start, stop)]), *proof[::-1]]

    def _range(self, start: int, stop: int) -> bytes:
        """MTH(D[start:stop]), where `start` is aligned as RFC 6962's recursion leaves it."""
        count = stop - start
        if count & (count - 1) == 0:
            height = count.bit_length() - 1
            return self._node(height, start >> height)
        middle = start + _split(count)
        return node_hash(self._range(start, middle), self._range(middle, stop))

    def _node(self, height: int, index: int) -> bytes:
        """The root of the perfect subtree of 2^height entries number `index`."""
        level, within = divmod(height, 8)
        first = index << within
        hashes = self._tile(level, first // WIDTH)
        return perfect_root(hashes[first % WIDTH : first % WIDTH + (1 << within)])

    def _tile(self, level: int, index: int) -> list[bytes]:
        hashes = self._tiles.get((level, index))
        if hashes is None:
            path = TilePath(level=level, index=index, width=width_at(self.size, level, index))
            hashes = split_tile(read_tile(path, self._read))
            if len(self._tiles) >= CACHED:
                self._tiles.clear()
            self._tiles[level, index] = hashes
        return hashes

    @staticmethod
    def _need(condition: bool, message: str) -> None:
        if not condition:
            raise InvalidInput(message)


def read_tile(path: TilePath, read: ReadTile) -> bytes:
    """A hash tile's bytes, from its full form if the partial one was cleared away; `Unavailable` if it is not whole."""
    wanted = path.width * HASH_BYTES
    data = read(path)
    if data is None and path.width < WIDTH:
        data = (read(path.full) or b"")[:wanted] or None
    if data is None or len(data) != wanted:
        raise Unavailable(f"the log's file {path} is missing or not whole; rebuild the log from the store's entries")
    return data


def _split(count: int) -> int:
    """The largest power of two smaller than `count` (RFC 6962: k)."""
    return 1 << ((count - 1).bit_length() - 1)
