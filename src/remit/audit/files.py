"""The log's files on disk.

A file appears whole or not at all: written beside its place, then renamed. What is replaced is synced before that; a
new file, which nothing refers to yet, at the next `sync` together with the others, because each sync by itself holds
up the commits of the store on the same disk. `sync` makes all of it durable, and each directory that was touched; the
publisher calls it before and after the checkpoint. After a power loss a new file may be there and be damaged: no
checkpoint covers it, and the next run writes it again. Threat when reading: a
directory that somebody else prepared. FIFOs and devices are refused without waiting on them, and sizes are bounded.
"""

import errno
import os
import shutil
import stat
from pathlib import Path

MAX_FRESH = 256  # new files that are not durable yet: bounds what one `sync` has to wait for


class LogFiles:
    """A `FileStore` on a directory. One writer at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._fresh: list[Path] = []  # files that are not durable yet
        self._unsynced: set[Path] = set()  # directories

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
        fresh = not target.exists()
        temporary = target.with_name(f".{target.name}.tmp")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        with os.fdopen(handle, "wb", buffering=0) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            if not fresh:
                os.fsync(handle)
        temporary.rename(target)
        self._unsynced.add(target.parent)
        if fresh:
            self._fresh.append(target)
            if len(self._fresh) >= MAX_FRESH:
                self._sync_files()

    def sync(self) -> None:
        self._sync_files()
        for directory in sorted(self._unsynced):
            _sync(directory, os.O_DIRECTORY)
        self._unsynced.clear()

    def _sync_files(self) -> None:
        """What cannot be synced is gone, and the next run writes what is still needed: to sync it again could succeed
        although it is damaged."""
        while self._fresh:
            try:
                _sync(self._fresh[-1], os.O_NOFOLLOW)
            except OSError:
                for file in self._fresh:
                    file.unlink(missing_ok=True)
                self._fresh.clear()
                raise
            self._fresh.pop()

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


def _sync(path: Path, flag: int) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flag)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
