"""`@approvals("2")` beside `@ask`: how many different people a forbid waits for."""

from typing import Any

import msgspec
import pytest

from remit.policy import PolicyRefused, facts_of, load
from remit.terms import OperationClass, ServerId, TenantId, Tool

GROUPS = ("finance", "operators")
PERMIT = '@id("yes") @reason("r") permit (principal, action, resource);'
PAY = {"resource": {"id": "bank/pay"}}


def asking(name: str, group: str, notes: str = "") -> str:
    return (
        f'@id("{name}") @reason("r") @ask("{group}") {notes} forbid (principal, action, resource) '
        f'unless {{ context has approval && context.approval.groups.contains("{group}") }};'
    )


def policies(text: str) -> Any:
    pay = Tool(
        tenant=TenantId("default"),
        server=ServerId("bank"),
        name="pay",
        description="",
        input_schema={"type": "object"},
        definition_hash="h",
        classes=(OperationClass.TRANSFER,),
    )
    return load({"a.cedar": text}, tools=[pay], groups=GROUPS)


def test_one_person_is_not_two() -> None:
    chosen = policies(PERMIT + asking("a", "finance", '@approvals("2")'))
    facts = facts_of(chosen, PAY)
    denied = chosen.evaluate(facts)
    lift = chosen.lift(facts, denied)
    assert (lift.groups, lift.needed, lift.together) == (("finance",), 2, False)
    one = msgspec.structs.replace(facts, approval_groups=("finance",), approvals=1)
    short = chosen.evaluate(one)
    assert not short.allowed
    assert [ref.id for ref in short.policies] == ["a"]
    assert chosen.lift(one, short) == lift
    assert chosen.evaluate(msgspec.structs.replace(one, approvals=2)).allowed


def test_the_most_that_any_policy_asks_for_counts() -> None:
    chosen = policies(PERMIT + asking("a", "finance", '@approvals("3")') + asking("b", "finance"))
    facts = facts_of(chosen, PAY)
    assert chosen.lift(facts, chosen.evaluate(facts)).needed == 3


def test_groups_that_are_needed_together_are_named_together_and_one_alone_does_not_do() -> None:
    chosen = policies(PERMIT + asking("a", "finance") + asking("b", "operators"))
    facts = facts_of(chosen, PAY)
    lift = chosen.lift(facts, chosen.evaluate(facts))
    assert (lift.groups, lift.together) == (GROUPS, True)
    one = msgspec.structs.replace(facts, approval_groups=("finance",))
    assert chosen.lift(one, chosen.evaluate(one)) == lift, "a new approval stands by itself"


@pytest.mark.parametrize("count", ["0", "-1", "21", "two", "", " 2", "02", "2.0", "٢", "1e1", "999999999999"])
def test_a_number_that_is_none_is_refused(count: str) -> None:
    with pytest.raises(PolicyRefused, match=r"expected @approvals\(\"2\"\)"):
        policies(PERMIT + asking("a", "finance", f'@approvals("{count}")'))


def test_approvals_without_ask_are_refused() -> None:
    with pytest.raises(PolicyRefused, match="belongs beside @ask"):
        policies(PERMIT + '@id("a") @reason("r") @approvals("2") forbid (principal, action, resource) when { false };')
