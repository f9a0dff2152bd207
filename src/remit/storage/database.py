"""What is particular to SQLite: how it is opened, made durable, checkpointed, and what its failures mean.

Claim: after `COMMIT` returns, the transaction survives a crash and a power loss (WAL, `synchronous=FULL`), as far as
the disk keeps its promise to `fsync`. PostgreSQL will stand beside this module; the rest of the room is portable.
"""

import contextlib
import itertools
import os
import sqlite3
import stat
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from remit.terms import Refused, Unavailable

MAGIC = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html, section 1.3
QUICK_CHECK_BELOW = 64 * 1024 * 1024  # bytes; a check of more would delay the start by seconds, so it is on demand
PAGES_KEPT = 64 * 1024  # KB of the writer's pages in memory: with SQLite's 2 MB every decision reads pages again
SPARING = "FAST"  # how SQLite calls it; ON, which some builds begin with, takes a quarter of a commit's time
BEGIN = "BEGIN IMMEDIATE"
TOGETHER = (16, 4, 1)  # rows of one statement: starting and ending one costs as much as half a row
Rows = list[tuple[Any, ...]]


def check_file(path: Path) -> None:
    """Refuse what is not a private database file of ours; an absent one is made, empty and private."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise Refused(f"no directory {path.parent}: make it with `remit init`") from None
    except OSError as error:
        raise Unavailable(
            f"expected to read and write {path}, got: {error.strerror}; "
            "check its owner, its permissions and that it is not mounted read-only"
        ) from None
    try:
        status = os.fstat(file)
        head = os.pread(file, 16, 0)
    finally:
        os.close(file)
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"expected a file, got something else: {path}")
    if status.st_mode & 0o077:
        raise Refused(f"expected {path} to be its owner's alone, got mode {status.st_mode & 0o777:o}: chmod 600 it")
    if head and head != MAGIC:
        raise Refused(f"expected an SQLite database, got something else: restore {path} from a backup")


def writing(path: Path, busy_ms: int) -> Engine:
    """The engine for the writer and the checkpoints."""
    pragmas = ("synchronous=FULL", "wal_autocheckpoint=0", f"cache_size=-{PAGES_KEPT}", f"secure_delete={SPARING}")
    return _engine(f"sqlite:///file:{quote(str(path))}?uri=true", busy_ms, pragmas)


def reading(path: Path, busy_ms: int) -> Engine:
    """The engine for readers beside the writer: each reads what was committed when its transaction began."""
    return _engine(f"sqlite:///file:{quote(str(path))}?uri=true", busy_ms, ("query_only=ON", "wal_autocheckpoint=0"))


def offline(path: Path) -> Engine:
    """The engine for a store that nobody runs: no lock, nothing written, also from a read-only file system."""
    for options in ("mode=ro", "mode=ro&immutable=1"):
        engine = _engine(f"sqlite:///file:{quote(str(path))}?{options}&uri=true", 1000, ("query_only=ON",))
        with contextlib.suppress(DBAPIError), engine.connect() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
            return engine
        engine.dispose()
    raise Unavailable(f"cannot read {path}: check that it is there, is Remit's, and may be read")


def _engine(url: str, busy_ms: int, pragmas: tuple[str, ...]) -> Engine:
    # hide_parameters: rows never reach a log through an error's text (I7).
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=4, max_overflow=28, hide_parameters=True, connect_args={"timeout": 0}
    )

    @event.listens_for(engine, "connect")
    def _connected(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves: the driver would not before DDL
        for pragma in (f"busy_timeout={busy_ms}", "trusted_schema=OFF", "cell_size_check=ON", *pragmas):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the lock first: upgrading a read transaction could fail in the middle.
        raw: Any = connection.connection.dbapi_connection
        if not raw.in_transaction:  # else `begin` below was first
            raw.execute("BEGIN" if "query_only=ON" in pragmas else BEGIN)

    return engine


def use_wal(engine: Engine) -> None:
    """Once per database; SQLite keeps it. Raises `Unavailable` where shared memory files cannot be made."""
    with engine.connect() as connection:
        mode = pragma(connection, "journal_mode=WAL")[0]
    if mode != "wal":
        raise Unavailable(f"expected write-ahead logging, got {mode!r}: put the store on a local, writable file system")


def begin(connection: Connection) -> None:
    """The transaction of the hottest path there is, without a layer in between; ended by `commit` or `rollback`."""
    raw: Any = connection.connection.dbapi_connection
    raw.execute(BEGIN)


def commit(connection: Connection) -> None:
    """Durable when it returns."""
    raw: Any = connection.connection.dbapi_connection
    raw.execute("COMMIT")
    if connection.in_transaction():  # something was read by way of the layer
        connection.commit()


def rollback(connection: Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    if raw.in_transaction:
        raw.execute("ROLLBACK")
    if connection.in_transaction():
        connection.rollback()


def pragma(connection: Connection, text: str) -> tuple[Any, ...]:
    """The first row of a PRAGMA, outside of any transaction: SQLAlchemy would begin one."""
    raw: Any = connection.connection.dbapi_connection
    row = raw.execute(f"PRAGMA {text}").fetchone()
    return tuple(row) if row is not None else ()


def checkpoint(connection: Connection, mode: str) -> int:
    """Copy the write-ahead log into the database; its length in pages. Does not wait for readers."""
    raw: Any = connection.connection.dbapi_connection
    before = pragma(connection, "busy_timeout")[0]
    raw.execute("PRAGMA busy_timeout=50")
    try:
        return int(pragma(connection, f"wal_checkpoint({mode})")[1])
    finally:
        raw.execute(f"PRAGMA busy_timeout={before}")


def overwrite_deleted(connection: Connection, on: bool) -> None:
    """Whether deleted rows are overwritten with zeros wherever they are, or only on pages that are written anyway."""
    pragma(connection, f"secure_delete={'ON' if on else SPARING}")


def check_pages(engine: Engine, path: Path) -> None:
    """Read the whole database for damage."""
    with translated(), engine.connect() as connection:
        found = pragma(connection, "quick_check(1)")
    if found != ("ok",):
        raise Refused(f"{path} is damaged: stop, keep a copy, and restore the latest backup")


class translated:  # noqa: N801 used as `contextlib`'s functions are, and twice in each transaction
    """Errors of the database as ours; their text holds no row."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DBAPIError):
            _explain(str(error.orig))
        if isinstance(error, sqlite3.Error):  # where we speak to the driver itself
            _explain(str(error))
        if isinstance(error, SQLAlchemyError):
            raise Unavailable(f"the store cannot be used: {type(error).__name__}; see that its disk works") from error


def _explain(text: str) -> NoReturn:
    low = text.lower()
    if "malformed" in low or "not a database" in low or "corrupt" in low:
        raise Refused(f"the store is damaged ({text}): stop, keep a copy, and restore the latest backup")
    if "locked" in low or "busy" in low:
        raise Unavailable(f"the store is locked by another program ({text}): close it and retry")
    if "full" in low:
        raise Unavailable(f"no room for the store ({text}): free some and retry")
    if "readonly" in low or "read-only" in low:
        raise Unavailable(f"the store cannot be written ({text}): make its file system and files writable, and retry")
    raise Unavailable(f"the store cannot be used ({text}): see that its disk works and has room, and retry")


def write_rows(
    connection: Connection,
    table: Table,
    rows: Rows,
    *,
    replace: tuple[str, ...] | None = None,
    guard: tuple[str, str] | None = None,
) -> int:
    """Insert rows; with `replace`, these columns of a row there with the same key become the new row's. The number
    written.

    With `guard` (a column of the row there, a column of the new row) only rows for which both are equal are replaced.
    Bytes are best given as `bytearray` and truths as numbers: the driver looks for an adapter of anything else.
    """
    raw: Any = connection.connection.dbapi_connection  # the hottest statements there are: without a layer in between
    start = written = 0
    for many in TOGETHER:
        while len(rows) - start >= many:
            values = list(itertools.chain.from_iterable(rows[start : start + many]))
            written += raw.execute(_statement(table, many, replace, guard), values).rowcount
            start += many
    return written


@cache
def _statement(table: Table, many: int, replace: tuple[str, ...] | None, guard: tuple[str, str] | None) -> str:
    """SQL for so many rows, their values in the order of the table's columns."""
    names = [column.name for column in table.columns]
    statement = sqlite.insert(table).values([dict.fromkeys(names)] * many)
    if replace:
        keys = [column.name for column in table.primary_key.columns]
        replaced = {name: statement.excluded[name] for name in replace}
        where = None if guard is None else table.c[guard[0]] == statement.excluded[guard[1]]
        statement = statement.on_conflict_do_update(index_elements=keys, set_=replaced, where=where)
    elif replace is not None:
        statement = statement.on_conflict_do_nothing()
    return str(statement.compile(dialect=sqlite.dialect()))
