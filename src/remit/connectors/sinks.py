"""A checkpoint sink: a file elsewhere that only grows.

Each checkpoint is appended by one write and synced, so a crash leaves it whole or as a piece that readers skip
(`audit.history`). Put the file where the account of Remit may append and not shorten (another machine's share, an
append-only attribute): what was appended is what truncation of the log is found with. Before appending, the newest
checkpoint there is compared: a log that is shorter than what the sink holds is not added, it is reported.
"""

import asyncio
import os
import stat
from pathlib import Path

from remit.audit import Checkpoint, Verifier, appended, newest_note
from remit.terms import Conflict, Unavailable

TAIL = 64 * 1024  # bytes from the end that are looked at: some hundred checkpoints


class FileSink:
    """Implements `Receiver` on a file. One process appends; others may read at any time."""

    def __init__(self, path: Path) -> None:
        self.name = f"file {path}"
        self._path = path
        self._newest: dict[str, Checkpoint] = {}

    async def deliver(self, note: bytes, checkpoint: Checkpoint, verifier: Verifier) -> None:
        await asyncio.to_thread(self._append, note, checkpoint, verifier)

    def _append(self, note: bytes, checkpoint: Checkpoint, verifier: Verifier) -> None:
        try:
            file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o644)
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be opened: {error.strerror}; make it writable") from None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise Unavailable(f"{self._path} is no file: name another")
            if self._is_new(file, checkpoint, verifier):
                data = appended(note)
                if os.write(file, data) != len(data):
                    raise Unavailable(f"{self._path} took only a part: make room")
                os.fsync(file)
                self._newest[checkpoint.origin] = checkpoint
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be written: {error.strerror}; make room or repair it") from None
        finally:
            os.close(file)

    def _is_new(self, file: int, checkpoint: Checkpoint, verifier: Verifier) -> bool:
        newest = self._newest.get(checkpoint.origin)
        if newest is None:  # since our start: what an earlier process appended
            size = os.fstat(file).st_size
            found = newest_note(os.pread(file, TAIL, max(0, size - TAIL)), verifier)
            newest = found[1] if found is not None else None
        if newest is None:
            return True
        if newest.size > checkpoint.size or (newest.size == checkpoint.size and newest.root != checkpoint.root):
            raise Conflict(
                f"{self._path} holds a checkpoint of {newest.size} entries that this log of {checkpoint.size} does not "
                "extend: the store lost entries or is an old backup; see docs/operations.md"
            )
        self._newest[checkpoint.origin] = newest
        return newest.size < checkpoint.size
