"""Shadow agents. An agent that an authenticated enforcement point names and nobody registered becomes a `discovered`
record, shown beside the others; it may not act. The number is bounded, for the names are the callers' own words.
"""

from collections.abc import Sequence
from typing import Protocol

from remit.agents import register
from remit.terms import Agent, AgentId, AgentState, InvalidInput, TenantId

MAX_DISCOVERED = 10_000  # per tenant; beyond it an operator has to clear up first, and denials still say what they are


class Known(Protocol):
    """What discovery needs of hot state."""

    def agent(self, tenant: TenantId, agent: AgentId) -> Agent | None: ...
    def agents(self, tenant: TenantId) -> Sequence[Agent]: ...


class Sightings:
    """Implements the path's `Sightings` port."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._counts: dict[TenantId, int] = {}

    def sighted(self, tenant: TenantId, agent: str, now: int) -> Agent | None:
        """A new `discovered` record, or None when there is one, the name is unusable, or there are too many."""
        if self._known.agent(tenant, AgentId(agent)) is not None:
            return None
        count = self._counts.get(tenant)
        if count is None:
            count = sum(a.state is AgentState.DISCOVERED for a in self._known.agents(tenant))
        if count >= MAX_DISCOVERED:
            return None
        try:
            record = register(
                tenant, agent, name=agent, owner="", category="unknown", groups=(), state=AgentState.DISCOVERED, now=now
            )
        except InvalidInput:
            return None
        self._counts[tenant] = count + 1
        return record
