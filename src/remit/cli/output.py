"""What commands print: JSON for programs, tables for people."""

import contextlib
import datetime
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from remit.cli.text import cell

WIDE = 240  # columns of text where nobody looks
_UNBOUNDED = 1_000_000  # columns, to find out how many are needed

_STYLES = {
    "permit": "green", "active": "green", "approved": "green", "completed": "green",
    "ask": "yellow", "pending": "yellow", "suspended": "yellow", "restricted": "yellow", "discovered": "yellow",
    "provisional": "yellow",
    "deny": "red", "denied": "red", "quarantined": "red", "revoked": "red", "retired": "red", "expired": "red",
}  # fmt: skip


def console() -> Console:
    """Rich's markup, emoji codes and highlighting are off: most of what is shown is foreign."""
    width = None if sys.stdout.isatty() else WIDE
    return Console(markup=False, emoji=False, highlight=False, width=width)


def print_json(value: Any) -> None:
    """ASCII only: control characters and bidirectional overrides arrive escaped."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=True) + "\n")


def print_line(value: Any) -> None:
    """One JSON value on one line."""
    sys.stdout.write(one_line(value) + "\n")


def one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)


@contextlib.contextmanager
def waiting(first: str) -> Iterator[Callable[[str], None]]:
    """A line on a terminal's standard error that says what is being done, and goes when it is done."""
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(first) as status:
        yield status.update


def show(*parts: RenderableType) -> None:
    target = console()
    for part in parts:
        # Lines of text are the terminal's to wrap: a key that we broke could not be copied.
        target.print(part, soft_wrap=isinstance(part, (str, Text)), crop=target.is_terminal)


def flush() -> None:
    """Now, also where it is a pipe: for what is watched."""
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> RenderableType:
    """Foreign values in columns; `empty` says what to do when there are none."""
    cells = [[value if isinstance(value, Text) else cell(value) for value in row] for row in rows]
    return _Listing(columns, cells) if cells else Text(empty, style="dim")


class _Listing:
    """Rows in columns; on a terminal so narrow that an id would be cut, below one another: what is folded cannot be
    copied. Where nobody looks a row is one line, however long: what is folded cannot be searched."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
        self._columns = columns
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = self._table()
        needed = Measurement.get(console, options.update(width=_UNBOUNDED), wide)
        if not console.is_terminal:
            yield from console.render(wide, options.update(width=needed.maximum))
            return
        if needed.minimum <= options.max_width:
            yield wide
            return
        for first, *others in self._rows:
            yield Text("")
            yield Text.assemble((f"{self._columns[0]} ", "dim"), first, style="bold")
            yield Padding(fields(zip(self._columns[1:], others, strict=True)), (0, 0, 0, 2), expand=False)

    def _table(self) -> Table:
        made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for number, column in enumerate(self._columns):
            whole = all(" " not in row[number].plain for row in self._rows)  # else the widest are folded first
            made.add_column(column, overflow="fold", no_wrap=whole)
        for row in self._rows:
            made.add_row(*row)
        return made


def fields(pairs: Mapping[str, object] | Iterable[tuple[str, object]], *, title: str = "") -> RenderableType:
    """Names and values of one thing, empty ones left out."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    made = Table(
        box=None, show_header=False, pad_edge=False, title=cell(title) if title else None, title_justify="left"
    )
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in items:
        if value not in (None, "", [], {}, ()) and (not isinstance(value, Text) or value.plain):
            made.add_row(Text(name), value if isinstance(value, Text) else cell(value, limit=4000))
    return made


def state(value: object) -> Text:
    """A state or effect in its colour."""
    return cell(value, _STYLES.get(value, "") if isinstance(value, str) else "")


def moment(milliseconds: object) -> str:
    """A time of ours in UTC, to the second."""
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool) or not 0 <= milliseconds < 253402300800000:
        return ""
    at = datetime.datetime.fromtimestamp(milliseconds / 1000, tz=datetime.UTC)
    return at.strftime("%Y-%m-%d %H:%M:%SZ")
