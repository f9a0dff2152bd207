"""Rate and first use.

Rates are counted over a sliding minute: the count of the last whole minute fades out as this one passes, so a burst
across a boundary is seen. Two numbers per agent and instance, in memory; a restart forgets at most a minute.
"""

from collections import OrderedDict

from remit.terms import AgentId, Evidence, Finding, FindingKind, InstanceId, Limits, TenantId, ToolId
from remit.terms.entries import Usage

_MINUTE = 60_000
_KEPT = 100_000  # counters; the least recently used falls out, which forgets a caller that was silent

_WITHIN = Finding(kind=FindingKind.RATE, verdict="within")
_KNOWN = Finding(kind=FindingKind.FIRST_USE, verdict="known")
_FIRST = Finding(
    kind=FindingKind.FIRST_USE,
    verdict="first",
    message="this agent has not used this tool before",
    rests_on=(Evidence(what="usage of the agent"),),
)


class Rates:
    """Implements the path's `Rates` port."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # Of each caller: the minute, how many asked in the one before, and in this one so far.
        self._counts: OrderedDict[tuple[str, ...], list[int]] = OrderedDict()

    def findings(
        self, tenant: TenantId, agent: AgentId, instance: InstanceId, tool: ToolId, usage: Usage | None, now: int
    ) -> tuple[Finding, ...]:
        """The findings of one attempt, which is counted."""
        limits = self._limits
        of_agent = self._count((tenant, agent), now)
        of_instance = self._count((tenant, agent, instance), now)
        rate = _WITHIN
        if of_agent > limits.calls_per_minute_agent:
            rate = _exceeded("agent", of_agent, limits.calls_per_minute_agent)
        elif of_instance > limits.calls_per_minute_instance:
            rate = _exceeded("instance", of_instance, limits.calls_per_minute_instance)
        return rate, _KNOWN if usage is not None and tool in usage.tools else _FIRST

    def _count(self, who: tuple[str, ...], now: int) -> float:
        minute, passed = divmod(now, _MINUTE)
        found = self._counts.get(who)
        if found is None:
            found = self._counts[who] = [minute, 0, 0]
            if len(self._counts) > _KEPT:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(who)
            if found[0] != minute:
                found[:] = minute, (found[2] if minute == found[0] + 1 else 0), 0
        found[2] += 1
        return found[2] + found[1] * (1 - passed / _MINUTE)


def _exceeded(what: str, count: float, limit: int) -> Finding:
    return Finding(
        kind=FindingKind.RATE,
        verdict="exceeded",
        message=f"the {what} asked {count:.0f} times within a minute; at most {limit} are allowed",
        rests_on=(Evidence(what=f"rate of the {what}"),),
    )
