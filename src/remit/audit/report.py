"""What an offline verification found. Pure."""

from collections.abc import Callable

import msgspec

# More are not listed: a log that is wrong in a hundred places needs no hundred-and-first, and memory stays bounded.
MAX_PROBLEMS = 100
STORE = "store"  # stands for the rows in a problem's `file`

Progress = Callable[[int, int], None]  # entries done, entries in all


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong: in which file, and which entries (first to last, inclusive) it puts in doubt."""

    file: str  # relative to the log's directory; the earlier checkpoint's own path; or "store"
    first: int | None
    last: int | None
    message: str

    def __str__(self) -> str:
        if self.first is None or self.last is None:
            return f"{self.file}: {self.message}"
        entries = f"entry {self.first}" if self.first == self.last else f"entries {self.first} to {self.last}"
        return f"{self.file}: {entries}: {self.message}"


class Witnessed(msgspec.Struct, frozen=True, kw_only=True):
    """What a witness says that it saw."""

    witness: str
    size: int
    time: int  # seconds since the epoch


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one log. `ok` says that everything that was asked for was proven."""

    log: str  # its directory
    origin: str
    size: int | None  # entries under the checkpoint; None when no checkpoint could be believed
    root: str | None  # hexadecimal
    checked: int  # entries recomputed
    since: int | None  # size of the latest earlier checkpoint that this log was proven to extend, None if not so
    rows: int | None  # rows in the store, None if not asked
    pending: int | None  # rows that no checkpoint covers yet
    witnessed: tuple[Witnessed, ...]  # for each witness that was asked for and cosigned
    problems: tuple[Problem, ...]
    complete: bool  # False: stopped after MAX_PROBLEMS

    @property
    def ok(self) -> bool:
        return not self.problems and self.complete and self.size is not None


class TooManyProblemsError(Exception):
    """Ends a verification; never leaves this room."""


class Problems:
    """Collects problems up to the limit."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, file: object, first: int | None, last: int | None, message: str) -> None:
        if len(self.found) == MAX_PROBLEMS:
            raise TooManyProblemsError
        self.found.append(Problem(file=str(file), first=first, last=last, message=message))
