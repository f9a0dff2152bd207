"""The store: hot state in memory, one durable truth below it, one way in.

`commit` changes hot state at once, in the caller's thread, and returns when the database has it (I1). The order is:

1. admit: not closed, not broken, room in the queue;
2. compare versions, unless nothing at all changed since they were read, else `Conflict` with nothing changed;
3. change hot state and queue the write, under one guard, so that the queue's order is hot state's;
4. wait for the writer's transaction.

When a transaction fails, step 3 of its writes is taken back by reading the touched records from the database, and only
then do their callers hear of it; until then every commit is refused. While a loop waits, that happens inside the loop,
so that no decision sees one half of it. The process that opens a store must hold the directory's `Lock`.
"""

import asyncio
from concurrent.futures import Future
from pathlib import Path

import msgspec
from sqlalchemy import Connection, literal, select, update

from remit.approvals import UNUSED
from remit.intent import Memory
from remit.storage import batch, database, migrate
from remit.storage.details import Erasure, KeyWrap, Sealer
from remit.storage.hot import COOLS, READ_THROUGH, Hot, decode, is_hot, is_loaded
from remit.storage.least_recent import LeastRecent, Weighed
from remit.storage.log import Log
from remit.storage.passing import COMES, Passing
from remit.storage.recall import Recall, recent_approvals
from remit.storage.schema import entry, ledger, meta, of_tenant, state
from remit.storage.writer import Job, Writer, run_in, settle
from remit.terms import (
    Approval,
    ApprovalState,
    Brief,
    Conflict,
    DetailKind,
    InstanceId,
    InvalidInput,
    Kind,
    Limits,
    MissionId,
    Refused,
    RemitError,
    TenantId,
    TokenRecord,
    Write,
    is_identifier,
)
from remit.terms.entries import Ledger, Record, Reservation

RECENT = 1000  # requests for approval that are listed although they are over: some 10 ms of reading
BRIEFS = 131_072  # goals and authorities in memory, some 1.5 KB each; others are read when their mission next acts
MEMORIES = 262_144  # instances whose memory is kept indexed; others are rebuilt from the store when they next act
ALL_MEMORIES = 1024 * 1024 * 1024  # bytes of all of them together, each up to `memory_bytes`
Touched = tuple[Kind, str, str]
_BRIEF = DetailKind.BRIEF


class Store(Hot, Log):
    """Implements `mediation.ports.State` and `Journal`, and the log's source of entries."""

    def __init__(
        self,
        path: Path,
        *,
        wrap: KeyWrap,
        encode: batch.Encode,
        memory_bytes: int = Limits().memory_bytes,
        memories: int = MEMORIES,
        busy_ms: int = 2000,
    ) -> None:
        Hot.__init__(self)
        database.check_file(path)
        self.path = path
        self.epoch = 0
        self.newest = 0  # the time of the latest entry of any tenant, queued ones too
        self._engine = database.writing(path, busy_ms)
        Log.__init__(self, database.reading(path, busy_ms))
        self._sealer = Sealer(wrap)
        self._memory_bytes = memory_bytes
        self._memories: Weighed[tuple[TenantId, InstanceId], Memory] = Weighed(memories, ALL_MEMORIES, _size)
        self._briefs: LeastRecent[tuple[TenantId, str], Brief] = LeastRecent(BRIEFS)
        self.revision = 0  # of hot state: grows with every write and with every failure
        self._upheavals = 0  # erasures and failures: what was read before one is not kept after it
        self._passing = Passing()
        self._unsure: set[Touched] = set()  # records that a failed transaction had changed
        self._loop: asyncio.AbstractEventLoop | None = None  # the one that decides
        try:
            self._open()
        except BaseException:
            self._dispose()
            raise
        self._writer = Writer(self._engine, self._sealer, encode, kept=self._kept, lost=self._lost)
        self._writer.start()

    # Writing.
    async def commit(self, write: Write) -> int:
        """See `mediation.ports.Journal`."""
        loop = self._loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        self._submit(Job(future, loop, write=write))
        return await future

    def commit_blocking(self, write: Write) -> int:
        """The same from a thread that has no event loop."""
        future: Future[int] = Future()
        self._submit(Job(future, None, write=write))
        return future.result()

    async def erase(self, tenant: TenantId, mission: str, before: int | None = None) -> None:
        """Delete what people and agents wrote in a mission (I13); its entries stay and stay provable.

        `before`: only what belongs to decisions made before this time, for shelves that have no end.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        self._submit(Job(future, loop, erase=Erasure(tenant, mission, before)))
        await future

    def erase_blocking(self, tenant: TenantId, mission: str, before: int | None = None) -> None:
        future: Future[int] = Future()
        self._submit(Job(future, None, erase=Erasure(tenant, mission, before)))
        future.result()

    def raise_epoch(self, now: int) -> int:
        """Void every call token that is out: from here on they are of an older epoch. Durable when it returns (I3).

        The new one starts from the time, `now` in milliseconds: of two stores that come from one backup neither takes
        the other's tokens. The caller records it, and holds the directory's lock.
        """
        raised = max(self.epoch + 1, now)
        with database.translated(), self._engine.begin() as connection:
            connection.execute(update(meta).where(meta.c.key == "epoch").values(value=str(raised)))
        self.epoch = raised
        return raised

    @property
    def healthy(self) -> bool:
        """Whether the last transaction was kept; the next commit tries again in any case."""
        return self._writer.healthy and not self._writer.broken

    @property
    def commits(self) -> int:
        """Transactions so far; fewer than `writes` when groups were committed together."""
        return self._writer.commits

    @property
    def writes(self) -> int:
        return self._writer.writes

    def check(self) -> None:
        """Read the whole database for damage; `Refused` when there is any."""
        database.check_pages(self._readers, self.path)

    def close(self) -> None:
        """Commit what waits, and leave one file."""
        self._writer.close()
        self._dispose()

    # Reading.
    def reservation(self, tenant: TenantId, decision: str) -> Reservation | None:
        """Open ones from memory, settled ones from the database."""
        found = self._reservations.get(tenant, decision) or self._one_stored(Kind.RESERVATION, tenant, decision)
        assert found is None or isinstance(found, Reservation)
        return found

    def token(self, tenant: TenantId, token: str) -> TokenRecord | None:
        """Unused ones of this process from memory, others from the database."""
        found = self._tokens.get(tenant, token) or self._one_stored(Kind.TOKEN, tenant, token)
        assert found is None or isinstance(found, TokenRecord)
        return found

    def approval(self, tenant: TenantId, approval: str) -> Approval | None:
        """Those that may still be used from memory, others from the database."""
        found: Record | None = self._approvals.get(tenant, approval)
        if found is None and is_identifier(approval):
            found = self._one_stored(Kind.APPROVAL, tenant, approval)
        assert found is None or isinstance(found, Approval)
        return found

    def approvals(self, tenant: TenantId, state: str | None = None) -> tuple[Approval, ...]:
        """All that may still be used, and of the others those among the newest `RECENT`; in the order they came."""
        if state is not None and ApprovalState(state) in UNUSED:
            return super().approvals(tenant, state)
        found = {one.id: one for one in super().approvals(tenant)}
        with database.translated(), self._readers.connect() as connection:
            for one in recent_approvals(connection, tenant, RECENT):
                if one.id not in found or found[one.id].version < one.version:  # it left memory in between
                    found[one.id] = one
        listed = sorted(found.values(), key=lambda one: (one.opened, one.id))
        return tuple(one for one in listed if state is None or one.state == state)

    def ledger(self, tenant: TenantId, mission: MissionId) -> Ledger | None:
        """A mission's from memory; those of a day from the database when this process did not write them."""
        found: Record | None = self._ledgers.get(tenant, mission)
        if found is None and "@" in mission:
            found = self._one_stored(Kind.LEDGER, tenant, mission)
        assert found is None or isinstance(found, Ledger)
        return found

    def brief(self, tenant: TenantId, mission: MissionId) -> Brief | None:
        brief = self._briefs.get((tenant, mission))
        if brief is not None:
            return brief
        before = self._upheavals
        body = self.detail(tenant, mission, mission, DetailKind.BRIEF)
        if body is None:
            return None
        brief = _brief(body)
        with self._writer.guard:
            if before == self._upheavals:
                self._briefs.put((tenant, mission), brief)
        return brief

    def memory(self, tenant: TenantId, instance: InstanceId) -> Memory:
        with self._writer.guard:
            memory = self._memories.get((tenant, instance))
        if memory is not None:
            return memory
        if self.instance(tenant, instance) is None:  # no call of it was ever permitted, so nothing was taken in
            memory = Memory(self._memory_bytes)
            with self._writer.guard:
                self._memories.put((tenant, instance), memory)
            return memory
        with self._writer.guard:
            before = self._upheavals
            waiting = self._writer.waiting()
        with database.translated(), self._readers.connect() as connection:
            recall = Recall(connection, self._sealer, tenant, waiting)
            memory = recall.memory(instance, self.tool, self._memory_bytes)
        with self._writer.guard:
            if before == self._upheavals:
                self._memories.put((tenant, instance), memory)
        return memory

    def detail(self, tenant: TenantId, mission: str, owner: str, kind: DetailKind) -> bytes | None:
        """A committed detail, decrypted; None when there is none or it was erased."""
        with database.translated(), self._readers.connect() as connection:
            return self._sealer.open(connection, (tenant, mission), owner, kind.value)

    # Step 1 to 3.
    def _submit(self, job: Job) -> None:
        with self._writer.guard:
            try:
                self._writer.admit()
                if job.write is not None:
                    if job.write.as_of != self.revision:
                        self._compare(job.write)
                    self._apply(job.write)
            except RemitError:
                self._forget_told(job)
                raise
            self._writer.put(job)
        if job.loop is None:
            self._writer.flush()

    def _forget_told(self, job: Job) -> None:
        """The path takes a result in before it commits: a memory that was told what is not kept is read again."""
        for put in job.write.puts if job.write is not None else ():
            if isinstance(put.record, Reservation) and not is_hot(put.record):
                self._memories.pop((put.record.tenant, InstanceId(put.record.instance)))

    def _compare(self, write: Write) -> None:
        tenant = write.entry.tenant
        names = set()
        for put in write.puts:
            record = put.record
            names.add(record.id)
            if record.tenant != tenant or record.version != put.expected + 1:
                raise InvalidInput("expected records of the entry's tenant, one version on")
            found: Record | None = self._by_type[type(record)].get(tenant, record.id)
            if found is None and put.expected and put.kind in READ_THROUGH:
                found = self._one_stored(put.kind, tenant, record.id)
            there = 0 if found is None else found.version
            if there != put.expected:
                raise Conflict(
                    f"{put.kind.value} {record.id!r} is at version {there}, not {put.expected}: read it again and retry"
                )
        for kind, name, version in write.expects:
            read: Record | None = self._shelves[kind].get(tenant, name)
            there = 0 if read is None else read.version
            if there != version:
                raise Conflict(f"{kind.value} {name!r} is at version {there}, not {version}: read it again and retry")
        # Records of two kinds may share an id: only then are the pairs compared, which costs more.
        if len(names) != len(write.puts) and len({(p.kind, p.record.id) for p in write.puts}) != len(write.puts):
            raise InvalidInput("expected each record once in a write")

    def _apply(self, write: Write) -> None:
        briefed: tuple[str, Brief] | None = None
        for one in write.details:
            if one.kind is _BRIEF:
                briefed = one.mission, _brief(one.body)
        self.revision += 1
        now = self.newest
        if write.entry.time > now:
            now = self.newest = write.entry.time
        for put in write.puts:
            record = put.record
            of = type(record)
            self._by_type[of].put(record)
            if of in COMES:
                self._passing.came(record, now)
        for kind, owner, name in self._passing.gone(now):
            self._pass(kind, owner, name)
        if briefed is not None:
            self._briefs.put((write.entry.tenant, briefed[0]), briefed[1])

    # What the writer reports, in its thread.
    def _kept(self, jobs: list[Job], numbers: list[int]) -> None:
        with self._writer.guard:
            for job in jobs:
                if job.write is not None:
                    self._cool(job.write)
                elif job.erase is not None:
                    self._upset(TenantId(job.erase[0]), job.erase[1])
        settle(jobs, numbers)

    def _cool(self, write: Write) -> None:
        """Drop what is durable and need not be in memory, unless it changed again meanwhile."""
        for put in write.puts:
            record = put.record
            of = type(record)
            if of not in COOLS:
                continue
            if not is_hot(record):
                self._leave(of, record)
            elif isinstance(record, Reservation):
                late = self._passing.awaits(record)
                if late is not None:
                    self._leave(of, late)

    def _leave(self, of: type, record: Record) -> None:
        shelf = self._by_type[of]
        if shelf.get(record.tenant, record.id) is record:
            shelf.drop(record.tenant, record.id)

    def _pass(self, kind: Kind, tenant: str, name: str) -> None:
        """Drop a record whose time is over. What was used stays until its use is durable: `_cool` drops it."""
        record = self._shelves[kind].get(tenant, name)
        if record is not None and is_hot(record):
            self._shelves[kind].drop(tenant, name)

    def _upset(self, tenant: TenantId, mission: str) -> None:
        self._upheavals += 1
        self._briefs.pop((tenant, mission))
        for key in self._memories.names():
            if key[0] == tenant:
                self._memories.pop(key)

    def _lost(self, jobs: list[Job], errors: list[Exception]) -> None:
        """Read again what the lost writes had changed; only then tell their callers."""
        before = self._upheavals
        self._unsure |= batch.touched([job.write for job in jobs if job.write is not None])
        try:
            found = self._stored(self._unsure)
            newest = self._newest()
        except Exception:  # unreadable too: stay broken; the next commit makes the writer try again
            settle(jobs, errors)
            return

        def finish() -> None:
            with self._writer.guard:
                if before == self._upheavals:  # else it was done already
                    self._take_back(found, newest)
            settle(jobs, errors)

        loop = self._loop
        blocking = any(job.loop is None for job in jobs)  # its thread may be the loop's own
        if blocking or loop is None or not run_in(loop, finish):
            finish()

    def _take_back(self, found: dict[Touched, Record | None], newest: int) -> None:
        for (kind, tenant, name), record in found.items():
            if record is None or not is_loaded(record):  # what is short-lived is read when it is asked for
                self._shelves[kind].drop(tenant, name)
            else:
                self._shelves[kind].put(record)
                self._passing.came(record, newest)
        self._unsure.clear()
        self._briefs.clear()
        self._memories.clear()
        self._upheavals += 1
        self.revision += 1
        self.newest = newest
        self._writer.broken = False

    # The database.
    def _open(self) -> None:
        with database.translated():
            with self._readers.connect() as connection:
                migrate.require_current(migrate.found(connection))
            database.use_wal(self._engine)
            if self.path.stat().st_size < database.QUICK_CHECK_BELOW:
                self.check()
            with self._engine.begin() as connection:
                migrate.upgrade(connection)
            with self._readers.connect() as connection:
                self._load(connection)
        self.newest = self._newest()

    def _load(self, connection: Connection) -> None:
        self.epoch = int(connection.execute(select(meta.c.value).where(meta.c.key == "epoch")).scalar_one())
        for tenant in self.tenants():
            # in the order in which they came, for that is the order of the index
            query = select(state.c.kind, state.c.body).where(state.c.tenant == tenant, state.c.hot.is_(True))
            of_missions = select(literal(Kind.LEDGER.value), ledger.c.body).where(
                ledger.c.tenant == tenant, ledger.c.daily.is_(False)
            )
            for each in (query, of_missions):
                for name, body in connection.execute(each.execution_options(yield_per=1000)):
                    self._load_one(name, body)

    def _load_one(self, name: str, body: bytes) -> None:
        try:
            kind = Kind(name)
            record = decode(kind, body)
            self._shelves[kind].put(record)
            self._passing.came(record, 0)
        except ValueError as error:
            raise Refused(
                f"a stored {name} cannot be read ({type(error).__name__}): restore the latest backup of {self.path}"
            ) from None

    def _newest(self) -> int:
        return max((self.last_time(tenant) for tenant in self.tenants()), default=0)

    def _stored(self, keys: set[Touched]) -> dict[Touched, Record | None]:
        with database.translated(), self._readers.connect() as connection:
            return {key: _record(connection, key) for key in keys}

    def _one_stored(self, kind: Kind, tenant: TenantId, name: str) -> Record | None:
        key = (kind, str(tenant), name)
        return self._stored({key})[key]

    def _dispose(self) -> None:
        self._readers.dispose()
        self._engine.dispose()


def _size(memory: Memory) -> int:
    return memory.size


def _brief(body: bytes) -> Brief:
    try:
        return msgspec.json.decode(body, type=Brief)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"expected a brief as JSON, got: {error}") from None


def _record(connection: Connection, key: Touched) -> Record | None:
    kind, tenant, name = key
    if kind is Kind.LEDGER:
        of_one = (ledger.c.tenant == tenant, ledger.c.daily.is_("@" in name), ledger.c.id == name)
        query = select(ledger.c.body).where(*of_one)
    else:
        query = select(state.c.body).where(state.c.tenant == tenant, state.c.kind == kind.value, state.c.id == name)
    body = connection.execute(query).scalar()
    if body is None and kind is Kind.RESERVATION:  # with its decision's entry, while no outcome is on record
        about = (entry.c.id == name, of_tenant(tenant), entry.c.held.is_not(None))
        body = connection.execute(select(entry.c.held).where(*about)).scalar()
    return None if body is None else decode(kind, body)
