"""Offline verification: a directory and a public key, and nothing of the running system is believed.

In this order: the checkpoint is this log's and was signed by the key; every entry, tile and the root are recomputed
(`recompute`); an earlier checkpoint, if given, was signed by the same key and its root is that of a prefix of these
entries; the store's rows, if given, are the signed entries. Threat: whoever holds the log, its disk or its store
changed, cut off or forked history. Limits: without an earlier checkpoint, a log that was truncated *and* signed again
cannot be told from a young one; and what an entry says is not judged here, only that it is what was signed.
"""

import contextlib
from pathlib import Path

import msgspec

from remit.audit.checkpoints import Checkpoint, log_name, open_checkpoint, tenant_of
from remit.audit.files import LogFiles
from remit.audit.notes import MAX_NOTE, Verifier
from remit.audit.ports import EntrySource
from remit.audit.recompute import Recomputation
from remit.audit.report import STORE, Problem, Problems, Progress, Report, TooManyProblemsError
from remit.audit.rows import RowCheck
from remit.audit.tiles import CHECKPOINT
from remit.terms import InvalidInput, RemitError


def verify(
    directory: Path | str,
    key: str,
    *,
    since: Path | str | None = None,
    rows: EntrySource | None = None,
    progress: Progress | None = None,
) -> Report:
    """Verify the log that `key` signs: `directory` is the log's own, or one that holds `log/<tenant>` or `<tenant>`.

    Never raises for what the files hold; raises `InvalidInput` for a `key` that is no verifier key.
    """
    verifier = Verifier.parse(key.strip())
    return _Verification(verifier, _locate(Path(directory), verifier)).run(since, rows, progress)


def _locate(directory: Path, verifier: Verifier) -> Path:
    if not (directory / CHECKPOINT).exists() and not (directory / "tile").exists():
        with contextlib.suppress(InvalidInput, OSError, ValueError):
            name = log_name(tenant_of(verifier.name))
            for candidate in (directory / "log" / name, directory / name):
                if candidate.is_dir():
                    return candidate
    return directory


class _Verification:
    def __init__(self, verifier: Verifier, directory: Path) -> None:
        self._verifier = verifier
        self._directory = directory
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
            problems=(),
            complete=False,
        )

    def run(self, since: Path | str | None, rows: EntrySource | None, progress: Progress | None) -> Report:
        try:
            earlier = None if since is None else self._earlier(Path(since))
            checkpoint = self._checkpoint(self._directory / CHECKPOINT, CHECKPOINT)
            if checkpoint is not None:
                self._note(size=checkpoint.size, root=checkpoint.root.hex())
                self._recompute(checkpoint, earlier, rows, progress)
            self._note(complete=True)
        except TooManyProblemsError:
            pass  # `complete` stays False
        return msgspec.structs.replace(self._report, problems=tuple(self._problems.found))

    def _recompute(
        self, checkpoint: Checkpoint, earlier: Checkpoint | None, rows: EntrySource | None, progress: Progress | None
    ) -> None:
        mark = None if earlier is None else self._mark(checkpoint, earlier)
        check = None if rows is None else self._rows(checkpoint, rows)
        pass_ = Recomputation(LogFiles(self._directory), checkpoint.size, self._problems, check, mark)
        try:
            pass_.run(checkpoint.root, progress)
        except RemitError as error:  # of the source of rows
            self._problems.add(STORE, None, None, str(error))
        finally:
            self._note(checked=pass_.checked)
        if earlier is None or mark is None:
            return
        if pass_.root_at_mark == earlier.root:
            self._note(since=earlier.size)
        else:
            message = "history was changed: the first entries do not give the root that the earlier checkpoint signed"
            self._problems.add(CHECKPOINT, 0 if mark else None, mark - 1 if mark else None, message)

    def _mark(self, checkpoint: Checkpoint, earlier: Checkpoint) -> int | None:
        """Where the earlier root is to be recomputed; None if the log does not reach so far."""
        if earlier.size <= checkpoint.size:
            return earlier.size
        message = f"truncated: an earlier checkpoint covers {earlier.size} entries, this one {checkpoint.size}"
        self._problems.add(CHECKPOINT, checkpoint.size, earlier.size - 1, message)
        return None

    def _rows(self, checkpoint: Checkpoint, rows: EntrySource) -> RowCheck | None:
        try:
            check = RowCheck(rows, tenant_of(checkpoint.origin), checkpoint.size, self._problems)
        except RemitError as error:
            self._problems.add(STORE, None, None, str(error))
            return None
        self._note(rows=check.rows, pending=max(0, check.rows - checkpoint.size))
        return check

    def _earlier(self, path: Path) -> Checkpoint | None:
        return self._checkpoint(path, str(path))

    def _checkpoint(self, path: Path, name: str) -> Checkpoint | None:
        try:
            data = LogFiles(path.parent).read(path.name, MAX_NOTE)
            if data is None:
                raise InvalidInput("is missing")
            return open_checkpoint(data, self._verifier)
        except (InvalidInput, OSError, ValueError) as error:
            message = error.strerror if isinstance(error, OSError) else str(error)
            self._problems.add(name, None, None, message or "cannot be read")
            return None

    def _note(self, **fields: object) -> None:
        self._report = msgspec.structs.replace(self._report, **fields)


__all__ = ["Problem", "Report", "verify"]
