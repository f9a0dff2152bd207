"""From a backup to a directory that Remit can be started on.

Nothing of the backup is believed until it was checked: each file against the manifest, the log against its public key,
the rows against the log. Then, before anybody can use the directory: the epoch is raised, so that call tokens of before
are void, approvals that the backup holds unused are cancelled, as they may have been used after it was made (I3), and
`store.restored` is an entry. The directory appears whole, by one rename.

The restored log goes on from the backup's rows, under the same origin. What was signed after the backup was made is not
in it: whoever holds a later checkpoint will see that, and witnesses will refuse to cosign until the log is a new one
(`log_origin`). That is what they are for. With such a checkpoint (`since`) restoring says which entries are missing and
refuses; it goes on only when the loss is accepted, which is recorded. Without one, a loss cannot be told. Threat: an
archive that writes elsewhere or fills the disk; only regular files that the manifest names are taken.
"""

import contextlib
import hashlib
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import msgspec

from remit.approvals import UNUSED, taken_back
from remit.audit import Checkpoint, EntrySource, Verifier, read_history, verify
from remit.audit.edge import Edge
from remit.audit.history import MAX_HISTORY
from remit.storage.backup import FORM, MANIFEST, STORE, Manifest
from remit.storage.log import read_only
from remit.storage.store import Store
from remit.terms import EntryDraft, InvalidInput, Kind, Put, Refused, TenantId, Unavailable, Write

MAX_MANIFEST = 64 * 1024 * 1024
_BLOCK = 1 << 20
_ROWS = 4096


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore came to."""

    size: int  # entries of the store, before the one that records the restore
    epoch: int
    made: int  # when the backup was made, milliseconds since the epoch
    lost: int  # entries that a later checkpoint covers and the backup does not hold


@contextlib.contextmanager
def unpacked(archive: Path, directory: Path) -> Iterator[tuple[Path, Manifest]]:
    """The backup's files in a directory beside `directory`, which it becomes when the block ends without an error."""
    if os.path.lexists(directory) and (not directory.is_dir() or any(directory.iterdir())):
        raise Refused(f"{directory} exists already: restore into a new directory")
    try:
        making = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))  # mode 0700
    except OSError as error:
        raise Refused(f"expected to make {directory}: {error.strerror}") from None
    try:
        manifest = _unpack(archive, making)
        yield making, manifest
        if directory.exists():
            directory.rmdir()
        making.rename(directory)
        _sync(directory.parent)
    except OSError as error:
        raise Unavailable(f"the backup cannot be restored: {error.strerror or error}") from None
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _unpack(archive: Path, making: Path) -> Manifest:
    found: dict[str, str] = {}
    body = b""
    try:
        with tarfile.open(archive, mode="r:") as tar:
            for member in tar:
                if not member.isreg() or not _inside(member.name) or member.name in found:
                    raise Refused(f"{archive} is no backup of Remit: it holds something else than files of it")
                source = tar.extractfile(member)
                assert source is not None, "a regular member has content"
                if member.name == MANIFEST:
                    body = source.read(MAX_MANIFEST)
                else:
                    found[member.name] = _extract(source.read, making / member.name)
    except (tarfile.TarError, EOFError) as error:
        raise Refused(f"{archive} is no whole backup: {error}; use another one") from None
    except FileNotFoundError:
        raise Refused(f"no backup at {archive}") from None
    try:
        manifest = msgspec.json.decode(body, type=Manifest)
    except msgspec.DecodeError:
        raise Refused(f"{archive} has no manifest that this Remit can read: it is cut off, or is no backup") from None
    if manifest.form != FORM:
        raise Refused(f"{archive} was made by a later Remit: restore it with that release")
    wrong = sorted(set(found.items()) ^ set(manifest.files.items()))
    if wrong:
        raise Refused(f"{archive} is damaged: {wrong[0][0][:200]!r} is not what was backed up; use another backup")
    return manifest


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and str(path) == name and ".." not in path.parts and "\0" not in name


def _extract(read: Callable[[int], bytes], target: Path) -> str:
    for folder in reversed(target.parents):
        if not folder.exists():
            folder.mkdir(mode=0o700)
    digest = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        while block := read(_BLOCK):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(handle)
    return digest.hexdigest()


def check(making: Path, verifier: Verifier, tenant: TenantId, *, since: Path | None, accept_loss: bool) -> int:
    """Verify log and rows; returns how many entries a later checkpoint knows that are not here.

    Raises `Refused` for a log that does not verify or that contradicts `since`, and for a loss that is not accepted.
    """
    rows = read_only(making / STORE)
    try:
        report = verify(making, str(verifier), rows=rows)
        if not report.ok:
            raise Refused(f"the log in the backup does not verify: {'; '.join(map(str, report.problems[:3]))}")
        return 0 if since is None else _missing(rows, tenant, _known(since, verifier), accept_loss)
    finally:
        rows.close()


def _known(since: Path, verifier: Verifier) -> list[Checkpoint]:
    try:
        with since.open("rb") as file:
            return read_history(file.read(MAX_HISTORY), verifier)
    except OSError as error:
        raise InvalidInput(f"expected --since to be a checkpoint, or a sink's file: {error.strerror}") from None


def _missing(rows: EntrySource, tenant: TenantId, known: list[Checkpoint], accept_loss: bool) -> int:
    size = rows.size(tenant)
    edge = Edge()
    for checkpoint in sorted(known, key=lambda one: one.size):
        if checkpoint.size > size:
            break
        while edge.size < checkpoint.size:
            edge.append(*rows.read(tenant, edge.size, min(edge.size + _ROWS, checkpoint.size)))
        if edge.root() != checkpoint.root:
            raise Refused(
                f"the backup contradicts a checkpoint of {checkpoint.size} entries: it is of another history, or was "
                "changed; use another backup"
            )
    newest = max(checkpoint.size for checkpoint in known)
    lost = max(0, newest - size)
    if lost and not accept_loss:
        raise Refused(
            f"the backup lacks {lost} signed entries, {size} to {newest - 1}: use a newer backup, or restore with "
            "--accept-loss, which is recorded; witnesses and holders of later checkpoints will see the loss"
        )
    return lost


def accept(store: Store, tenant: TenantId, manifest: Manifest, *, lost: int, actor: str) -> Restored:
    """Void the tokens and approvals of before, and record the restore, in one transaction but for the epoch, which
    comes first. The caller opened `store` on the unpacked directory."""
    size = store.size(tenant)
    now = max(time.time_ns() // 1_000_000, store.newest)
    epoch = store.raise_epoch(now)
    unused = [one for state in UNUSED for one in store.approvals(tenant, state.value) if now < one.expires]
    puts = tuple(
        Put(kind=Kind.APPROVAL, record=taken_back(one, actor, "the store was restored", now), expected=one.version)
        for one in unused
    )
    facts = {"epoch": epoch, "made": manifest.made, "entries": size, "lost": lost, "cancelled": len(puts)}
    entry = EntryDraft(tenant=tenant, kind="store.restored", id="store", time=now, actor=actor, facts=facts)
    store.commit_blocking(Write(entry=entry, puts=puts))
    return Restored(size=size, epoch=epoch, made=manifest.made, lost=lost)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
