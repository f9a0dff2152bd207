"""Access requests: listed for people, and answered by them."""

from remit.administration.office import Act, Office
from remit.approvals import answer, drivers
from remit.terms import (
    AgentId,
    Approval,
    ApprovalState,
    Kind,
    Mission,
    MissionId,
    NotFound,
    OperatorPrincipal,
    Principal,
    Put,
)


class Requests:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def answer(self, by: Principal, approval: str, state: ApprovalState, cause: str = "") -> Approval:
        """Approve, deny or cancel a pending request, as the authenticated operator."""
        operator = self._office.require(by, Act.READ)
        known = self._find(operator, approval)
        now = self._office.clock.now()
        answered = answer(known, operator, state, cause, now, drivers=self._drivers(known))
        await self._office.record(
            by,
            f"approval.{state.value}",
            known.id,
            {"decision": known.decision, "groups": list(answered.by_groups)},
            Put(kind=Kind.APPROVAL, record=answered, expected=known.version),
            now=now,
        )
        return answered

    def _drivers(self, approval: Approval) -> frozenset[str]:
        records = self._office.records
        agent = records.agent(approval.tenant, AgentId(approval.agent))
        chain: list[Mission] = []
        current = records.mission(approval.tenant, MissionId(approval.mission)) if approval.mission else None
        while current is not None:
            chain.append(current)
            current = records.mission(current.tenant, current.parent) if current.parent else None
        return drivers(agent, chain) if agent is not None else frozenset()

    def get(self, by: Principal, approval: str) -> Approval:
        return self._find(self._office.require(by, Act.READ), approval)

    def list(self, by: Principal, state: ApprovalState | None = None) -> tuple[Approval, ...]:
        """Requests, newest first; expired ones are shown as they are until somebody asks again."""
        self._office.require(by, Act.READ)
        found = [one for one in self._office.records.approvals(by.tenant) if state is None or one.state is state]
        return tuple(sorted(found, key=lambda one: (-one.opened, one.id)))

    def _find(self, by: OperatorPrincipal, approval: str) -> Approval:
        known = self._office.records.approval(by.tenant, approval)
        if known is None:
            raise NotFound("there is no such request; `remit approvals list` lists them")
        return known
