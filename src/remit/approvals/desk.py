"""Access requests and their answers, as values; the path and `administration` commit them.

An approval is bound to the digest of one call, to the version of the policies and to the verdicts its approver saw
(I6). It is used once, before it expires, and never grants by itself: the call is evaluated again with it.
"""

from collections.abc import Iterable

import msgspec

from remit.decision import not_worse
from remit.terms import Agent, Approval, ApprovalState, Call, Conflict, Forbidden, Mission, OperatorPrincipal, Role


class Desk:
    """Implements the path's `Approvals` port."""

    def __init__(self, lifetime: int) -> None:
        self._lifetime = lifetime

    def open(
        self, call: Call, *, decision: str, policy: str, evidence: str, groups: tuple[str, ...], id: str, now: int
    ) -> Approval:
        """A pending request for `call`, which one of `groups` may answer."""
        return Approval(
            tenant=call.tenant,
            id=id,
            decision=decision,
            mission=call.mission or "",
            agent=call.agent,
            instance=call.instance,
            tool=call.tool_id,
            call_id=call.call_id,
            digest=call.digest,
            policy=policy,
            evidence=evidence,
            groups=groups,
            state=ApprovalState.PENDING,
            opened=now,
            expires=now + self._lifetime,
        )

    def usable(self, approval: Approval, call: Call, *, policy: str, now: int) -> str | None:
        """Why `approval` does not hold for `call`, or None. Anything but `approved` is not approved."""
        if approval.state is not ApprovalState.APPROVED:
            return f"the approval is {approval.state.value}"
        if now >= approval.expires:
            return "the approval has expired"
        if approval.digest != call.digest:
            return "the approval is for another call: arguments, tool, mission, instance and call id must be the same"
        if approval.policy != policy:
            return "the policies have changed since it was approved"
        return None

    def consume(self, approval: Approval, call: Call, *, policy: str, evidence: str, now: int) -> Approval | str:
        """`approval` as consumed, or why it does not hold."""
        why = self.usable(approval, call, policy=policy, now=now)
        if why is None and (worse := not_worse(approval.evidence, evidence)) is not None:
            why = f"the findings are worse than those that were approved ({worse})"
        if why is not None:
            return why
        return msgspec.structs.replace(approval, state=ApprovalState.CONSUMED, version=approval.version + 1)


def drivers(agent: Agent, missions: Iterable[Mission]) -> frozenset[str]:
    """Who drives a request, by name: the agent's owner, and of its mission and those above it whoever opened it,
    vouched for it, or is its subject. None of them may approve it (I6)."""
    named = [agent.owner]
    for mission in missions:
        named += [mission.opened_by, mission.subject, mission.voucher.by]
    return frozenset(name for full in named for name in (full, full.partition(":")[2]) if name)


def answer(
    approval: Approval,
    by: OperatorPrincipal,
    state: ApprovalState,
    cause: str,
    now: int,
    *,
    drivers: frozenset[str] = frozenset(),
) -> Approval:
    """`approval` as answered by an operator: approved, denied or cancelled.

    Raises `Forbidden` when the operator may not answer it, `Conflict` when it cannot be answered any more. The name of
    the approver is the authenticated one, never one from the request.
    """
    if approval.state is not ApprovalState.PENDING:
        raise Conflict(f"request `{approval.id}` is {approval.state.value} already")
    if now >= approval.expires:
        raise Conflict(f"request `{approval.id}` has expired; the agent has to ask again")
    if state in (ApprovalState.APPROVED, ApprovalState.DENIED):
        groups = tuple(group for group in approval.groups if group in by.groups)
        if Role.APPROVER not in by.roles or not groups:
            wanted = " or ".join(approval.groups)
            raise Forbidden(f"request `{approval.id}` needs an operator with role approver in group {wanted}")
        if state is ApprovalState.APPROVED and by.operator in drivers:
            raise Forbidden(
                f"operator `{by.operator}` owns the agent, or opened or vouched for the mission, and so cannot approve "
                f"request `{approval.id}`; ask another approver"
            )
    elif state is ApprovalState.CANCELLED:
        groups = ()
        if not {Role.ADMIN, Role.APPROVER} & set(by.roles):
            raise Forbidden("cancelling a request needs role admin or approver")
    else:
        raise Conflict(f"a request can be approved, denied or cancelled, not {state.value}")
    return msgspec.structs.replace(
        approval, state=state, by=by.operator, by_groups=groups, cause=cause, version=approval.version + 1
    )
