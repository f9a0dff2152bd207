"""Offline verification: a directory and a public key, and nothing of the running system is believed.

In this order: the checkpoint is this log's and was signed by the key; each witness that is given cosigned it, or a
later-kept form of an earlier one; every entry, tile and the root are recomputed (`recompute`); earlier checkpoints, if
given (one, or the list that a sink keeps), were signed by the same key and each root is that of a prefix of these
entries; the store's rows, if given, are the signed entries. Threat: whoever holds the log, its disk or its store
changed, cut off or forked history. Limits: without an earlier checkpoint, a log that was truncated *and* signed again
cannot be told from a young one; and what an entry says is not judged here, only that it is what was signed.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from remit.audit.checkpoints import Checkpoint, log_name, open_checkpoint, tenant_of
from remit.audit.cosignatures import Witness, cosigned_at
from remit.audit.files import LogFiles
from remit.audit.history import MAX_HISTORY, read_history
from remit.audit.notes import MAX_NOTE, Verifier
from remit.audit.ports import EntrySource
from remit.audit.recompute import Recomputation
from remit.audit.report import STORE, Problem, Problems, Progress, Report, TooManyProblemsError, Witnessed
from remit.audit.rows import RowCheck
from remit.audit.tiles import CHECKPOINT, COSIGNED
from remit.terms import InvalidInput, RemitError


def verify(
    directory: Path | str,
    key: str,
    *,
    since: Path | str | None = None,
    rows: EntrySource | None = None,
    witnesses: Sequence[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Verify the log that `key` signs: `directory` is the log's own, or one that holds `log/<tenant>` or `<tenant>`.

    Never raises for what the files hold; raises `InvalidInput` for a `key` or witness that is no verifier key.
    """
    verifier = Verifier.parse(key.strip())
    known = tuple(Witness.parse(text) for text in witnesses)
    return _Verification(verifier, _locate(Path(directory), verifier), known).run(since, rows, progress)


def _locate(directory: Path, verifier: Verifier) -> Path:
    if not (directory / CHECKPOINT).exists() and not (directory / "tile").exists():
        with contextlib.suppress(InvalidInput, OSError, ValueError):
            name = log_name(tenant_of(verifier.name))
            for candidate in (directory / "log" / name, directory / name):
                if candidate.is_dir():
                    return candidate
    return directory


class _Verification:
    def __init__(self, verifier: Verifier, directory: Path, witnesses: Sequence[Witness]) -> None:
        self._verifier = verifier
        self._directory = directory
        self._witnesses = witnesses
        self._problems = Problems()
        self._report = Report(
            log=str(directory),
            origin=verifier.name,
            size=None,
            root=None,
            checked=0,
            since=None,
            rows=None,
            pending=None,
            witnessed=(),
            problems=(),
            complete=False,
        )

    def run(self, since: Path | str | None, rows: EntrySource | None, progress: Progress | None) -> Report:
        try:
            earlier = [] if since is None else self._earlier(Path(since))
            checkpoint = self._checkpoint(CHECKPOINT)
            if checkpoint is not None:
                self._note(size=checkpoint.size, root=checkpoint.root.hex())
                earlier += self._witnessed(checkpoint)
                self._recompute(checkpoint, earlier, rows, progress)
            self._note(complete=True)
        except TooManyProblemsError:
            pass  # `complete` stays False
        return msgspec.structs.replace(self._report, problems=tuple(self._problems.found))

    def _recompute(
        self,
        checkpoint: Checkpoint,
        earlier: Sequence[Checkpoint],
        rows: EntrySource | None,
        progress: Progress | None,
    ) -> None:
        reached = [one for one in earlier if self._reaches(checkpoint, one)]
        check = None if rows is None else self._rows(checkpoint, rows)
        marks = [one.size for one in reached]
        pass_ = Recomputation(LogFiles(self._directory), checkpoint.size, self._problems, check, marks)
        try:
            pass_.run(checkpoint.root, progress)
        except RemitError as error:  # of the source of rows
            self._problems.add(STORE, None, None, str(error))
        finally:
            self._note(checked=pass_.checked)
        for one in reached:
            if pass_.roots.get(one.size) == one.root:
                self._note(since=max(one.size, self._report.since or 0))
            else:
                message = (
                    f"history was changed: the first {one.size} entries do not give the root that an earlier "
                    "checkpoint signed"
                )
                self._problems.add(CHECKPOINT, 0 if one.size else None, one.size - 1 if one.size else None, message)

    def _reaches(self, checkpoint: Checkpoint, earlier: Checkpoint) -> bool:
        """Whether the log reaches to where the earlier root is to be recomputed."""
        if earlier.size <= checkpoint.size:
            return True
        message = f"truncated: an earlier checkpoint covers {earlier.size} entries, this one {checkpoint.size}"
        self._problems.add(CHECKPOINT, checkpoint.size, earlier.size - 1, message)
        return False

    def _witnessed(self, checkpoint: Checkpoint) -> list[Checkpoint]:
        """What each witness cosigned last: the checkpoint itself, or the cosigned one that is kept beside it."""
        if not self._witnesses:
            return []
        kept = self._note_file(COSIGNED)
        notes = [note for note in (self._note_file(CHECKPOINT), kept) if note is not None]
        found = []
        for witness in self._witnesses:
            try:
                seen = [(note, at) for note in notes if (at := cosigned_at(note, witness)) is not None]
                if not seen:
                    raise InvalidInput(f"no cosignature of {witness.name}: no witness says that it saw this log")
                note, at = seen[0]
                found.append(open_checkpoint(note, self._verifier))
                told = Witnessed(witness=witness.name, size=found[-1].size, time=at)
                self._note(witnessed=(*self._report.witnessed, told))
            except InvalidInput as error:
                self._problems.add(CHECKPOINT, None, None, str(error))
        return [one for one in found if one.size < checkpoint.size]

    def _rows(self, checkpoint: Checkpoint, rows: EntrySource) -> RowCheck | None:
        try:
            check = RowCheck(rows, tenant_of(checkpoint.origin), checkpoint.size, self._problems)
        except RemitError as error:
            self._problems.add(STORE, None, None, str(error))
            return None
        self._note(rows=check.rows, pending=max(0, check.rows - checkpoint.size))
        return check

    def _earlier(self, path: Path) -> list[Checkpoint]:
        try:
            data = LogFiles(path.parent).read(path.name, MAX_HISTORY)
            if data is None:
                raise InvalidInput("is missing")
            return read_history(data, self._verifier)
        except (InvalidInput, OSError, ValueError) as error:
            self._problems.add(str(path), None, None, _told(error))
            return []

    def _checkpoint(self, name: str) -> Checkpoint | None:
        try:
            data = LogFiles(self._directory).read(name, MAX_NOTE)
            if data is None:
                raise InvalidInput("is missing")
            return open_checkpoint(data, self._verifier)
        except (InvalidInput, OSError, ValueError) as error:
            self._problems.add(name, None, None, _told(error))
            return None

    def _note_file(self, name: str) -> bytes | None:
        with contextlib.suppress(OSError):
            return LogFiles(self._directory).read(name, MAX_NOTE)
        return None

    def _note(self, **fields: object) -> None:
        self._report = msgspec.structs.replace(self._report, **fields)


def _told(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or "cannot be read"


__all__ = ["Problem", "Report", "verify"]
