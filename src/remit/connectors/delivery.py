"""Carries new checkpoints to sinks and witnesses, beside the decisions and never in their way.

One task for each sink and one for all witnesses, so that one that hangs keeps no other waiting. Each takes the newest
checkpoint when it is ready for one; what it had no time for in between is covered by the newer one. A failure is kept
as a standing, shown in the status, and tried again with the next checkpoint or after `RETRY`. Witnesses are asked
together, and their signatures go into the log's files at once, so that one checkpoint carries all of them.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol

import msgspec
import structlog

from remit.audit import Checkpoint, Published, Publisher, Verifier
from remit.audit.checkpoints import read_checkpoint
from remit.connectors.witnesses import Consistency, HttpWitness
from remit.terms import RemitError, TenantId

RETRY = 15.0  # seconds after a failure without a new checkpoint
FINAL = 5.0  # seconds for the last checkpoint when Remit stops

_Round = Callable[[], Awaitable[bool]]  # one attempt for every tenant; whether all of it was taken
_Deliver = Callable[[TenantId, bytes, Checkpoint], Coroutine[Any, Any, None]]

log = structlog.get_logger("remit.connectors")


class Receiver(Protocol):
    """Where checkpoints are kept elsewhere."""

    name: str

    async def deliver(self, note: bytes, checkpoint: Checkpoint, verifier: Verifier, prove: Consistency) -> None:
        """Keep it; `prove` shows that it extends an earlier one. Raises `RemitError`; it is then tried again."""
        ...


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far one sink or witness has come."""

    name: str
    size: int | None = None  # entries of the last checkpoint that it took
    failing: str = ""  # why it did not take the newest; "" when it did


class Delivery:
    """`changed` is called, in the event loop, after each publication."""

    def __init__(
        self,
        publisher: Publisher,
        published: Published,
        sinks: Sequence[Receiver],
        witnesses: Sequence[HttpWitness],
        retry: float = RETRY,
    ) -> None:
        self._publisher = publisher
        self._published = published
        self._sinks = tuple(sinks)
        self._witnesses = tuple(witnesses)
        self._retry = retry
        names = [*(sink.name for sink in self._sinks), *(witness.name for witness in self._witnesses)]
        self._standing = {name: Standing(name=name) for name in names}
        self._wakes: list[asyncio.Event] = []
        self._tenants: dict[TenantId, None] = {}

    def changed(self, tenants: Sequence[TenantId]) -> None:
        self._tenants.update(dict.fromkeys(tenants))
        for wake in self._wakes:
            wake.set()

    def standings(self) -> tuple[Standing, ...]:
        return tuple(self._standing.values())

    def warnings(self) -> list[str]:
        """What operators should know; decisions go on all the same."""
        return [f"{one.name}: {one.failing}" for one in self._standing.values() if one.failing]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Delivery"]:
        """Carry until the end; then the last checkpoint is tried once more, for a short while."""
        rounds = [self._sink_round(sink) for sink in self._sinks]
        if self._witnesses:
            rounds.append(self._witness_round())
        tasks = [asyncio.create_task(self._keep(one)) for one in rounds]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._once(rounds)

    async def _once(self, rounds: Sequence[_Round]) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINAL):
                await asyncio.gather(*(one() for one in rounds), return_exceptions=True)

    async def _keep(self, once: _Round) -> None:
        wake = asyncio.Event()
        self._wakes.append(wake)
        wake.set()
        while True:
            await wake.wait()
            wake.clear()
            if not await once():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._retry):
                        await wake.wait()
                wake.set()

    def _sink_round(self, sink: Receiver) -> _Round:
        async def deliver(tenant: TenantId, note: bytes, checkpoint: Checkpoint) -> None:
            await sink.deliver(note, checkpoint, self._publisher.verifier(tenant), self._prover(tenant))

        async def once() -> bool:
            return all([await self._each(sink.name, tenant, deliver) for tenant in tuple(self._tenants)])

        return once

    def _witness_round(self) -> _Round:
        async def once() -> bool:
            return all([await self._ask_all(tenant) for tenant in tuple(self._tenants)])

        return once

    async def _ask_all(self, tenant: TenantId) -> bool:
        lines: list[bytes] = []

        async def ask(witness: HttpWitness, note: bytes, checkpoint: Checkpoint) -> None:
            lines.append(await witness.cosign(note, checkpoint, self._prover(tenant)))

        found = await self._newest(tenant)
        if found is None:
            return True
        note, checkpoint = found
        done = await asyncio.gather(
            *(self._try(one.name, checkpoint, ask(one, note, checkpoint)) for one in self._witnesses)
        )
        if lines:
            await self._keep_lines(tenant, note, b"".join(lines))
        return all(done)

    async def _keep_lines(self, tenant: TenantId, note: bytes, lines: bytes) -> None:
        """A disk that fails here fails for the publisher too, which says so; the next round writes them again."""
        try:
            await asyncio.to_thread(self._publisher.add_cosignatures, tenant, note, lines)
        except RemitError as error:
            log.warning("cosignatures.not_kept", reason=error.message)

    async def _each(self, name: str, tenant: TenantId, deliver: _Deliver) -> bool:
        found = await self._newest(tenant)
        return found is None or await self._try(name, found[1], deliver(tenant, *found))

    def _prover(self, tenant: TenantId) -> Consistency:
        def prove(old: int, size: int) -> list[bytes]:
            return self._published.consistency(tenant, old, size)

        return prove

    async def _newest(self, tenant: TenantId) -> tuple[bytes, Checkpoint] | None:
        note = await asyncio.to_thread(self._published.file, tenant, "checkpoint")
        return None if note is None else (note, read_checkpoint(note))

    async def _try(self, name: str, checkpoint: Checkpoint, act: Coroutine[Any, Any, object]) -> bool:
        before = self._standing[name]
        try:
            await act
        except RemitError as error:
            if error.message != before.failing:
                log.warning("checkpoint.not_delivered", to=name, reason=error.message)
            self._standing[name] = Standing(name=name, size=before.size, failing=error.message)
            return False
        except Exception as error:  # a defect of ours must not end the deliveries
            log.error("checkpoint.not_delivered", to=name, exc_info=error)
            self._standing[name] = Standing(name=name, size=before.size, failing="something went wrong; see the log")
            return False
        self._standing[name] = Standing(name=name, size=checkpoint.size)
        return True
