"""A backup: one tar file with the store, the log, the configuration and, unless left out, the keys.

Made beside a running Remit. In this order, so that the copy is consistent: the checkpoints; the database, as one
snapshot by SQLite's backup interface through a read-only connection of its own (commits go on meanwhile, only the
write-ahead log grows); the tiles, which never change once written; the rest. The rows then reach at least as far as
the checkpoint. The manifest comes last and names each file with its SHA-256.

Threat: a backup that others may read (mode 0600; with keys in it, it is as secret as the keys), or one that replaces an
older one (it is linked to its name whole, and never over anything). A crash leaves at most a `.<name>.*` beside it.
Limits: what was erased later is still in it, readable for who has the keys too; let backups expire.
"""

import contextlib
import hashlib
import os
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import quote

import msgspec

from remit.storage import database
from remit.terms import Refused, Unavailable

STORE = "remit.db"
LOG = "log"
KEYS = "keys"
CONFIG = "remit.toml"
POLICIES = "policies"
MANIFEST = "manifest.json"
CHECKPOINTS = ("checkpoint", "checkpoint.cosigned")
FORM = 1


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup holds. A reader refuses a `form` that it does not know."""

    form: int
    made: int  # milliseconds since the epoch
    keys: bool
    files: dict[str, str]  # SHA-256, hexadecimal


def back_up(directory: Path, target: Path, *, keys: bool, secrets: Sequence[Path] = ()) -> Manifest:
    """Copy the Remit directory into the new file `target`. `secrets` are further files that belong to the keys.

    Raises `Refused` when `target` exists, `Unavailable` when something cannot be read or written.
    """
    if os.path.lexists(target):
        raise Refused(f"{target} exists already: backups are never overwritten; name a new file")
    if not (directory / STORE).is_file():
        raise Refused(f"no store in {directory}: name the directory of a Remit")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
        made = Path(name)
        try:
            with os.fdopen(handle, "w+b") as file:
                manifest = _write(directory, file, target.parent, keys, secrets)
                file.flush()
                os.fsync(handle)
            os.link(made, target)  # fails, unlike a rename, when the name was taken meanwhile
        finally:
            made.unlink()
        _sync(target.parent)
    except FileExistsError:
        raise Refused(f"{target} exists already: backups are never overwritten; name a new file") from None
    except OSError as error:
        raise Unavailable(f"the backup cannot be written: {error.strerror or error}; make room or repair it") from None
    return manifest


def _write(directory: Path, file: IO[bytes], beside: Path, keys: bool, secrets: Sequence[Path]) -> Manifest:
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        packer = _Packer(tar)
        for path in sorted((directory / LOG).glob("*/*")):
            if path.name in CHECKPOINTS:
                packer.add(path, directory)
        with _snapshot(directory / STORE, beside) as copy:
            packer.add(copy, copy.parent, STORE)
        for path in _tiles(directory / LOG):
            packer.add(path, directory)
        packer.add(directory / CONFIG, directory)
        for path in sorted((directory / POLICIES).rglob("*")):
            packer.add(path, directory)
        if keys:
            for path in [*sorted((directory / KEYS).rglob("*")), *secrets]:
                packer.add(path, directory)
        manifest = Manifest(form=FORM, made=time.time_ns() // 1_000_000, keys=keys, files=packer.files)
        packer.put(MANIFEST, msgspec.json.encode(manifest))
    return manifest


class _Packer:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, str] = {}

    def add(self, path: Path, root: Path, name: str = "") -> None:
        """A regular file within `root`; what is gone meanwhile (a partial tile that became full) is left out."""
        if not path.is_relative_to(root):
            raise Refused(f"{path} lies outside of the directory: back it up by itself")
        name = name or str(path.relative_to(root))
        try:
            if path.is_symlink() or not path.is_file() or name in self.files:
                return
            with path.open("rb") as source:
                info = tarfile.TarInfo(name)
                info.size = os.fstat(source.fileno()).st_size
                info.mode = 0o600
                hashed = _Hashed(source)
                self._tar.addfile(info, hashed)
        except FileNotFoundError:
            return
        self.files[name] = hashed.digest.hexdigest()

    def put(self, name: str, data: bytes) -> None:
        with tempfile.SpooledTemporaryFile() as source:
            source.write(data)
            source.seek(0)
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o600
            self._tar.addfile(info, source)


class _Hashed:
    """A file that is hashed as it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


@contextlib.contextmanager
def _snapshot(store: Path, beside: Path) -> Iterator[Path]:
    """The database as it was at one moment, as one file."""
    with tempfile.TemporaryDirectory(prefix=".remit-backup.", dir=beside) as folder:
        copy = Path(folder) / STORE
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with database.translated():
            source = sqlite3.connect(f"file:{quote(str(store))}?mode=rw", uri=True, timeout=10)
            source.execute("PRAGMA query_only=ON")
            target = sqlite3.connect(copy)
            try:
                source.backup(target)  # all pages in one step: one read transaction
                target.execute("PRAGMA journal_mode=DELETE")
                target.commit()
            finally:
                target.close()
                source.close()
        yield copy


def _tiles(log: Path) -> Iterator[Path]:
    """Tiles and bundles; partial ones only where there is no full one yet. A running Remit removes partial ones
    meanwhile, whole directories of them: `os.walk` goes on."""
    for tiles in sorted(log.glob("*/tile")):
        for folder, below, names in os.walk(tiles):
            below.sort()
            place = Path(folder)
            partial = place.name.endswith(".p")
            full = place.with_name(place.name.removesuffix(".p"))
            if not (partial and full.exists()):
                yield from (place / name for name in sorted(names) if not name.startswith("."))


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
