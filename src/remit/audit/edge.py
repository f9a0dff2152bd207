"""The right edge of a growing tree: per level, the hashes of the tile that is not full yet.

It is all that appending and the root need, so a log of any length is extended from a few kilobytes (RFC 6962's tree cut
into tiles of 256). Pure.
"""

from collections.abc import Iterator, Sequence
from itertools import count

from remit.audit.hashing import edge_root, leaf_hash, perfect_root
from remit.audit.tiles import WIDTH, TilePath

HashTile = tuple[TilePath, list[bytes]]


class Edge:
    """`levels[l]` are the 0 to 255 hashes of the unfinished tile of level l."""

    def __init__(self, size: int = 0, levels: list[list[bytes]] | None = None) -> None:
        self.size = size
        self.levels: list[list[bytes]] = levels or []

    def append(self, *entries: bytes) -> list[HashTile]:
        """Append entries; returns the tiles that they filled, in the order in which they were, lowest level first."""
        filled: list[HashTile] = []
        at = 0
        while at < len(entries):
            taken = entries[at : at + self.room]
            at += len(taken)
            self._append(taken, filled)
        return filled

    @property
    def room(self) -> int:
        """How many entries the unfinished tile of level 0 still takes."""
        return WIDTH - self.size % WIDTH

    def _append(self, entries: Sequence[bytes], filled: list[HashTile]) -> None:
        """Entries for which there is room in one tile."""
        self.size += len(entries)
        rising = [leaf_hash(entry) for entry in entries]
        for level in count():
            if level == len(self.levels):
                self.levels.append([])
            hashes = self.levels[level]
            hashes += rising
            if len(hashes) < WIDTH:
                break
            index = (self.size >> (8 * (level + 1))) - 1
            filled.append((TilePath(level=level, index=index, width=WIDTH), hashes))
            self.levels[level] = []
            rising = [perfect_root(hashes)]

    def unfinished(self) -> Iterator[HashTile]:
        """The partial tiles of the tree as it is."""
        for level, hashes in enumerate(self.levels):
            if hashes:
                index = self.size >> (8 * (level + 1))
                yield TilePath(level=level, index=index, width=len(hashes)), hashes

    def root(self) -> bytes:
        return edge_root(self.levels)
