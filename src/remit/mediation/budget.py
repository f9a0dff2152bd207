"""Step 6, the budgets: what a call would spend, over the mission and all that it derives from."""

import msgspec

from remit.mediation.ports import State
from remit.missions import reserve, settle
from remit.terms import Evidence, Finding, FindingKind, Kind, Mission, Put, Spent
from remit.terms.entries import Ledger

_WITHIN = Finding(kind=FindingKind.BUDGET, verdict="within")
_NONE = Finding(kind=FindingKind.BUDGET, verdict="none", message="there is no mission, so no budget")


def budgets(state: State, mission: Mission | None, wanted: Spent) -> tuple[Finding, tuple[Put, ...]]:
    """The finding, and the ledgers as they would be: derived missions draw on their parents' budgets (I4)."""
    if mission is None:
        return _NONE, ()
    puts: list[Put] = []
    current: Mission | None = mission
    while current is not None:
        ledger = state.ledger(current.tenant, current.id)
        spent = reserve(current.budget, ledger.spent if ledger else Spent(), wanted)
        if isinstance(spent, str):
            whose = "this mission" if current is mission else "a mission that this one derives from"
            return (
                Finding(
                    kind=FindingKind.BUDGET,
                    verdict="exceeded",
                    message=f"the budget of {whose} does not cover it: {spent}",
                    rests_on=(Evidence(what=f"budget {spent}"),),
                ),
                (),
            )
        version = ledger.version if ledger else 0
        record = Ledger(tenant=current.tenant, id=current.id, spent=spent, version=version + 1)
        puts.append(Put(kind=Kind.LEDGER, record=record, expected=version))
        current = state.mission(current.tenant, current.parent) if current.parent else None
    return _WITHIN, tuple(puts)


def settlement(state: State, mission: Mission, reserved: Spent, used: Spent) -> tuple[Put, ...]:
    """The ledgers after an outcome."""
    if reserved == used:
        return ()
    puts: list[Put] = []
    current: Mission | None = mission
    while current is not None:
        ledger = state.ledger(current.tenant, current.id)
        if ledger is not None:
            spent = settle(ledger.spent, reserved, used)
            record = msgspec.structs.replace(ledger, spent=spent, version=ledger.version + 1)
            puts.append(Put(kind=Kind.LEDGER, record=record, expected=ledger.version))
        current = state.mission(current.tenant, current.parent) if current.parent else None
    return tuple(puts)
