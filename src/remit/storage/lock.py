"""One process owns a directory: it alone holds the hot state, so a second writer would decide on stale facts.

An advisory `flock`: the kernel releases it when the holder ends, however it ends (SIGKILL too), so it never has to be
cleaned up by hand. It keeps out other Remits, not an administrator with a hex editor; on network file systems without
`flock` it cannot be taken and Remit does not start.
"""

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType

import msgspec

from remit.terms import Refused, Unavailable


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a directory."""

    pid: int = 0
    address: str = ""  # where it listens, "" before it does

    def __str__(self) -> str:
        at = f" at {self.address}" if self.address else ""
        return f"process {self.pid}{at}" if self.pid else "another process"


class Lock:
    """The lock on `directory`, taken by `acquire` or `with`."""

    def __init__(self, directory: Path, address: str = "") -> None:
        self._directory = directory
        self._path = directory / "remit.lock"
        self._address = address
        self._file: int | None = None

    def acquire(self) -> None:
        """Take it. Raises `Unavailable` naming the holder, `Refused` when there is no directory to hold."""
        if self._file is not None:
            return
        file = self._open()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise Unavailable(
                    f"expected to lock {self._path}, got: {error.strerror}; put the directory on a local file system"
                ) from None
            raise Unavailable(
                f"{self._directory} is held by {_read(self._path)}: send the command to it, "
                "stop it, or use another directory"
            ) from None
        self._file = file
        self.announce(self._address)

    def announce(self, address: str) -> None:
        """Write where the holder listens, for whoever is refused."""
        assert self._file is not None, "announce needs the lock"
        self._address = address
        body = msgspec.json.encode(Holder(pid=os.getpid(), address=address))
        # A full disk must not keep us from holding the lock: what is written is a courtesy.
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, body, 0)

    def release(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def __enter__(self) -> "Lock":
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:
            raise Refused(f"no directory {self._directory}: make it with `remit init`") from None
        except OSError as error:
            raise Unavailable(
                f"expected to write in {self._directory}, got: {error.strerror}; "
                "check its owner, its permissions and that it is not mounted read-only"
            ) from None


def holder(directory: Path) -> Holder | None:
    """Who holds `directory`, None when nobody does."""
    try:
        file = os.open(directory / "remit.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read(directory / "remit.lock")
    finally:
        os.close(file)
    return None


def _read(path: Path) -> Holder:
    try:
        body = path.read_bytes()[:4096]
        found = msgspec.json.decode(body, type=Holder)
    except (OSError, msgspec.DecodeError):
        return Holder()
    shown = "".join(letter for letter in found.address if letter.isascii() and letter.isprintable())
    return Holder(pid=found.pid, address=shown[:200])
