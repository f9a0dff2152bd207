"""The log's files on disk.

A file appears whole or not at all: written beside its place, synced, renamed. Renames are durable after `sync`, which
syncs each directory that was touched; the publisher calls it before and after the checkpoint. Threat when reading: a
directory that somebody else prepared. FIFOs and devices are refused without waiting on them, and sizes are bounded.
"""

import errno
import os
import shutil
import stat
from pathlib import Path


class LogFiles:
    """A `FileStore` on a directory. One writer at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._unsynced: set[Path] = set()

    def read(self, path: str, limit: int) -> bytes | None:
        try:
            handle = os.open(self.root / path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "not a regular file")
            if status.st_size > limit:
                raise OSError(errno.EFBIG, f"{status.st_size} bytes, expected at most {limit}")
            with open(handle, "rb", closefd=False) as file:
                return file.read(limit)
        finally:
            os.close(handle)

    def write(self, path: str, data: bytes) -> None:
        """A crash leaves the old file, and at most a `.<name>.tmp` that the next write of it replaces."""
        target = self.root / path
        self._make(target.parent)
        temporary = target.with_name(f".{target.name}.tmp")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "wb", buffering=0) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            os.fsync(handle)
        temporary.rename(target)
        self._unsynced.add(target.parent)

    def sync(self) -> None:
        for directory in sorted(self._unsynced):
            handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        self._unsynced.clear()

    def exists(self, path: str) -> bool:
        return (self.root / path).exists()

    def remove(self, path: str) -> None:
        """A crash leaves some of it, which readers may still use and nobody needs."""
        if (self.root / path).is_dir():
            shutil.rmtree(self.root / path)

    def partials(self, path: str) -> list[int]:
        """The widths in a directory of partial tiles."""
        try:
            names = os.listdir(self.root / path)
        except OSError:
            return []
        widths = (
            int(name) for name in names if name.isascii() and name.isdigit() and len(name) <= 3 and name[0] != "0"
        )
        return sorted(width for width in widths if width < 256)

    def _make(self, directory: Path) -> None:
        missing = []
        while not directory.is_dir():
            missing.append(directory)
            directory = directory.parent
        for made in reversed(missing):
            made.mkdir(exist_ok=True)
            self._unsynced.add(made.parent)
