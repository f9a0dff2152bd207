"""Step 6, the budgets: what a call would spend, over the mission, all that it derives from, and the day.

Days are in UTC. An outcome settles the ledgers that its call drew on, also when it comes after midnight.
"""

import datetime
from collections.abc import Iterator

import msgspec

from remit.mediation.find import Actors
from remit.mediation.ports import State
from remit.missions import reserve, settle
from remit.terms import (
    Budget,
    Evidence,
    Finding,
    FindingKind,
    Kind,
    Limits,
    Mission,
    MissionId,
    Put,
    Spent,
    TenantId,
)
from remit.terms.entries import Ledger, Reservation

_WITHIN = Finding(kind=FindingKind.BUDGET, verdict="within")
_NONE = Finding(kind=FindingKind.BUDGET, verdict="none", message="there is no mission, so no budget")
_UNBOUNDED = Budget()
_NOTHING = Spent()
_DAY = 24 * 3600 * 1000


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """The finding, and what a permit reserves: nothing when a budget does not cover it."""

    finding: Finding
    puts: tuple[Put, ...] = ()
    reserved: Spent = Spent()
    daily: tuple[str, ...] = ()  # ids of the ledgers of this day among them


class Budgets:
    """What calls may spend, by missions and by days."""

    def __init__(self, state: State, limits: Limits) -> None:
        self._state = state
        days = (("instance", limits.instance_day), ("agent", limits.agent_day), ("tenant", limits.tenant_day))
        self._days = [(whose, budget) for whose, budget in days if budget != _UNBOUNDED]

    def draw(self, tenant: TenantId, actors: Actors, wanted: Spent, now: int) -> Drawn:
        """Derived missions draw on their parents' budgets (I4), everybody on those of the day."""
        mission = actors.mission
        puts: list[Put] = []
        if mission is not None:
            for one in (mission,) if mission.parent is None else _line(self._state, tenant, mission):
                put = _draw(self._state, tenant, one.id, one.budget, wanted)
                if isinstance(put, str):
                    whose = "this mission" if one is mission else "a mission that this one derives from"
                    return _exceeded(whose, put)
                puts.append(put)
        daily: list[str] = []
        for whose, budget in self._days:
            name = _daily(whose, tenant, actors, now)
            put = _draw(self._state, tenant, name, budget, wanted)
            if isinstance(put, str):
                return _exceeded(f"this {whose} for a day", put)
            puts.append(put)
            daily.append(name)
        finding = _NONE if mission is None else _WITHIN
        return Drawn(finding=finding, puts=tuple(puts), reserved=wanted, daily=tuple(daily))


def settlement(state: State, held: Reservation, used: Spent) -> tuple[Put, ...]:
    """The ledgers after an outcome: what was used in place of what was reserved."""
    if held.reserved == used:
        return ()
    mission = state.mission(held.tenant, MissionId(held.mission)) if held.mission else None
    names = (*(one.id for one in _line(state, held.tenant, mission)), *held.ledgers)
    puts: list[Put] = []
    for name in names:
        ledger = state.ledger(held.tenant, MissionId(name))
        if ledger is not None:
            spent = settle(ledger.spent, held.reserved, used)
            record = msgspec.structs.replace(ledger, spent=spent, version=ledger.version + 1)
            puts.append(Put(kind=Kind.LEDGER, record=record, expected=ledger.version))
    return tuple(puts)


def count_records(content: str | None) -> int:
    """How many records a result has: the items of a JSON array, else none."""
    if content is None or content.lstrip()[:1] != "[":
        return 0
    try:
        return len(msgspec.json.decode(content, type=list[msgspec.Raw]))
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return 0


def _line(state: State, tenant: TenantId, mission: Mission | None) -> Iterator[Mission]:
    """A mission and those above it."""
    while mission is not None:
        yield mission
        mission = state.mission(tenant, mission.parent) if mission.parent else None


def _daily(whose: str, tenant: TenantId, actors: Actors, now: int) -> str:
    name = {"instance": actors.instance.id, "agent": actors.agent.id, "tenant": tenant}[whose]
    day = datetime.date.fromordinal(719_163 + now // _DAY)  # the ordinal of 1970-01-01
    return f"{whose}:{name}@{day.isoformat()}"


def _draw(state: State, tenant: TenantId, name: str, budget: Budget, wanted: Spent) -> Put | str:
    """The ledger as it would be, or the name of the ceiling that does not allow it."""
    ledger = state.ledger(tenant, MissionId(name))
    before, version = (_NOTHING, 0) if ledger is None else (ledger.spent, ledger.version)
    spent = reserve(budget, before, wanted)
    if isinstance(spent, str):
        return spent
    return Put(
        kind=Kind.LEDGER,
        record=Ledger(tenant=tenant, id=name, spent=spent, version=version + 1),
        expected=version,
    )


def _exceeded(whose: str, what: str) -> Drawn:
    return Drawn(
        finding=Finding(
            kind=FindingKind.BUDGET,
            verdict="exceeded",
            message=f"the budget of {whose} does not cover it: {what}",
            rests_on=(Evidence(what=f"budget {what}"),),
        )
    )
