"""People's answers to a request, as values; `administration` commits them.

m of n: a request that needs several votes stays pending until enough different people approved; each votes once, and
one denial by anybody who could approve is final. Who drives a request never approves it (I6).
"""

from collections.abc import Iterable

import msgspec

from remit.approvals.desk import complete, current
from remit.terms import Agent, Approval, ApprovalState, Conflict, Forbidden, Mission, OperatorPrincipal, Role


def drivers(agent: Agent | None, missions: Iterable[Mission]) -> frozenset[str]:
    """Who drives a request, by name: the agent's owner, and of its mission and those above it whoever opened it,
    vouched for it, or is its subject. None of them may approve it (I6)."""
    named = [] if agent is None else [agent.owner]
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
    """`approval` as answered by an operator: approved (or one vote nearer to it), denied or cancelled.

    Raises `Forbidden` when the operator may not answer it, `Conflict` when it cannot be answered any more, or not by
    this operator again. The name of the approver is the authenticated one, never one from the request.
    """
    require_pending(approval, now)
    match state:
        case ApprovalState.APPROVED:
            return _approved(approval, by, cause, now, drivers)
        case ApprovalState.DENIED:
            groups = _eligible(approval, by)
            return _ended(approval, state, by.operator, cause, now, groups)
        case ApprovalState.CANCELLED:
            if Role.ADMIN not in by.roles:
                raise Forbidden("cancelling a request needs role admin; whoever may approve it can deny it")
            return _ended(approval, state, by.operator, cause, now)
        case _:
            raise Conflict(f"a request can be approved, denied or cancelled, not {state.value}")


def withdraw(approval: Approval, by: str, cause: str, now: int) -> Approval:
    """`approval` cancelled by whoever asked; the caller has checked that it is. Raises `Conflict`."""
    require_pending(approval, now)
    return _ended(approval, ApprovalState.CANCELLED, by, cause, now)


def taken_back(approval: Approval, by: str, cause: str, now: int) -> Approval:
    """`approval` cancelled before it was used, whether or not it was given yet."""
    return _ended(approval, ApprovalState.CANCELLED, by, cause, now)


def expired(approval: Approval) -> Approval:
    """`approval` with its expiry on record."""
    return msgspec.structs.replace(approval, state=ApprovalState.EXPIRED, version=approval.version + 1)


def require_pending(approval: Approval, now: int) -> None:
    state = current(approval, now)
    if state is ApprovalState.EXPIRED:
        raise Conflict(f"request `{approval.id}` has expired; the agent has to ask again")
    if state is not ApprovalState.PENDING:
        raise Conflict(f"request `{approval.id}` is {state.value} already")


def _approved(approval: Approval, by: OperatorPrincipal, cause: str, now: int, drivers: frozenset[str]) -> Approval:
    groups = _eligible(approval, by)
    if by.operator in drivers:
        raise Forbidden(
            f"operator `{by.operator}` owns the agent, or opened or vouched for the mission, and so cannot approve "
            f"request `{approval.id}`; ask another approver"
        )
    if by.operator in approval.votes:
        raise Conflict(
            f"operator `{by.operator}` has approved request `{approval.id}` already; it needs {approval.needed} "
            "different operators"
        )
    voted = msgspec.structs.replace(
        approval,
        votes=(*approval.votes, by.operator),
        by=by.operator,
        by_groups=tuple(group for group in approval.groups if group in groups or group in approval.by_groups),
        cause=cause,
        version=approval.version + 1,
    )
    if not complete(voted):
        return voted
    return msgspec.structs.replace(voted, state=ApprovalState.APPROVED, answered=now)


def _eligible(approval: Approval, by: OperatorPrincipal) -> tuple[str, ...]:
    """The groups in which `by` may answer."""
    groups = tuple(group for group in approval.groups if group in by.groups)
    if Role.APPROVER not in by.roles or not groups:
        wanted = " or ".join(approval.groups)
        raise Forbidden(f"request `{approval.id}` needs an operator with role approver in group {wanted}")
    return groups


def _ended(
    approval: Approval, state: ApprovalState, by: str, cause: str, now: int, groups: tuple[str, ...] = ()
) -> Approval:
    """Without the votes so far: they were for what will not be done."""
    return msgspec.structs.replace(
        approval, state=state, by=by, by_groups=groups, cause=cause, answered=now, version=approval.version + 1
    )
