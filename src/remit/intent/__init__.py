"""The question why: what a goal licenses, and where a call's arguments came from."""

from remit.intent.assess import assess
from remit.intent.authority import MAX_GRANTS, compile_goal, take_grants
from remit.intent.kept import forget
from remit.intent.memory import Memory

__all__ = ["MAX_GRANTS", "Memory", "assess", "compile_goal", "forget", "take_grants"]
