"""Missions: opening, narrowing, life cycle, and the ledger of what they spend."""

from remit.missions.ledger import available, reserve, settle
from remit.missions.lifecycle import MISSION_TRANSITIONS, change_mission, effective_state
from remit.missions.opening import MAX_DEPTH, open_mission
from remit.missions.within import narrow_bounds, narrow_budget, purpose_bounds, purpose_line

__all__ = [
    "MAX_DEPTH",
    "MISSION_TRANSITIONS",
    "available",
    "change_mission",
    "effective_state",
    "narrow_bounds",
    "narrow_budget",
    "open_mission",
    "purpose_bounds",
    "purpose_line",
    "reserve",
    "settle",
]
