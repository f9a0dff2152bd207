"""States of missions, and their opening."""

import msgspec
import pytest

from remit.missions import MISSION_TRANSITIONS, change_mission, effective_state, open_mission, purpose_bounds
from remit.terms import (
    DEFAULT_TENANT,
    AgentId,
    Bounds,
    Budget,
    Conflict,
    InvalidInput,
    Mission,
    MissionState,
    OperationClass,
    Purpose,
    PurposeId,
    Voucher,
    VoucherKind,
)

READ, SEND = OperationClass.READ, OperationClass.COMMUNICATE


def opened(parent: Mission | None = None, **changes: object) -> Mission:
    purpose = Purpose(id=PurposeId("p"), title="p", lifetime=1000)
    arguments: dict[str, object] = {
        "agent": AgentId("a"),
        "instance": None,
        "subject": "user:u",
        "purpose": purpose,
        "limits": (Bounds(), Budget()),
        "goal": "find out",
        "voucher": Voucher(kind=VoucherKind.PERSON, by="user:u"),
        "opened_by": "operator:o",
        "asked": (Bounds(), Budget()),
        "lifetime": None,
        "parent": parent,
        "goal_commitment": "c",
        "authority_hash": "h",
        "now": 100,
        **changes,
    }
    return open_mission(DEFAULT_TENANT, "m", **arguments)  # type: ignore[arg-type]  # varied by the tests


@pytest.mark.parametrize("state", list(MissionState))
@pytest.mark.parametrize("to", list(MissionState))
def test_a_mission_changes_only_as_the_table_says(state: MissionState, to: MissionState) -> None:
    mission = msgspec.structs.replace(opened(), state=state)
    if to in MISSION_TRANSITIONS[state]:
        assert change_mission(mission, to, "x").state is to
    else:
        with pytest.raises(Conflict, match="cannot become"):
            change_mission(mission, to, "x")


def test_a_mission_ends_on_its_expiry_not_after_it() -> None:
    mission = opened()
    assert mission.expires == 1100
    assert effective_state(mission, 1099) is MissionState.ACTIVE
    assert effective_state(mission, 1100) is MissionState.EXPIRED


def test_a_derived_mission_lives_no_longer_and_may_no_more_than_its_parent() -> None:
    parent = opened(asked=(Bounds(classes=(READ,)), Budget(calls=5)), lifetime=500)
    child = opened(parent, asked=(Bounds(classes=(READ, SEND)), Budget(calls=50)), lifetime=900)
    assert (child.bounds.classes, child.budget.calls, child.expires, child.depth) == ((READ,), 5, 600, 1)


def test_derivation_has_a_depth() -> None:
    mission = opened()
    for _ in range(8):
        mission = opened(mission)
    with pytest.raises(Conflict, match="derived 8 times"):
        opened(mission)


def test_a_purpose_is_bounded_by_all_above_it_and_a_circle_is_refused() -> None:
    top = Purpose(id=PurposeId("top"), title="", bounds=Bounds(classes=(READ,)), budget=Budget(calls=9))
    low = Purpose(id=PurposeId("low"), title="", parent=top.id, bounds=Bounds(classes=(READ, SEND)))
    known = {purpose.id: purpose for purpose in (top, low)}
    assert purpose_bounds(low, known.get) == (Bounds(classes=(READ,)), Budget(calls=9))
    circle = Purpose(id=PurposeId("c"), title="", parent=PurposeId("c"))
    with pytest.raises(InvalidInput, match="missing or its own descendant"):
        purpose_bounds(circle, {circle.id: circle}.get)
