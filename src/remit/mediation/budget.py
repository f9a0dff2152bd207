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
_DAY = 24 * 3600 * 1000


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """The finding, and what a permit reserves: nothing when a budget does not cover it."""

    finding: Finding
    puts: tuple[Put, ...] = ()
    reserved: Spent = Spent()
    daily: tuple[str, ...] = ()  # ids of the ledgers of this day among them


def budgets(state: State, tenant: TenantId, actors: Actors, limits: Limits, wanted: Spent, now: int) -> Drawn:
    """Derived missions draw on their parents' budgets (I4), everybody on those of the day."""
    puts: list[Put] = []
    for mission in _line(state, tenant, actors.mission):
        whose = "this mission" if mission is actors.mission else "a mission that this one derives from"
        put = _draw(state, tenant, mission.id, mission.budget, wanted)
        if isinstance(put, str):
            return _exceeded(whose, put)
        puts.append(put)
    daily: list[str] = []
    for whose, name, budget in _days(tenant, actors, limits, now):
        put = _draw(state, tenant, name, budget, wanted)
        if isinstance(put, str):
            return _exceeded(f"this {whose} for a day", put)
        puts.append(put)
        daily.append(name)
    finding = _NONE if actors.mission is None else _WITHIN
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


def _days(tenant: TenantId, actors: Actors, limits: Limits, now: int) -> Iterator[tuple[str, str, Budget]]:
    for whose, name, budget in (
        ("instance", actors.instance.id, limits.instance_day),
        ("agent", actors.agent.id, limits.agent_day),
        ("tenant", tenant, limits.tenant_day),
    ):
        if budget != _UNBOUNDED:
            day = datetime.date.fromordinal(719_163 + now // _DAY)  # the ordinal of 1970-01-01
            yield whose, f"{whose}:{name}@{day.isoformat()}", budget


def _draw(state: State, tenant: TenantId, name: str, budget: Budget, wanted: Spent) -> Put | str:
    """The ledger as it would be, or the name of the ceiling that does not allow it."""
    ledger = state.ledger(tenant, MissionId(name))
    spent = reserve(budget, ledger.spent if ledger else Spent(), wanted)
    if isinstance(spent, str):
        return spent
    version = ledger.version if ledger else 0
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
