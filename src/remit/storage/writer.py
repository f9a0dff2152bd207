"""The one writer: a thread that commits whatever waits in one transaction, so that one fsync serves them all.

A write is acknowledged only after its `COMMIT` returned (I1). When a transaction fails, the writes in it and all that
queued behind it fail with it, because they were judged on hot state that now never happened; nothing is retried.
The queue is bounded: beyond it whoever asks is told to retry.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue

from sqlalchemy import Connection, Engine

from remit.storage import batch, database
from remit.storage.checkpoint import Checkpointer
from remit.storage.details import Erasure, Sealer, erase
from remit.terms import InvalidInput, RemitError, Unavailable, Write

QUEUE = 8192  # writes: at 10,000 a second under a second of waiting, more would only hide the overload
QUEUE_BYTES = 64 * 1024 * 1024  # of details: bounds the memory that a slow disk can cost
BATCH = 512  # writes of one transaction: the gain of a shared fsync is flat by then
BATCH_BYTES = 8 * 1024 * 1024


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
        if write is not None and write.details:
            self.weight = sum(len(one.body) for one in write.details)


Outcome = int | Exception


class Writer:
    """`kept` and `lost` are called in the writer's thread; `guard` orders hot state and the queue."""

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
        self._queue: deque[Job] = deque()
        self._flying: list[Job] = []
        self._weight = 0
        self._idle = False
        self._retry = False
        self._closing = False
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="remit-writer", daemon=True)

    def start(self) -> None:
        self.checkpoints.start()
        self._thread.start()

    def close(self) -> None:
        """Commit what waits, then stop."""
        with self.guard:
            self._closing = True
            self._poke()
        self._thread.join()
        self.checkpoints.close()
        self._disconnect()

    # Under the guard, in the caller's thread.
    def admit(self) -> None:
        """Raise `Unavailable` unless another write may be queued."""
        if self._closing:
            raise Unavailable("the store is closed: start Remit")
        if self.broken:
            self._retry = True
            self._poke()
            raise Unavailable("the store failed and is being read again: retry")
        if len(self._queue) >= QUEUE or self._weight >= QUEUE_BYTES:
            raise Unavailable("too many writes wait for the store: retry in a second", code="remit.overloaded")

    def put(self, job: Job) -> None:
        self._queue.append(job)
        self._weight += job.weight
        if self._idle:
            self._poke()

    def waiting(self) -> list[Write]:
        """Writes that are not known to be durable, in their order."""
        return [job.write for job in (*self._flying, *self._queue) if job.write is not None]

    def _poke(self) -> None:
        if self._idle:
            self._idle = False
            self._wake.put(None)

    # In the writer's thread.
    def _run(self) -> None:
        while (jobs := self._take()) is not None:
            if jobs:
                self._carry_out(jobs)
            else:
                self._lost([], [])

    def _take(self) -> list[Job] | None:
        """What the next transaction holds; empty to read hot state again; None to end."""
        while True:
            with self.guard:
                self._flying = []
                if self._queue:
                    self._flying = self._cut()
                    return self._flying
                if self._closing:
                    return None
                if self._retry:
                    self._retry = False
                    return []
                self._idle = True
            self._wake.get()

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

    def _carry_out(self, jobs: list[Job]) -> None:
        try:
            erasure = jobs[0].erase
            numbers, broke = self._store(jobs) if erasure is None else self._erase(erasure)
        except Exception as error:  # a dead writer would hang every decision: whatever it is, they are told
            self.healthy = False
            self._disconnect()
            known = error if isinstance(error, RemitError) else Unavailable(f"the store failed: {type(error).__name__}")
            self._lose(jobs, known)
            return
        self.healthy = True
        self._kept(jobs[: len(numbers)], numbers)
        if broke is not None:
            self._lose(jobs[len(numbers) :], _unfit(broke))

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

    def _store(self, jobs: list[Job]) -> tuple[list[int], Exception | None]:
        connection = self._connected()
        with database.translated(), connection.begin():
            rows = batch.Batch(connection, self._sealer, self._encode)
            try:
                numbers = rows.add([job.write for job in jobs if job.write is not None])
                if numbers:
                    rows.store()
            except BaseException:
                self._sealer.forget(rows.keys)
                raise
        if numbers:
            self.commits += 1
            self.writes += len(numbers)
        self.checkpoints.grew(sum(job.weight for job in jobs) + 4096 * len(jobs))
        self.checkpoints.restart_if_wanted(connection)
        return numbers, rows.broke

    def _erase(self, erasure: Erasure) -> tuple[list[int], Exception | None]:
        connection = self._connected()
        with database.translated():
            database.overwrite_deleted(connection, True)
            with connection.begin():
                erase(connection, erasure)
            self._sealer.forget({erasure.owner})
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


_BEHIND = Unavailable("a write before this one was refused, and this one was judged on it: retry")


def _unfit(error: Exception) -> RemitError:
    if isinstance(error, RemitError):
        return error
    return InvalidInput(f"expected a write that can be encoded, got: {type(error).__name__}")


def settle(jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
    """Tell whoever waits; one wake of an event loop for all that wait in it."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[Job, Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        if job.loop is None:
            _resolve([(job, outcome)])
        else:
            loops.setdefault(job.loop, []).append((job, outcome))
    for loop, results in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve, results)


def _resolve(results: list[tuple[Job, Outcome]]) -> None:
    for job, outcome in results:
        if job.future.done():  # whoever waited was cancelled; the write stands
            continue
        if isinstance(outcome, Exception):
            job.future.set_exception(outcome)
        else:
            job.future.set_result(outcome)
