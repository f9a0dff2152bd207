"""I6: an approval holds for one exact call, once, for a while, from somebody who may give it."""

import msgspec
import pytest

from remit.approvals import Desk, answer
from remit.terms import (
    DEFAULT_TENANT,
    AgentId,
    Approval,
    ApprovalState,
    Call,
    CallId,
    Conflict,
    Forbidden,
    InstanceId,
    KeyId,
    MissionId,
    OperatorId,
    OperatorPrincipal,
    Role,
    ServerId,
)

SEEN = "authority=within;grounding=outsider"
CALL = Call(
    tenant=DEFAULT_TENANT,
    mission=MissionId("m"),
    agent=AgentId("a"),
    instance=InstanceId("i"),
    server=ServerId("s"),
    tool="t",
    definition_hash="d",
    arguments={},
    canonical=b"{}",
    call_id=CallId("c"),
    digest="digest",
)


def operator(*roles: Role, groups: tuple[str, ...] = ("finance",)) -> OperatorPrincipal:
    return OperatorPrincipal(
        tenant=DEFAULT_TENANT, operator=OperatorId("olga"), roles=roles, groups=groups, key=KeyId("k")
    )


def pending() -> Approval:
    return Desk(1000).open(CALL, decision="d1", policy="p1", evidence=SEEN, groups=("finance",), id="a1", now=100)


def approved() -> Approval:
    return answer(pending(), operator(Role.APPROVER), ApprovalState.APPROVED, "", 200)


def consume(approval: Approval, call: Call = CALL, policy: str = "p1", evidence: str = SEEN, now: int = 300) -> object:
    return Desk(1000).consume(approval, call, policy=policy, evidence=evidence, now=now)


def test_an_approved_request_is_consumed_once() -> None:
    consumed = consume(approved())
    assert isinstance(consumed, Approval)
    assert consumed.state is ApprovalState.CONSUMED
    assert consume(consumed) == "the approval is consumed"


@pytest.mark.parametrize("state", [state for state in ApprovalState if state is not ApprovalState.APPROVED])
def test_any_state_but_approved_does_not_hold(state: ApprovalState) -> None:
    assert consume(msgspec.structs.replace(approved(), state=state)) == f"the approval is {state.value}"


def test_it_does_not_hold_for_another_call_another_policy_or_after_its_expiry() -> None:
    assert "another call" in str(consume(approved(), msgspec.structs.replace(CALL, digest="other")))
    assert "policies have changed" in str(consume(approved(), policy="p2"))
    assert "expired" in str(consume(approved(), now=1100))
    assert isinstance(consume(approved(), now=1099), Approval)


def test_worse_findings_at_use_void_it_and_better_ones_do_not() -> None:
    assert "worse" in str(consume(approved(), evidence="authority=within;grounding=instruction"))
    assert "worse" in str(consume(approved(), evidence="authority=outside;grounding=outsider"))
    assert "worse" in str(consume(approved(), evidence=SEEN + ";flow=leaks"))
    assert isinstance(consume(approved(), evidence="authority=within;grounding=goal"), Approval)


def test_only_an_approver_in_a_named_group_may_answer() -> None:
    for who in (operator(Role.ADMIN), operator(Role.APPROVER, groups=("security",)), operator(Role.VIEWER)):
        with pytest.raises(Forbidden, match="role approver in group finance"):
            answer(pending(), who, ApprovalState.APPROVED, "", 200)


def test_an_answer_is_final_and_too_late_after_the_expiry() -> None:
    with pytest.raises(Conflict, match="approved already"):
        answer(approved(), operator(Role.APPROVER), ApprovalState.DENIED, "", 300)
    with pytest.raises(Conflict, match="expired"):
        answer(pending(), operator(Role.APPROVER), ApprovalState.APPROVED, "", 1100)
    with pytest.raises(Conflict, match="not consumed"):
        answer(pending(), operator(Role.APPROVER), ApprovalState.CONSUMED, "", 200)


def test_the_approver_is_the_authenticated_operator() -> None:
    assert (approved().by, approved().by_groups) == ("olga", ("finance",))
