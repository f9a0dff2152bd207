"""Private files, whole or not at all.

Threat: another account of the machine reads, swaps or plants a key file. Reading checks the open descriptor, refuses
what group or others may use and does not repair it, because whoever could read it may have. A crash while writing
leaves the old file or the new one, and at most a `*.new` beside it that the next write replaces.
"""

import contextlib
import os
import stat
from pathlib import Path

from remit.terms import Refused

MAX_FILE = 4096  # no key file of ours is near this


def check_directory(path: Path) -> None:
    try:
        status = path.stat()
    except OSError as error:
        message = (
            f"no keys in {str(path)!r}: {error.strerror}; run `remit init`, or restore the directory from its backup"
        )
        raise Refused(message) from None
    if not stat.S_ISDIR(status.st_mode):
        raise Refused(restore(path, "expected a directory"))
    if status.st_mode & 0o077:
        raise Refused(_private(path, status, 0o700))


def read(path: Path) -> bytes:
    """The file, checked on the descriptor it is read from, so that it cannot be swapped in between."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # no wait on a planted FIFO
    except OSError as error:
        raise Refused(restore(path, error.strerror or "cannot be opened")) from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Refused(restore(path, "expected a regular file"))
        if status.st_mode & 0o077:
            raise Refused(_private(path, status, 0o600))
        return os.read(handle, MAX_FILE)
    except OSError as error:
        raise Refused(restore(path, error.strerror or "cannot be read")) from None
    finally:
        os.close(handle)


def write(path: Path, data: bytes) -> None:
    """A new file, durable once its directory is synced too."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)


def replace(path: Path, data: bytes) -> None:
    """The file at `path` becomes `data` by one rename; durable when this returns. Raises `Refused`."""
    fresh = path.with_name(path.name + ".new")
    try:
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()  # of a write that a crash cut off
        write(fresh, data)
        fresh.rename(path)
        sync(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        message = (
            f"the key file {str(path)!r} cannot be written: {error.strerror}; free the disk, or its rights, and retry"
        )
        raise Refused(message) from None


def sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def restore(path: Path, problem: str) -> str:
    return f"the key file {str(path)!r} cannot be used: {problem}; restore it from its backup"


def _private(path: Path, status: os.stat_result, wanted: int) -> str:
    return (
        f"{str(path)!r} can be used by others (mode {stat.S_IMODE(status.st_mode):04o}): treat the keys as known "
        f"to them; if they are not, `chmod {wanted:o}` it"
    )
