"""A checkpoint sink: a file elsewhere that only grows.

Each checkpoint is appended by one write and synced, so a crash leaves it whole or as a piece that readers skip
(`audit.history`). Put the file where the account of Remit may append and not shorten (another machine's share, an
append-only attribute): what was appended is what truncation of the log is found with. Before appending, the newest
checkpoint there is compared, whoever put it there: a log that is shorter than it, or that does not extend it, is not
added, it is reported. So two that go on from one backup find out about each other, and the list stays of one history.
"""

import asyncio
import os
import stat
from pathlib import Path

from remit.audit import Checkpoint, Verifier, appended, newest_note, verify_consistency
from remit.connectors.witnesses import Consistency
from remit.terms import Conflict, Unavailable

TAIL = 64 * 1024  # bytes from the end that are looked at: some hundred checkpoints


class FileSink:
    """Implements `Receiver` on a file. One process appends; others may read at any time."""

    def __init__(self, path: Path) -> None:
        self.name = f"file {path}"
        self._path = path
        self._newest: dict[str, Checkpoint] = {}
        self._ends: dict[str, int] = {}  # of the file when `_newest` was read from it

    async def deliver(self, note: bytes, checkpoint: Checkpoint, verifier: Verifier, prove: Consistency) -> None:
        await asyncio.to_thread(self._append, note, checkpoint, verifier, prove)

    def _append(self, note: bytes, checkpoint: Checkpoint, verifier: Verifier, prove: Consistency) -> None:
        try:
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o644)
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be opened: {error.strerror}; make it writable") from None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise Unavailable(f"{self._path} is no file: name another")
            if self._is_new(file, checkpoint, verifier, prove):
                data = appended(note)
                if os.write(file, data) != len(data):
                    raise Unavailable(f"{self._path} took only a part: make room")
                os.fsync(file)
                self._newest[checkpoint.origin] = checkpoint
                self._ends[checkpoint.origin] += len(data)  # not the end if somebody else appended: it is read again
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be written: {error.strerror}; make room or repair it") from None
        finally:
            os.close(file)

    def _is_new(self, file: int, checkpoint: Checkpoint, verifier: Verifier, prove: Consistency) -> bool:
        newest = self._newest.get(checkpoint.origin)
        end = os.fstat(file).st_size
        if newest is None or end != self._ends.get(checkpoint.origin):  # another process appended
            found = newest_note(os.pread(file, TAIL, max(0, end - TAIL)), verifier)
            newest = found[1] if found is not None else newest
            self._ends[checkpoint.origin] = end
        if newest is None:
            return True
        if newest.size > checkpoint.size or not _extends(checkpoint, newest, prove):
            raise Conflict(
                f"{self._path} holds a checkpoint of {newest.size} entries that this log of {checkpoint.size} does not "
                "extend: the store lost entries or is an old backup; see docs/operations.md"
            )
        self._newest[checkpoint.origin] = newest
        return newest.size < checkpoint.size


def _extends(checkpoint: Checkpoint, before: Checkpoint, prove: Consistency) -> bool:
    if before.size in (0, checkpoint.size):
        return before.size == 0 or before.root == checkpoint.root
    proof = prove(before.size, checkpoint.size)
    return verify_consistency(before.size, before.root, checkpoint.size, checkpoint.root, proof)
