"""Comparing the store's rows with the log, beside its recomputation. Pure but for the port."""

from remit.audit.hashing import leaf_hash
from remit.audit.ports import EntrySource
from remit.audit.report import STORE, Problems
from remit.terms import TenantId, Unavailable

BATCH = 4096  # rows per read


class RowCheck:
    """Each row must be the entry that was signed; rows may be more than the checkpoint covers, never fewer."""

    def __init__(self, source: EntrySource, tenant: TenantId, size: int, problems: Problems) -> None:
        self._source = source
        self._tenant = tenant
        self._size = size
        self._problems = problems
        self._start = 0  # of the rows in memory
        self._rows: list[bytes] = []
        self.rows = source.size(tenant)
        if self.rows < size:
            message = f"{size - self.rows} signed entries have no row: the store lost them, or is an old backup"
            problems.add(STORE, self.rows, size - 1, message)

    def compare(self, start: int, entries: list[bytes], hashes: list[bytes | None], proven: bool) -> None:
        """The rows from `start` against a bundle: its entries if these are `proven`, else what was signed."""
        stop = min(start + len(hashes), self.rows)
        wrong = []
        for number, row in enumerate(self._read(start, stop)):
            if proven and row == entries[number]:
                continue
            if hashes[number] is not None and leaf_hash(row) != hashes[number]:
                wrong.append(start + number)
        for first, last in _ranges(wrong):
            self._problems.add(STORE, first, last, "the row is not the entry that was signed")

    def _read(self, start: int, stop: int) -> list[bytes]:
        if stop <= start:
            return []
        if not self._start <= start or stop > self._start + len(self._rows):
            wanted = min(start + BATCH, self.rows, self._size)
            self._start, self._rows = start, self._source.read(self._tenant, start, wanted)
            if len(self._rows) != wanted - start:
                raise Unavailable(
                    f"the store gave {len(self._rows)} of the entries {start} to {wanted - 1}: check the store"
                )
        return self._rows[start - self._start : stop - self._start]


def _ranges(numbers: list[int]) -> list[tuple[int, int]]:
    """Ascending numbers as runs."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
