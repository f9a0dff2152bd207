"""The published log, read: its files as they are served, and proofs out of them.

Nothing but the paths of tlog-tiles leads to a file, so a request cannot name another one (no traversal, no second
spelling). Reading needs no lock: a checkpoint is replaced whole and last, and tiles only grow. What is read is not
verified here; whoever gets it checks it against the log's key.
"""

from pathlib import Path

from remit.audit.checkpoints import Checkpoint, log_name, read_checkpoint
from remit.audit.files import LogFiles
from remit.audit.notes import MAX_NOTE
from remit.audit.tiles import (
    CHECKPOINT,
    COSIGNED,
    MAX_BUNDLE,
    TILE_BYTES,
    WIDTH,
    TilePath,
    parse_path,
    split_bundle,
    width_at,
)
from remit.audit.tlog_proof import encode_proof
from remit.audit.tree import Tree
from remit.terms import InvalidInput, TenantId, Unavailable

NOTES = frozenset({CHECKPOINT, COSIGNED})


class Published:
    """The logs in `<directory>/<tenant>/`. Safe in several threads. Raises `Unavailable` for a broken disk."""

    def __init__(self, directory: Path) -> None:
        self._files = LogFiles(directory)

    def file(self, tenant: TenantId, path: str) -> bytes | None:
        """What `path` (relative to the tenant's log) holds; None for anything that is no file of a log."""
        tile = parse_path(path)
        if tile is None and path not in NOTES:
            return None
        try:
            name = log_name(tenant)
        except (InvalidInput, UnicodeEncodeError):
            return None
        try:
            return self._files.read(f"{name}/{path}", _limit(tile))
        except OSError as error:
            raise Unavailable(f"the log's file {path} cannot be read: {error.strerror}; repair the disk") from None

    def checkpoint(self, tenant: TenantId, covering: int = 0) -> tuple[bytes, Checkpoint] | None:
        """The signed note and what it says; a cosigned one if it covers the entries below `covering`."""
        newest = None
        for name in (CHECKPOINT, COSIGNED):
            note = self.file(tenant, name)
            if note is None:
                continue
            found = note, read_checkpoint(note)
            if name == COSIGNED and found[1].size >= max(1, covering):
                return found
            newest = newest or found
        return newest

    def tree(self, tenant: TenantId, size: int) -> Tree:
        return Tree(size, lambda path: self.file(tenant, str(path)))

    def consistency(self, tenant: TenantId, old: int, size: int) -> list[bytes]:
        """Proof that the tree of `old` entries is a prefix of the one of `size`; costs O(log n)."""
        return self.tree(tenant, size).consistency(old)

    def entry(self, tenant: TenantId, index: int, size: int) -> bytes:
        """Entry `index` of a log of `size` entries."""
        width = width_at(size, 0, index // WIDTH)
        path = TilePath(level=None, index=index // WIDTH, width=width)
        data = self.file(tenant, str(path)) or self.file(tenant, str(path.full)) or b""
        entries, _ = split_bundle(data, width)
        if index % WIDTH >= len(entries):
            raise Unavailable(
                f"the log's file {path} is missing or not whole; rebuild the log from the store's entries"
            )
        return entries[index % WIDTH]

    def proof(self, tenant: TenantId, index: int) -> bytes | None:
        """The C2SP tlog-proof of entry `index`, with the entry itself; None while no checkpoint covers it."""
        found = self.checkpoint(tenant, index + 1)
        if found is None or found[1].size <= index:
            return None
        note, checkpoint = found
        hashes = self.tree(tenant, checkpoint.size).inclusion(index)
        return encode_proof(index, hashes, note, self.entry(tenant, index, checkpoint.size))


def _limit(tile: TilePath | None) -> int:
    if tile is None:
        return MAX_NOTE
    return MAX_BUNDLE if tile.level is None else TILE_BYTES
