"""Access requests as values, opened and used; the path commits them.

An approval is bound to the digest of one call, to the version of the policies and to the verdicts its approver saw
(I6). It is used once, before it expires, and never grants by itself: the call is evaluated again with it.
"""

from collections import OrderedDict
from typing import Protocol

import msgspec

from remit.decision import not_worse
from remit.terms import Approval, ApprovalState, Call, TenantId

UNUSED = (ApprovalState.PENDING, ApprovalState.APPROVED)  # the states in which one may still come to be used
WAITING = 50_000  # calls whose request is found again; for one that falls out, another is opened


class Kept(Protocol):
    """Requests as they are on record."""

    def approval(self, tenant: TenantId, approval: str) -> Approval | None: ...


class Desk:
    """Implements the path's `Approvals` port.

    With `kept`, a call that is asked for again while its request waits gets the same request: people see one, however
    often an agent repeats itself. The index is a hint: what counts is the record that it leads to.
    """

    def __init__(self, lifetime: int, kept: Kept | None = None) -> None:
        self._lifetime = lifetime
        self._kept = kept
        self._waiting: OrderedDict[tuple[TenantId, str], str] = OrderedDict()  # tenant and digest: the request's id

    def open(
        self,
        call: Call,
        *,
        decision: str,
        policy: str,
        evidence: str,
        groups: tuple[str, ...],
        needed: int = 1,
        together: bool = False,
        id: str,
        now: int,
    ) -> Approval:
        """A pending request for `call`: the one that waits already, if it would hold as well, or a new one."""
        fresh = Approval(
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
            needed=needed,
            together=together,
            state=ApprovalState.PENDING,
            opened=now,
            expires=now + self._lifetime,
        )
        waiting = self._find(fresh, now)
        if waiting is not None:
            return waiting
        self._waiting[call.tenant, call.digest] = id
        self._waiting.move_to_end((call.tenant, call.digest))
        if len(self._waiting) > WAITING:
            self._waiting.popitem(last=False)
        return fresh

    def _find(self, fresh: Approval, now: int) -> Approval | None:
        """The pending request whose approval would hold for what `fresh` asks."""
        id = self._waiting.get((fresh.tenant, fresh.digest))
        found = self._kept.approval(fresh.tenant, id) if self._kept is not None and id is not None else None
        if found is None or current(found, now) is not ApprovalState.PENDING:
            return None
        same = (found.digest, found.policy, found.groups, found.needed, found.together) == (
            fresh.digest,
            fresh.policy,
            fresh.groups,
            fresh.needed,
            fresh.together,
        )
        return found if same and not_worse(found.evidence, fresh.evidence) is None else None

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
        if not complete(approval):
            return "the approval has fewer votes than it needs"
        return None

    def consume(self, approval: Approval, call: Call, *, policy: str, evidence: str, now: int) -> Approval | str:
        """`approval` as consumed, or why it does not hold."""
        why = self.usable(approval, call, policy=policy, now=now)
        if why is None and (worse := not_worse(approval.evidence, evidence)) is not None:
            why = f"the findings are worse than those that were approved ({worse})"
        if why is not None:
            return why
        return msgspec.structs.replace(approval, state=ApprovalState.CONSUMED, version=approval.version + 1)


def current(approval: Approval, now: int) -> ApprovalState:
    """The state at `now`: what was not used in time is expired, whether or not that is on record yet."""
    return ApprovalState.EXPIRED if approval.state in UNUSED and now >= approval.expires else approval.state


def complete(approval: Approval) -> bool:
    """Whether enough different people have approved, from all the groups that it takes."""
    wanted = set(approval.groups) <= set(approval.by_groups) if approval.together else bool(approval.by_groups)
    return wanted and len(set(approval.votes)) >= max(1, approval.needed)


def missing(approval: Approval) -> int:
    """How many more votes it takes at least."""
    groups = len(set(approval.groups) - set(approval.by_groups)) if approval.together else 0
    at_least = max(approval.needed - len(set(approval.votes)), min(1, groups), 0 if approval.votes else 1)
    return at_least if approval.state is ApprovalState.PENDING else 0
