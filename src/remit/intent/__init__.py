"""The question why: what a goal licenses, and where a call's arguments came from."""

from remit.intent.assess import assess
from remit.intent.authority import compile_goal
from remit.intent.memory import Memory

__all__ = ["Memory", "assess", "compile_goal"]
