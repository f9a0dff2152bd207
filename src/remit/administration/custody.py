"""Custody of the record: erasing what people and agents wrote, handing out proofs, and that backups were made.

Each act is an entry of the log. An erasure is recorded first and done then; a crash in between leaves a recorded
erasure that `finish` completes at the next start. The log stays as provable as before: entries hold commitments to what
is gone (I13), and to the cause of an erasure, which is a person's text too: its words lie beside the entry, on a shelf
of their own, until the retention period has passed for them as well. Limits: copies outside of the store (backups, a
model's context, an upstream) are not reached.
"""

import asyncio
from collections.abc import Mapping
from typing import Protocol

import msgspec

from remit.administration.office import Act, Office
from remit.administration.record import Archive, Cause, causes
from remit.intent import forget
from remit.mediation.drafts import commitment
from remit.missions import effective_state
from remit.terms import (
    Conflict,
    Detail,
    DetailKind,
    EntryDraft,
    InstanceId,
    InvalidInput,
    Mission,
    MissionId,
    MissionState,
    NotFound,
    Principal,
    TenantId,
    Write,
    actor_of,
)

LIVE = frozenset({MissionState.PENDING, MissionState.ACTIVE, MissionState.SUSPENDED})
SHELF = "instance:"  # where `mediation` keeps what an instance does outside of missions
DAY = 24 * 60 * 60 * 1000
MAX_CAUSE = 200  # characters; it outlives what is erased: name the request, not the person
REMIT = "remit"
TURN = 64  # look-ups of a sweep between which decisions get their turn: some 2 ms
MISSION, INSTANCE = "mission", "instance"


class Vault(Archive, Protocol):
    """The erasable half of the record."""

    async def erase(self, tenant: TenantId, mission: str, before: int | None = None) -> None: ...
    def texts_of(self, tenant: TenantId, mission: str) -> bool | None: ...
    def unfinished_erasures(self, tenant: TenantId) -> list[str]: ...
    def old_shelves(self, tenant: TenantId, before: int) -> list[str]: ...


class Proofs(Protocol):
    """Proofs out of the published log."""

    def proof(self, tenant: TenantId, index: int) -> bytes | None: ...


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """Missions, and shelves of instances, whose texts are gone."""

    missions: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()


class Custody:
    def __init__(self, office: Office, vault: Vault, proofs: Proofs) -> None:
        self._office = office
        self._vault = vault
        self._proofs = proofs

    async def erase(self, by: Principal, mission: str, cause: str) -> Erased:
        """Erase the texts of a mission that is over and of all that derive from it, which share its goal."""
        self._office.require(by, Act.MANAGE)
        _require_cause(cause)
        known = self._office.records.mission(by.tenant, MissionId(mission))
        if known is None:
            raise NotFound("there is no such mission; `remit missions list` lists them")
        state = effective_state(known, self._office.clock.now())
        if state in LIVE:
            raise Conflict(f"mission `{known.id}` is {state.value}: complete or revoke it first")
        gone = await self._erase(actor_of(by), known, {}, cause)
        forget()
        return Erased(missions=gone)

    async def erase_instance(self, by: Principal, instance: str, cause: str) -> Erased:
        """Erase what an instance did outside of missions. It may go on; what it saw before counts as unknown."""
        self._office.require(by, Act.MANAGE)
        _require_cause(cause)
        if self._office.records.instance(by.tenant, InstanceId(instance)) is None:
            raise NotFound("there is no such instance; `remit agents show AGENT` lists them")
        await self._record_erasure(by.tenant, actor_of(by), INSTANCE, instance, {}, cause)
        await self._vault.erase(by.tenant, SHELF + instance)
        forget()
        return Erased(instances=(instance,))

    async def expire(self, by: Principal, days: int, cause: str) -> Erased:
        """Erase what ended more than `days` ago; the retention period, applied by hand."""
        self._office.require(by, Act.MANAGE)
        _require_cause(cause)
        return await self._expire(by.tenant, actor_of(by), days, cause)

    async def retain(self, tenant: TenantId, days: int) -> Erased:
        """The same for the periodic task, which acts as Remit."""
        return await self._expire(tenant, REMIT, days, "")

    async def finish(self, tenant: TenantId) -> None:
        """Complete erasures that are on record and were cut off."""
        for mission in self._vault.unfinished_erasures(tenant):
            await self._vault.erase(tenant, mission)

    async def backed_up(self, by: Principal, *, keys: bool) -> int:
        """Record that a copy of the store is being made; the copy then holds this entry."""
        self._office.require(by, Act.MANAGE)
        return await self._record(by.tenant, actor_of(by), "store.backed_up", "store", {"keys": keys})

    def prove(self, by: Principal, id: str, seq: int | None = None) -> bytes:
        """The C2SP tlog-proof of the first entry about `id`, or of its entry number `seq`."""
        self._office.require(by, Act.READ_RECORD)
        numbers = [number for number, _ in self._vault.entry_of(by.tenant, id)]
        if not numbers or (seq is not None and seq not in numbers):
            raise NotFound("no such entry is on record about this id")
        proof = self._proofs.proof(by.tenant, numbers[0] if seq is None else seq)
        if proof is None:
            raise Conflict("no checkpoint covers this entry yet: retry in a second")
        return proof

    async def _expire(self, tenant: TenantId, actor: str, days: int, cause: str) -> Erased:
        if days < 1:
            raise InvalidInput("expected at least 1 day")
        before = self._office.clock.now() - days * DAY
        kept: dict[str, object] = {"days": days}
        missions: list[str] = []
        for number, mission in enumerate(self._office.records.missions(tenant)):
            if number % TURN == 0:
                await asyncio.sleep(0)
            if self._ended(mission) >= before:
                continue
            if self._vault.texts_of(tenant, mission.id):
                missions += await self._erase(actor, mission, kept, cause)
            else:
                await self._forget_cause(tenant, actor, MISSION, mission.id, before, kept)
        instances = [shelf.removeprefix(SHELF) for shelf in self._vault.old_shelves(tenant, before)]
        for instance in instances:
            known = self._office.records.instance(tenant, InstanceId(instance)) is not None
            words = cause if known else ""  # who was never permitted anything has no record to find the words by
            await self._record_erasure(tenant, actor, INSTANCE, instance, {**kept, "before": before}, words)
            await self._vault.erase(tenant, SHELF + instance, before)
        for number, one in enumerate(self._office.records.instances(tenant)):
            if number % TURN == 0:
                await asyncio.sleep(0)
            await self._forget_cause(tenant, actor, INSTANCE, one.id, before, kept)
        forget()
        return Erased(missions=tuple(missions), instances=tuple(instances))

    async def _forget_cause(
        self, tenant: TenantId, actor: str, kind: str, id: str, before: int, facts: Mapping[str, object]
    ) -> None:
        """Erase why something was erased, when that was long ago too."""
        shelf = causes(kind, id)
        if self._vault.texts_of(tenant, shelf) and self._last_time(tenant, id) < before:
            await self._record(tenant, actor, "cause.erased", id, facts)
            await self._vault.erase(tenant, shelf)

    def _ended(self, mission: Mission) -> float:
        """When it ended; infinity while it did not. What was completed or revoked says so in its last entry."""
        now = self._office.clock.now()
        state = effective_state(mission, now)
        if state in LIVE:
            return float("inf")
        if state is MissionState.EXPIRED:
            return mission.expires
        if mission.opened + DAY > now:  # spares a read: it ended after it was opened
            return now
        return self._last_time(mission.tenant, mission.id) or mission.expires

    def _last_time(self, tenant: TenantId, id: str) -> int:
        """When the last entry about it was written."""
        return max((_time(body) for _, body in self._vault.entry_of(tenant, id)), default=0)

    async def _erase(self, actor: str, root: Mission, facts: Mapping[str, object], cause: str) -> tuple[str, ...]:
        """The mission and its descendants, which cannot act once it is over, children first."""
        order = [root]
        for mission in order:
            order += self._office.records.children(mission.tenant, mission.id)
        gone = []
        for mission in reversed(order):
            if self._vault.texts_of(mission.tenant, mission.id) is None:  # gone already
                continue
            told = {**facts, "root": root.id}
            await self._record_erasure(mission.tenant, actor, MISSION, mission.id, told, cause)
            await self._vault.erase(mission.tenant, mission.id)
            gone.append(mission.id)
        return tuple(gone)

    async def _record_erasure(
        self, tenant: TenantId, actor: str, kind: str, id: str, facts: Mapping[str, object], cause: str
    ) -> None:
        """The entry, with a commitment to the cause; its words beside it. The retention period has no words."""
        if not cause:
            await self._record(tenant, actor, f"{kind}.erased", id, facts)
            return
        salt = self._office.entropy.salt()
        words = msgspec.json.encode(Cause(cause=cause, salt=salt.hex()))
        detail = Detail(mission=causes(kind, id), owner=id, kind=DetailKind.CAUSE, body=words)
        await self._record(tenant, actor, f"{kind}.erased", id, {**facts, "cause": commitment(salt, cause)}, detail)

    async def _record(
        self, tenant: TenantId, actor: str, kind: str, id: str, facts: Mapping[str, object], *details: Detail
    ) -> int:
        now = self._office.clock.now()
        entry = EntryDraft(tenant=tenant, kind=kind, id=id, time=now, actor=actor, facts=dict(facts))
        return await self._office.journal.commit(Write(entry=entry, details=details))


def _require_cause(cause: str) -> None:
    if not cause.strip() or len(cause) > MAX_CAUSE:
        raise InvalidInput(f"expected a cause of 1 to {MAX_CAUSE} characters: name the request, not the person")


class _Timed(msgspec.Struct, frozen=True, kw_only=True):
    time: int


def _time(body: bytes) -> int:
    return msgspec.json.decode(body, type=_Timed).time
