"""m of n: never fewer different people than policy asks for, in whatever order they answer."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.approvals import Desk, answer, complete, current, drivers, missing
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
    TenantId,
)

APPROVED, DENIED, CANCELLED = ApprovalState.APPROVED, ApprovalState.DENIED, ApprovalState.CANCELLED
SEEN = "authority=within"
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
GROUPS = ("finance", "legal")


class Kept(dict[str, Approval]):
    def approval(self, tenant: TenantId, approval: str) -> Approval | None:
        return self.get(approval)


def opened(desk: Desk, id: str, needed: int = 1, together: bool = False, now: int = 100, policy: str = "p") -> Approval:
    return desk.open(
        CALL,
        decision=f"d-{id}",
        policy=policy,
        evidence=SEEN,
        groups=GROUPS,
        needed=needed,
        together=together,
        id=id,
        now=now,
    )


def who(name: str, *groups: str, roles: tuple[Role, ...] = (Role.APPROVER,)) -> OperatorPrincipal:
    return OperatorPrincipal(
        tenant=DEFAULT_TENANT, operator=OperatorId(name), roles=roles, groups=groups, key=KeyId("k")
    )


def used(approval: Approval) -> Approval | str:
    return Desk(1000).consume(approval, CALL, policy="p", evidence=SEEN, now=200)


def test_it_is_approved_by_the_last_of_as_many_people_as_it_takes() -> None:
    one = opened(Desk(1000), "a", needed=2)
    assert missing(one) == 2
    one = answer(one, who("olga", "finance"), APPROVED, "", 150)
    assert (one.state, one.votes, missing(one)) == (ApprovalState.PENDING, ("olga",), 1)
    assert used(one) == "the approval is pending"
    with pytest.raises(Conflict, match="different operators"):
        answer(one, who("olga", "finance", "legal"), APPROVED, "", 150)
    one = answer(one, who("otto", "legal"), APPROVED, "", 160)
    assert (one.state, one.votes, one.by_groups, one.answered) == (APPROVED, ("olga", "otto"), GROUPS, 160)
    assert isinstance(used(one), Approval)


def test_together_means_somebody_from_each_group() -> None:
    one = answer(opened(Desk(1000), "a", together=True), who("olga", "finance"), APPROVED, "", 150)
    one = answer(one, who("otto", "finance"), APPROVED, "", 150)
    assert (one.state, missing(one)) == (ApprovalState.PENDING, 1)
    one = answer(one, who("lea", "legal"), APPROVED, "", 150)
    assert (one.state, set(one.by_groups)) == (APPROVED, set(GROUPS))


def test_one_denial_is_final_whatever_was_voted_before() -> None:
    one = answer(opened(Desk(1000), "a", needed=2), who("olga", "finance"), APPROVED, "", 150)
    one = answer(one, who("otto", "legal"), DENIED, "no", 150)
    assert (one.state, one.cause) == (DENIED, "no")
    with pytest.raises(Conflict, match="denied already"):
        answer(one, who("lea", "legal"), APPROVED, "", 150)


def test_only_an_admin_cancels_and_who_drives_it_denies_but_never_approves() -> None:
    one = opened(Desk(1000), "a")
    with pytest.raises(Forbidden, match="role admin"):
        answer(one, who("olga", "finance"), CANCELLED, "", 150)
    assert answer(one, who("root", roles=(Role.ADMIN,)), CANCELLED, "", 150).state is CANCELLED
    with pytest.raises(Forbidden, match="owns the agent"):
        answer(one, who("olga", "finance"), APPROVED, "", 150, drivers=frozenset({"olga"}))
    assert answer(one, who("olga", "finance"), DENIED, "", 150, drivers=frozenset({"olga"})).state is DENIED


def test_without_a_record_of_the_agent_its_mission_still_names_drivers() -> None:
    assert drivers(None, ()) == frozenset()


def test_a_record_that_says_approved_with_too_few_votes_is_not_used() -> None:
    one = answer(opened(Desk(1000), "a", needed=2), who("olga", "finance"), APPROVED, "", 150)
    forged = msgspec.structs.replace(one, state=APPROVED)
    assert used(forged) == "the approval has fewer votes than it needs"
    doubled = msgspec.structs.replace(forged, votes=("olga", "olga"))
    assert used(doubled) == "the approval has fewer votes than it needs"


@given(
    st.integers(1, 4),
    st.booleans(),
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"),
            st.sampled_from([(), ("finance",), ("legal",), GROUPS, ("other",)]),
            st.sampled_from([APPROVED, APPROVED, APPROVED, DENIED]),
        ),
        max_size=12,
    ),
)
def test_whatever_people_answer_it_is_approved_only_by_enough_different_eligible_ones(
    needed: int, together: bool, answers: list[tuple[str, tuple[str, ...], ApprovalState]]
) -> None:
    one = opened(Desk(1000), "a", needed=needed, together=together)
    voted: dict[str, set[str]] = {}
    for name, groups, state in answers:
        before = one
        try:
            one = answer(one, who(name, *groups), state, "", 150, drivers=frozenset("f"))
        except (Forbidden, Conflict):
            assert one is before
            continue
        if state is APPROVED:
            voted[name] = set(groups) & set(GROUPS)
        assert one.version == before.version + 1
    if one.state is APPROVED:
        assert complete(one)
        assert len(voted) >= needed
        assert "f" not in voted
        assert all(voted.values())
        assert not together or set().union(*voted.values()) >= set(GROUPS)
    else:
        assert isinstance(used(one), str)


def test_asking_again_while_it_waits_gives_the_same_request_and_later_a_new_one() -> None:
    kept = Kept()
    desk = Desk(1000, kept)
    kept["a"] = first = opened(desk, "a")
    assert opened(desk, "b") is first
    assert opened(desk, "b", policy="p2").id == "b", "its approval would not hold"
    desk = Desk(1000, kept)
    opened(desk, "a")
    assert opened(desk, "b", needed=2).id == "b"
    for state in ApprovalState:
        if state is not ApprovalState.PENDING:
            desk = Desk(1000, kept)
            opened(desk, "a")
            kept["a"] = msgspec.structs.replace(first, state=state)
            assert opened(desk, "b").id == "b"
    kept["a"] = first
    assert opened(Desk(1000, kept), "b").id == "b", "the index is a hint: without it another is opened"


def test_what_was_not_committed_is_not_found_again() -> None:
    desk = Desk(1000, Kept())
    assert opened(desk, "a").id == "a"
    assert opened(desk, "b").id == "b"


@pytest.mark.parametrize("state", [ApprovalState.PENDING, APPROVED])
def test_it_is_expired_from_its_very_last_millisecond(state: ApprovalState) -> None:
    one = msgspec.structs.replace(opened(Desk(1000), "a"), state=state)
    assert current(one, 1099) is state
    assert current(one, 1100) is ApprovalState.EXPIRED
    assert current(msgspec.structs.replace(one, state=DENIED), 1100) is DENIED
