"""Moves the write-ahead log into the database, beside the commits instead of inside them.

A checkpoint inside a commit makes that commit wait for the whole copy. A side thread copies instead; only when the log
grew large all the same does the writer stop for the short rest, so that the file stays bounded. A crash at any point
loses nothing: what was not copied is in the log.
"""

import contextlib
import threading

from sqlalchemy import Connection, Engine

from remit.storage import database
from remit.terms import RemitError

EVERY = 4 * 1024 * 1024  # bytes written, roughly: SQLite's own default of 1,000 pages
EMPTYING = 1.0  # seconds between attempts, each of which may hold up commits for 50 ms
LARGE = 16 * 1024  # pages of log: 64 MB
PAGE = 4096


class Checkpointer:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._due = threading.Event()
        self._written = 0
        self._since = 0  # bytes since the log was last made to begin anew
        self._restart = False
        self._empty = False  # an erasure wants the log emptied
        self._closing = False
        self._copying = threading.Lock()  # SQLite lets one copy at a time, and refuses the other
        self._thread = threading.Thread(target=self._run, name="remit-checkpoint", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def grew(self, size: int) -> None:
        self._written += size
        self._since += size
        if self._since >= 2 * LARGE * PAGE:
            self._restart = True  # the side thread lags behind, on a slow disk or for want of the interpreter
        if self._written >= EVERY:
            self._written = 0
            self._due.set()

    def empty_soon(self) -> None:
        """Empty the log as soon as no reader needs it: it holds copies of what was erased."""
        self._empty = True
        self._due.set()

    @property
    def stops_writer(self) -> bool:
        """Whether the next transaction is followed by copying the rest, which takes its time."""
        return self._restart

    def restart_if_wanted(self, connection: Connection) -> None:
        """In the writer, between transactions: copy the rest, and let the log begin anew."""
        if self._restart:
            self._restart = False
            self._since = 0  # also where a reader is in the way: another turn then, after as much again
            with self._copying, contextlib.suppress(RemitError), database.translated():
                database.checkpoint(connection, "RESTART")

    def close(self) -> None:
        """Leave an empty log behind."""
        self._closing = True
        self._due.set()
        self._thread.join()
        with contextlib.suppress(RemitError), database.translated(), self._engine.connect() as connection:
            database.checkpoint(connection, "TRUNCATE")

    def _run(self) -> None:
        while True:
            self._due.wait(EMPTYING if self._empty else None)
            self._due.clear()
            if self._closing:
                return
            # A failure here harms nothing: the log keeps the rows, and the next turn tries again.
            with (
                self._copying,
                contextlib.suppress(RemitError),
                database.translated(),
                self._engine.connect() as connection,
            ):
                if self._empty:
                    self._empty = database.checkpoint(connection, "TRUNCATE") > 0
                else:
                    self._restart = database.checkpoint(connection, "PASSIVE") > LARGE
