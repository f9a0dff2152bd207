"""Asks that wait for a person, so that an ordinary client simply calls again.

An approval binds one call id (I6), and clients do not remember ids. The gateway remembers them for whoever repeats the
same call: same agent, instance, mission, tool and arguments. Bounded; what falls out must be asked for again, so
forgetting costs a question and never permits anything.
"""

from collections import OrderedDict
from typing import Any

from remit.terms import AgentId, Decision, TenantId, ToolId, digest

_KEPT = 10_000  # open asks; some kilobytes each

Subject = tuple[TenantId, AgentId, str | None, str | None, ToolId]


class Asks:
    """Open asks by who asked what."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._open: OrderedDict[tuple[Subject, str], Decision] = OrderedDict()
        self._subjects: dict[Subject, int] = {}  # so that a call whose subject asked nothing is not hashed

    def find(self, subject: Subject, arguments: dict[str, Any]) -> Decision | None:
        """The ask that waits for this very call."""
        if subject not in self._subjects:
            return None
        return self._open.get((subject, digest(arguments)))

    def keep(self, subject: Subject, arguments: dict[str, Any], decision: Decision) -> None:
        key = (subject, digest(arguments))
        if key not in self._open:
            self._subjects[subject] = self._subjects.get(subject, 0) + 1
        self._open[key] = decision
        self._open.move_to_end(key)
        if len(self._open) > self._kept:
            self._forget(next(iter(self._open)))

    def drop(self, subject: Subject, arguments: dict[str, Any]) -> None:
        """It was answered."""
        if subject in self._subjects:
            self._forget((subject, digest(arguments)))

    def __len__(self) -> int:
        return len(self._open)

    def _forget(self, key: tuple[Subject, str]) -> None:
        if self._open.pop(key, None) is None:
            return
        left = self._subjects[key[0]] - 1
        if left:
            self._subjects[key[0]] = left
        else:
            del self._subjects[key[0]]
