"""Custody of the record: erasing what people and agents wrote, handing out proofs, and that backups were made.

Each act is an entry of the log. An erasure is recorded first and done then; a crash in between leaves a recorded
erasure that `finish` completes at the next start. The log stays as provable as before: entries hold commitments to what
is gone (I13). Limits: copies outside of the store (backups, a model's context, an upstream) are not reached.
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from remit.administration.office import Act, Office
from remit.administration.record import Archive
from remit.missions import effective_state
from remit.terms import (
    Conflict,
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
MAX_CAUSE = 200  # characters; causes of erasures stay in the log for ever: name the request, not the person
REMIT = "remit"


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
        return Erased(missions=await self._erase(actor_of(by), known, cause))

    async def erase_instance(self, by: Principal, instance: str, cause: str) -> Erased:
        """Erase what an instance did outside of missions. It may go on; what it saw before counts as unknown."""
        self._office.require(by, Act.MANAGE)
        _require_cause(cause)
        if self._office.records.instance(by.tenant, InstanceId(instance)) is None:
            raise NotFound("there is no such instance; `remit agents show AGENT` lists them")
        await self._record(by.tenant, actor_of(by), "instance.erased", instance, {"cause": cause})
        await self._vault.erase(by.tenant, SHELF + instance)
        return Erased(instances=(instance,))

    async def expire(self, by: Principal, days: int, cause: str) -> Erased:
        """Erase what ended more than `days` ago; the retention period, applied by hand."""
        self._office.require(by, Act.MANAGE)
        _require_cause(cause)
        return await self._expire(by.tenant, actor_of(by), days, cause)

    async def retain(self, tenant: TenantId, days: int) -> Erased:
        """The same for the periodic task, which acts as Remit."""
        return await self._expire(tenant, REMIT, days, f"retention of {days} days")

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
        missions: list[str] = []
        for mission in self._office.records.missions(tenant):
            if self._ended(mission) < before and self._vault.texts_of(tenant, mission.id):
                missions += await self._erase(actor, mission, cause)
        instances = [shelf.removeprefix(SHELF) for shelf in self._vault.old_shelves(tenant, before)]
        for instance in instances:
            facts = {"cause": cause, "before": before}
            await self._record(tenant, actor, "instance.erased", instance, facts)
            await self._vault.erase(tenant, SHELF + instance, before)
        return Erased(missions=tuple(missions), instances=tuple(instances))

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
        times = [_time(body) for _, body in self._vault.entry_of(mission.tenant, mission.id)]
        return max(times, default=mission.expires)

    async def _erase(self, actor: str, root: Mission, cause: str) -> tuple[str, ...]:
        """The mission and its descendants, which cannot act once it is over, children first."""
        order = [root]
        for mission in order:
            order += self._office.records.children(mission.tenant, mission.id)
        gone = []
        for mission in reversed(order):
            if self._vault.texts_of(mission.tenant, mission.id) is None:  # gone already
                continue
            facts = {"cause": cause, "root": root.id}
            await self._record(mission.tenant, actor, "mission.erased", mission.id, facts)
            await self._vault.erase(mission.tenant, mission.id)
            gone.append(mission.id)
        return tuple(gone)

    async def _record(self, tenant: TenantId, actor: str, kind: str, id: str, facts: Mapping[str, object]) -> int:
        now = self._office.clock.now()
        entry = EntryDraft(tenant=tenant, kind=kind, id=id, time=now, actor=actor, facts=dict(facts))
        return await self._office.journal.commit(Write(entry=entry))


def _require_cause(cause: str) -> None:
    if not cause.strip() or len(cause) > MAX_CAUSE:
        raise InvalidInput(f"expected a cause of 1 to {MAX_CAUSE} characters: it stays in the log")


class _Timed(msgspec.Struct, frozen=True, kw_only=True):
    time: int


def _time(body: bytes) -> int:
    return msgspec.json.decode(body, type=_Timed).time
