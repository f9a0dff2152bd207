"""From committed rows to a published log: bundles, tiles, and last the checkpoint.

Rows are the truth; everything here can be rebuilt from them. Threat: a log that signs two histories. So before anything
is signed, the last checkpoint is opened with our own key, the stored right edge must give its root, and the newest rows
that it covers must still be the entries it signed (a store restored from an old backup and grown again differs there).
Rows altered further back cannot make a signature inconsistent, since tiles are only ever extended; `check` finds them
by a full pass, and `verify` names them.

What a crash leaves: files of a later size that no checkpoint covers, which the next run writes again with the same
content. An empty log is signed before its first tile, so tiles without a checkpoint mean that one was lost, and are
refused. Limits: one process publishes; the lock on the directory is not held here.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remit.audit.checkpoints import Checkpoint, log_name, log_origin, open_checkpoint, sign_checkpoint
from remit.audit.cosignatures import with_cosignatures
from remit.audit.edge import Edge
from remit.audit.files import LogFiles
from remit.audit.hashing import leaf_hash
from remit.audit.notes import MAX_NOTE, Verifier, is_key_name
from remit.audit.ports import EntrySource, FileStore
from remit.audit.tiles import CHECKPOINT, COSIGNED, TILE_BYTES, WIDTH, TilePath, frame, split_tile
from remit.audit.tree import read_tile
from remit.terms import InvalidInput, Refused, TenantId, Unavailable

BATCH = 16 * WIDTH  # rows per read: bounds memory, and keeps reads on the bundles' boundaries
SLICE = WIDTH // 4  # rows hashed between two pauses: some 100 µs, for which whoever decides may have to wait


class _Log:
    """One tenant's log as it is published: the checkpoint and, for extending it, the edge and the unfinished bundle."""

    def __init__(self, checkpoint: Checkpoint, edge: Edge, bundle: list[bytes]) -> None:
        self.checkpoint = checkpoint
        self.edge = edge
        self.bundle = bundle  # framed entries
        self.cleared = max(0, checkpoint.size - checkpoint.size % WIDTH - 2 * WIDTH)


class Publisher:
    """Publishes `<directory>/<tenant>/` for every tenant of `source`. Safe to call from several threads."""

    def __init__(
        self,
        directory: Path,
        *,
        private: Ed25519PrivateKey,
        origin: str,
        source: EntrySource,
        files: FileStore | None = None,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        """`pause` is called after every `SLICE` of rows: a thread that computes beside the one that decides would
        otherwise have it wait for the interpreter's lock, five milliseconds at each of its system calls."""
        if not is_key_name(origin):
            raise Refused("expected a log origin without spaces, control characters and `+`, as `remit.example.com`")
        self._private = private
        self._origin = origin
        self._source = source
        self._files: FileStore = files or LogFiles(directory)
        self._pause = pause
        self._logs: dict[TenantId, _Log] = {}
        self._lock = threading.Lock()

    def verifier(self, tenant: TenantId) -> Verifier:
        """The public key of the tenant's log; as text, what auditors pass to `verify`."""
        return Verifier.of(log_origin(self._origin, tenant), self._private.public_key())

    def publish(self, tenant: TenantId) -> Checkpoint:
        """Extend the log by the rows that it lacks, and sign it. Costs O(new rows + log n).

        Raises `Unavailable`, with nothing signed, if the log and the rows disagree or files cannot be written; what was
        published stays valid, and a later call continues from it.
        """
        with self._exclusive(tenant):
            return self._publish(tenant)

    def check(self, tenant: TenantId) -> Checkpoint | None:
        """Recompute the published checkpoint from all rows that it covers; raises `Unavailable` if it differs."""
        with self._exclusive(tenant):
            return self._check(tenant)

    def rebuild(self, tenant: TenantId) -> Checkpoint:
        """Write every tile and bundle anew from rows, after proving that the published checkpoint is of these rows.

        A log whose checkpoint is lost gets a new one: whoever holds an earlier checkpoint can still tell by it.
        """
        with self._exclusive(tenant):
            before = self._check(tenant)
            log = _Log(before or self._sign(tenant, Edge()), Edge(), [])
            self._extend(tenant, log, self._source.size(tenant))
            log.checkpoint = self._sign(tenant, log.edge)
            self._logs[tenant] = log
            return log.checkpoint

    def add_cosignatures(self, tenant: TenantId, note: bytes, lines: bytes) -> None:
        """Keep what witnesses signed under the checkpoint `note`, and show it at the checkpoint while it is the newest.

        A crash leaves the one file or both; either is a whole checkpoint.
        """
        with self._exclusive(tenant):
            name = log_name(tenant)
            cosigned = with_cosignatures(note, lines)
            open_checkpoint(cosigned, self.verifier(tenant))
            self._files.write(f"{name}/{COSIGNED}", cosigned)
            current = self._files.read(f"{name}/{CHECKPOINT}", MAX_NOTE)
            if current is not None and current.partition(b"\n\n")[0] == note.partition(b"\n\n")[0]:
                self._files.write(f"{name}/{CHECKPOINT}", cosigned)
            self._files.sync()

    @contextlib.contextmanager
    def _exclusive(self, tenant: TenantId) -> Iterator[None]:
        """One at a time; after any error the log is read from its files again, since memory may be ahead of them."""
        with self._lock:
            try:
                yield
            except BaseException as error:
                self._logs.pop(tenant, None)
                if isinstance(error, OSError):
                    raise Unavailable(
                        f"the log {log_name(tenant)} cannot be written or read: {error.strerror or 'I/O error'}; "
                        "make room or repair the disk: it continues from its last checkpoint"
                    ) from error
                raise

    def _open(self, tenant: TenantId) -> _Log:
        name = log_name(tenant)
        checkpoint = self._signed(tenant)
        if checkpoint is None:
            if self._files.exists(f"{name}/tile"):
                raise Unavailable(
                    f"the log {name} has tiles but no checkpoint: restore its checkpoint, or rebuild the log"
                )
            return _Log(self._sign(tenant, Edge()), Edge(), [])
        edge = self._load_edge(name, checkpoint.size)
        if edge.root() != checkpoint.root:
            raise Unavailable(
                f"the tiles of the log {name} do not give its checkpoint's root: rebuild the log from rows"
            )
        return _Log(checkpoint, edge, self._newest(tenant, checkpoint.size, edge))

    def _signed(self, tenant: TenantId) -> Checkpoint | None:
        """The published checkpoint, proven to be ours."""
        data = self._files.read(f"{log_name(tenant)}/{CHECKPOINT}", MAX_NOTE)
        if data is None:
            return None
        try:
            return open_checkpoint(data, self.verifier(tenant))
        except InvalidInput as error:
            raise Unavailable(
                f"the checkpoint of the log {log_name(tenant)} is not ours: {error}; restore it from a copy, "
                "or, if it is lost, move it away and rebuild the log"
            ) from None

    def _load_edge(self, name: str, size: int) -> Edge:
        levels: list[list[bytes]] = []
        while size >> (8 * len(levels)):
            level = len(levels)
            width = (size >> (8 * level)) % WIDTH
            path = TilePath(level=level, index=size >> (8 * (level + 1)), width=width)
            levels.append(split_tile(self._tile(name, path)) if width else [])
        return Edge(size, levels)

    def _newest(self, tenant: TenantId, size: int, edge: Edge) -> list[bytes]:
        """The unfinished bundle, framed, from rows; the newest signed rows are compared with their leaves."""
        self._need_rows(tenant, size)
        start = max(0, size - 1) // WIDTH * WIDTH
        rows = self._rows(tenant, start, size)
        leaves = edge.levels[0] if size % WIDTH else []
        if size and not leaves:
            full = TilePath(level=0, index=start // WIDTH, width=WIDTH)
            leaves = split_tile(self._tile(log_name(tenant), full))
        if [leaf_hash(row) for row in rows] != leaves:
            raise Unavailable(_DIFFERS.format(name=log_name(tenant), size=size))
        return [frame(row) for row in rows] if size % WIDTH else []

    def _publish(self, tenant: TenantId) -> Checkpoint:
        log = self._logs.get(tenant) or self._open(tenant)
        before, size = log.checkpoint.size, self._need_rows(tenant, log.checkpoint.size)
        if size > before:
            self._extend(tenant, log, size)
            log.checkpoint = self._sign(tenant, log.edge)
            self._clear(log_name(tenant), log, before)
        self._logs[tenant] = log
        return log.checkpoint

    def _check(self, tenant: TenantId) -> Checkpoint | None:
        checkpoint = self._signed(tenant)
        if checkpoint is not None:
            self._need_rows(tenant, checkpoint.size)
            edge = Edge()
            for start in range(0, checkpoint.size, BATCH):
                edge.append(*self._rows(tenant, start, min(start + BATCH, checkpoint.size)))
            if edge.root() != checkpoint.root:
                raise Unavailable(_DIFFERS.format(name=log_name(tenant), size=checkpoint.size))
        return checkpoint

    def _extend(self, tenant: TenantId, log: _Log, size: int) -> None:
        """Write what the log lacks up to `size`; full files as they fill, the unfinished ones once."""
        name, edge = log_name(tenant), log.edge
        while edge.size < size:
            rows = self._rows(tenant, edge.size, min(edge.size + edge.room, size))
            for at in range(0, len(rows), SLICE):
                log.bundle += map(frame, rows[at : at + SLICE])
                for path, hashes in edge.append(*rows[at : at + SLICE]):
                    if path.level == 0:
                        bundle = TilePath(level=None, index=path.index, width=WIDTH)
                        self._files.write(f"{name}/{bundle}", b"".join(log.bundle))
                        log.bundle = []
                    self._files.write(f"{name}/{path}", b"".join(hashes))
                self._pause()
        if log.bundle:
            bundle = TilePath(level=None, index=size // WIDTH, width=len(log.bundle))
            self._files.write(f"{name}/{bundle}", b"".join(log.bundle))
        for path, hashes in edge.unfinished():
            self._files.write(f"{name}/{path}", b"".join(hashes))

    def _sign(self, tenant: TenantId, edge: Edge) -> Checkpoint:
        """The last write: what it covers is durable before it, and it is durable when this returns."""
        checkpoint = Checkpoint(origin=log_origin(self._origin, tenant), size=edge.size, root=edge.root())
        self._files.sync()
        self._files.write(f"{log_name(tenant)}/{CHECKPOINT}", sign_checkpoint(checkpoint, self._private))
        self._files.sync()
        return checkpoint

    def _clear(self, name: str, log: _Log, before: int) -> None:
        """Remove partial tiles whose full form was already published with the checkpoint before this one.

        tlog-tiles allows it as soon as the full one is there; a checkpoint later spares whoever is reading right now.
        """
        for level in range(len(log.edge.levels)):
            shift = 8 * (level + 1)
            for index in range(log.cleared >> shift, before >> shift):
                self._files.remove(f"{name}/{TilePath(level=level, index=index, width=WIDTH).partials}")
                if level == 0:
                    self._files.remove(f"{name}/{TilePath(level=None, index=index, width=WIDTH).partials}")
        log.cleared = before

    def _need_rows(self, tenant: TenantId, least: int) -> int:
        size = self._source.size(tenant)
        if size < least:
            raise Unavailable(
                f"the store has {size} entries but {least} are signed in the log {log_name(tenant)}: the store lost "
                "entries or is an old backup; restore the newest one before deciding anything more"
            )
        return size

    def _rows(self, tenant: TenantId, start: int, stop: int) -> list[bytes]:
        rows = self._source.read(tenant, start, stop) if stop > start else []
        if len(rows) != stop - start:
            raise Unavailable(f"the store gave {len(rows)} of the entries {start} to {stop - 1}: check the store")
        return rows

    def _tile(self, name: str, path: TilePath) -> bytes:
        return read_tile(path, lambda wanted: self._files.read(f"{name}/{wanted}", TILE_BYTES))


_DIFFERS = (
    "the store's entries are not those that the log {name} signed ({size} entries): nothing more is signed; run "
    "`remit audit verify` to see which differ, and restore the store"
)
