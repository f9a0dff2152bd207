"""States of a mission, after the mission-bound authorization draft: whatever is not `active` is inactive."""

import msgspec

from remit.terms import Conflict, Mission, MissionState

_S = MissionState
MISSION_TRANSITIONS: dict[MissionState, frozenset[MissionState]] = {
    _S.PENDING: frozenset({_S.ACTIVE, _S.REVOKED, _S.EXPIRED}),
    _S.ACTIVE: frozenset({_S.SUSPENDED, _S.COMPLETED, _S.REVOKED, _S.EXPIRED}),
    _S.SUSPENDED: frozenset({_S.ACTIVE, _S.COMPLETED, _S.REVOKED, _S.EXPIRED}),
    _S.COMPLETED: frozenset(),
    _S.REVOKED: frozenset(),
    _S.EXPIRED: frozenset(),
}


def change_mission(mission: Mission, state: MissionState, cause: str) -> Mission:
    """`mission` in another state. Raises `Conflict` naming the states that it can go to."""
    allowed = MISSION_TRANSITIONS[mission.state]
    if state not in allowed:
        ways = ", ".join(sorted(allowed)) or "nothing: this state is final"
        raise Conflict(
            f"mission `{mission.id}` is {mission.state.value} and cannot become {state.value}; "
            f"from here it can become {ways}"
        )
    return msgspec.structs.replace(mission, state=state, cause=cause, version=mission.version + 1)


def effective_state(mission: Mission, now: int) -> MissionState:
    """The state with the clock applied: a mission ends on or after `expires`."""
    if mission.state in (_S.ACTIVE, _S.SUSPENDED, _S.PENDING) and now >= mission.expires:
        return _S.EXPIRED
    return mission.state
