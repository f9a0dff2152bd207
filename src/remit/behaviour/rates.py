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


class Rates:
    """Implements the path's `Rates` port."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._counts: OrderedDict[tuple[str, ...], tuple[int, int, int]] = OrderedDict()

    def findings(
        self, tenant: TenantId, agent: AgentId, instance: InstanceId, tool: ToolId, usage: Usage | None, now: int
    ) -> tuple[Finding, ...]:
        """The findings of one attempt, which is counted."""
        of_agent = self._count((tenant, agent), now)
        of_instance = self._count((tenant, agent, instance), now)
        return (self._rate(of_agent, of_instance), self._first_use(tool, usage))

    def _count(self, who: tuple[str, ...], now: int) -> float:
        minute = now // _MINUTE
        start, before, current = self._counts.get(who, (minute, 0, 0))
        if minute != start:
            before, current = (current if minute == start + 1 else 0), 0
        self._counts[who] = (minute, before, current + 1)
        self._counts.move_to_end(who)
        if len(self._counts) > _KEPT:
            self._counts.popitem(last=False)
        return current + 1 + before * (1 - (now % _MINUTE) / _MINUTE)

    def _rate(self, of_agent: float, of_instance: float) -> Finding:
        limits = self._limits
        for what, count, limit in (
            ("agent", of_agent, limits.calls_per_minute_agent),
            ("instance", of_instance, limits.calls_per_minute_instance),
        ):
            if count > limit:
                return Finding(
                    kind=FindingKind.RATE,
                    verdict="exceeded",
                    message=f"the {what} asked {count:.0f} times within a minute; at most {limit} are allowed",
                    rests_on=(Evidence(what=f"rate of the {what}"),),
                )
        return _WITHIN

    def _first_use(self, tool: ToolId, usage: Usage | None) -> Finding:
        if usage is not None and tool in usage.tools:
            return _KNOWN
        return Finding(
            kind=FindingKind.FIRST_USE,
            verdict="first",
            message="this agent has not used this tool before",
            rests_on=(Evidence(what="usage of the agent"),),
        )
