"""The one writer: whatever waits is committed in one transaction, so that one fsync serves them all.

The loop that decides fills the transaction between two steps of its tasks. On a disk that answers promptly it commits
as well: handing over to a thread and back costs more than such a wait, because whoever is handed something waits for
the interpreter's lock, up to milliseconds. Where commits take longer than `PROMPT` they are waited for in a side
thread, and the loop goes on deciding meanwhile. What comes during a commit is in the next one. Callers without a loop
do the same in their own thread.

A write is acknowledged only after its `COMMIT` returned (I1). When a transaction fails, the writes in it and all that
queued behind it fail with it, because they were judged on hot state that now never happened; nothing is retried.
The queue is bounded: beyond it whoever asks is told to retry.
"""

import asyncio
import contextlib
import functools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from remit.storage import batch, database
from remit.storage.checkpoint import Checkpointer
from remit.storage.details import Erasure, Sealer, erase
from remit.terms import InvalidInput, RemitError, Unavailable, Write

QUEUE = 8192  # writes: at 10,000 a second under a second of waiting, more would only hide the overload
QUEUE_BYTES = 64 * 1024 * 1024  # of details: bounds the memory that a slow disk can cost
BATCH = 512  # writes of one transaction: the gain of a shared fsync is flat by then
BATCH_BYTES = 8 * 1024 * 1024
PROMPT = 0.003  # seconds: commits that take longer are worth a thread
ASIDE = 1.0  # seconds that commits are waited for aside, until one is tried in place again


class Job:
    """A write or an erasure, and who waits for it."""

    __slots__ = ("erase", "future", "loop", "weight", "write")

    def __init__(
        self,
        future: "asyncio.Future[int] | Future[int]",
        loop: asyncio.AbstractEventLoop | None,
        *,
        write: Write | None = None,
        erase: Erasure | None = None,
    ) -> None:
        self.write = write
        self.erase = erase
        self.future = future
        self.loop = loop
        self.weight = 0
        if write is not None:
            for one in write.details:
                self.weight += len(one.body)


Outcome = int | Exception


class Writer:
    """`kept` and `lost` are called by whoever finds out; `guard` orders hot state and the queue."""

    def __init__(
        self,
        engine: Engine,
        sealer: Sealer,
        encode: batch.Encode,
        *,
        kept: Callable[[list[Job], list[int]], None],
        lost: Callable[[list[Job], list[Exception]], None],
    ) -> None:
        self.guard = threading.Lock()
        self.broken = False  # hot state is not the store's: nothing is taken until it was read again
        self.healthy = True  # whether the last transaction was kept
        self.commits = 0
        self.writes = 0
        self.checkpoints = Checkpointer(engine)
        self._engine = engine
        self._sealer = sealer
        self._encode = encode
        self._kept = kept
        self._lost = lost
        self._connection: Connection | None = None
        self._places = batch.Places()
        self._queue: deque[Job] = deque()
        self._flying: list[Job] = []
        self._weight = 0
        self._due = False  # a loop was told to flush
        self._takes = 0.0  # seconds of a commit in place, of late
        self._aside = 0.0  # until when commits are waited for in the side thread
        self._busy = False  # a transaction is open; whoever opened it hands it on, and nobody else touches the database
        self._rest = threading.Condition(self.guard)
        self._retry = False
        self._closing = False
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="remit-writer", daemon=True)

    def start(self) -> None:
        self.checkpoints.start()
        self._thread.start()

    def close(self) -> None:
        """Commit what waits, then stop."""
        with self.guard:
            self._closing = True
        while True:
            self.flush()
            with self._rest:
                self._rest.wait_for(lambda: not self._busy)
                if not self._queue:
                    break
        self._work.put(None)
        self._thread.join()
        self.checkpoints.close()
        self._disconnect()

    # Under the guard, in the caller's thread.
    def admit(self) -> None:
        """Raise `Unavailable` unless another write may be queued."""
        if self._closing:
            raise Unavailable("the store is closed: start Remit")
        if self.broken:
            if not self._retry:
                self._retry = True
                self._work.put(self._read_again)
            raise Unavailable("the store failed and is being read again: retry")
        if len(self._queue) >= QUEUE or self._weight >= QUEUE_BYTES:
            raise Unavailable("too many writes wait for the store: retry in a second", code="remit.overloaded")

    def put(self, job: Job) -> None:
        """Queue it. A loop flushes by itself, when the tasks that are ready have added theirs; others call `flush`."""
        self._queue.append(job)
        self._weight += job.weight
        if job.loop is not None and not self._due and not self._busy:
            self._due = True
            job.loop.call_soon(self.flush)

    def waiting(self) -> list[Write]:
        """Writes that are not known to be durable, in their order."""
        return [job.write for job in (*self._flying, *self._queue) if job.write is not None]

    # In the thread of whoever wants it written.
    def flush(self) -> None:
        """Open the next transaction and have it committed, unless one is open: then the next begins after it."""
        with self.guard:
            self._due = False
            if self._busy or not self._queue:
                return
            self._busy = True
            jobs = self._flying = self._cut()
        if jobs[0].erase is not None:
            erasure = jobs[0].erase
            self._work.put(lambda: self._settle(jobs, lambda: self._erase(erasure)))
            return
        try:
            opened = self._open([job.write for job in jobs if job.write is not None])
        except Exception as error:  # whatever it is, they are told: else their decisions would wait for ever
            self._fail(jobs, error)
            self._done()
            return
        started = time.monotonic()
        if self.checkpoints.stops_writer or started < self._aside:
            self._work.put(lambda: self._settle(jobs, lambda: self._commit(opened, jobs)))
        else:
            self._settle(jobs, lambda: self._commit(opened, jobs))
            self._weigh(started, time.monotonic())

    def _weigh(self, started: float, ended: float) -> None:
        """Whether the disk is prompt: many slow commits say that it is not, one says nothing."""
        took = min(ended - started, 2 * PROMPT)
        self._takes = took if self._takes > PROMPT else self._takes + (took - self._takes) / 8
        if self._takes > PROMPT:
            self._aside = ended + ASIDE

    def _cut(self) -> list[Job]:
        jobs: list[Job] = []
        weight = 0
        while self._queue and len(jobs) < BATCH and weight < BATCH_BYTES:
            if self._queue[0].erase is not None and jobs:
                break
            job = self._queue.popleft()
            jobs.append(job)
            weight += job.weight
            if job.erase is not None:
                break
        self._weight -= weight
        return jobs

    def _open(self, writes: list[Write]) -> "_Opened":
        connection = self._connected()
        with database.translated():
            database.begin(connection)
            rows = batch.Batch(connection, self._sealer, self._encode, self._places)
            try:
                numbers = rows.add(writes)
                if numbers:
                    rows.store()
            except BaseException:
                self._sealer.forget(rows.keys)
                database.rollback(connection)
                raise
        return _Opened(rows, numbers)

    # In the side thread, or in place.
    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    def _commit(self, opened: "_Opened", jobs: list[Job]) -> tuple[list[int], Exception | None]:
        try:
            with database.translated():
                database.commit(self._connected())
        except BaseException:
            self._sealer.forget(opened.rows.keys)
            raise
        if opened.numbers:
            self.commits += 1
            self.writes += len(opened.numbers)
        self.checkpoints.restart_if_wanted(self._connected())  # if so, the side thread is here, not the loop
        self.checkpoints.grew(sum([job.weight for job in jobs]) + 4096 * len(jobs))
        return opened.numbers, opened.rows.broke

    def _settle(self, jobs: list[Job], work: Callable[[], tuple[list[int], Exception | None]]) -> None:
        try:
            numbers, broke = work()
        except Exception as error:  # a dead writer would hang every decision: whatever it is, they are told
            self._fail(jobs, error)
        else:
            self.healthy = True
            self._kept(jobs[: len(numbers)], numbers)
            if broke is not None:
                self._lose(jobs[len(numbers) :], _unfit(broke))
        self._done()

    def _done(self) -> None:
        """The transaction is over; whoever waits next goes on."""
        with self._rest:
            self._busy = False
            self._flying = []
            self._rest.notify_all()
            loop = next((job.loop for job in self._queue if job.loop is not None), None)
            waits = bool(self._queue)
        if waits and not (loop is not None and run_in(loop, self.flush)):
            self.flush()

    def _fail(self, jobs: Sequence[Job], error: Exception) -> None:
        self.healthy = False
        self._disconnect()
        self._places = batch.Places()
        known = error if isinstance(error, RemitError) else Unavailable(f"the store failed: {type(error).__name__}")
        self._lose(jobs, known)

    def _lose(self, jobs: Sequence[Job], error: RemitError) -> None:
        """Fail the jobs and all that queued behind them."""
        with self.guard:
            lost = [*jobs, *self._queue]
            self._queue.clear()
            self._flying = []  # they never happened: nothing may be remembered from them
            self._weight = 0
            self.broken = True
        behind = Unavailable(error.message) if isinstance(error, Unavailable) else _BEHIND
        self._lost(lost, [error, *(type(behind)(behind.message) for _ in lost[1:])])

    def _read_again(self) -> None:
        self._lost([], [])
        with self.guard:
            self._retry = False

    def _erase(self, erasure: Erasure) -> tuple[list[int], Exception | None]:
        connection = self._connected()
        with database.translated():
            database.overwrite_deleted(connection, True)
            with connection.begin():
                erase(connection, erasure)
            self._sealer.forget({erasure.owner})
            self._places.shelves.clear()  # some are gone
            database.overwrite_deleted(connection, False)
            # Older copies of the pages lie in the write-ahead log until it is emptied, which a reader can put off.
            if database.checkpoint(connection, "TRUNCATE"):
                self.checkpoints.empty_soon()
        return [0], None

    def _connected(self) -> Connection:
        if self._connection is None:
            with database.translated():
                self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self) -> None:
        """A connection that failed is not used again: the next write starts from a fresh one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.invalidate()
            with contextlib.suppress(Exception):
                connection.close()


class _Opened(NamedTuple):
    """A transaction that has its rows and waits to be committed."""

    rows: batch.Batch
    numbers: list[int]


_BEHIND = Unavailable("a write before this one was refused, and this one was judged on it: retry")


def _unfit(error: Exception) -> RemitError:
    if isinstance(error, RemitError):
        return error
    return InvalidInput(f"expected a write that can be encoded, got: {type(error).__name__}")


def settle(jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
    """Tell whoever waits; one wake of another thread's event loop for all that wait in it."""
    here = asyncio._get_running_loop()
    elsewhere: dict[asyncio.AbstractEventLoop, list[tuple[Job, Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.loop is None or job.loop is here:
            _tell(job, outcome)
        else:
            elsewhere.setdefault(job.loop, []).append((job, outcome))
    for loop, results in elsewhere.items():
        run_in(loop, functools.partial(_tell_all, results))  # if the loop was closed, nobody waits any more


def run_in(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> bool:
    """Have a running loop do it, between two steps of its tasks; False when it does not run any more."""
    if not loop.is_running():
        return False
    try:
        loop.call_soon_threadsafe(act)
    except RuntimeError:
        return False
    return True


def _tell_all(results: list[tuple[Job, Outcome]]) -> None:
    for job, outcome in results:
        _tell(job, outcome)


def _tell(job: Job, outcome: Outcome) -> None:
    if job.future.done():  # whoever waited was cancelled; the write stands
        return
    if isinstance(outcome, Exception):
        job.future.set_exception(outcome)
    else:
        job.future.set_result(outcome)
