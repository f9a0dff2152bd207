"""Compiled policies that answer wrongly: Cedar is asked before what is hard to undo is released, and sampled else."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from remit.policy import Evaluation, Facts, PolicySet
from remit.policy.program import Rules

House = Any  # tests/conftest.py
Play = Callable[[Callable[[House], Coroutine[Any, Any, None]]], None]
PAYMENT = {"recipient": "GB29NWBK60161331926819", "amount": 2500}


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a compiler would make that forgets the forbids: below every way to an answer, those that are kept too."""
    monkeypatch.setattr(Rules, "answer", lambda self, given: Evaluation(allowed=True, policies=()))


async def diverged(house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    start = size = 0
    while start == 0 or start < size:
        page = await house.operator.get("/v1/entries", start=str(start), limit="1000")
        found += [one for one in page["entries"] if one["kind"] == "policy.diverged"]
        start, size = start + 1000, page["size"]
    return found


@pytest.mark.usefixtures("planted")
def test_a_wrong_permit_of_what_is_hard_to_undo_is_not_released_and_the_set_is_not_trusted_again(play: Play) -> None:
    async def story(house: House) -> None:
        mission = await house.mission("Pay 2500 EUR to GB29NWBK60161331926819", purpose="pay-bills")
        answer = await house.ask(mission, "make_payment", PAYMENT)
        assert answer["outcome"] == "ask"
        policies = house.remit.policies.current(house.remit.tenant)
        assert not policies.trusted
        assert len(await diverged(house)) == 1
        assert "reference alone" in " ".join((await house.operator.get("/v1/status"))["warnings"])
        house.remit.policies.reload(house.remit.tenant)
        assert not house.remit.policies.current(house.remit.tenant).trusted
        assert (await house.ask(mission, "make_payment", PAYMENT))["outcome"] == "ask"
        assert len(await diverged(house)) == 1

    play(story)


@pytest.mark.usefixtures("planted")
def test_a_wrong_answer_that_nothing_hangs_on_is_found_by_the_sample(play: Play) -> None:
    async def story(house: House) -> None:
        for _ in range(3000):  # at one in a hundred, all of them miss it once in 10^13 runs
            await house.ask(None, "read_file", {"name": "report.txt"})
            if not house.remit.policies.current(house.remit.tenant).trusted:
                break
        assert len(await diverged(house)) == 1

    play(story)


def test_every_permit_of_what_is_hard_to_undo_is_confirmed_and_agreement_leaves_no_record(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Facts] = []
    reference = PolicySet.reference

    def counted(self: PolicySet, facts: Facts) -> Evaluation:
        asked.append(facts)
        return reference(self, facts)

    monkeypatch.setattr(PolicySet, "reference", counted)

    async def story(house: House) -> None:
        mission = await house.mission("Pay 2500 EUR to GB29NWBK60161331926819", purpose="pay-bills")
        answer = await house.ask(mission, "make_payment", PAYMENT, call_id="c")
        approval = answer["access_request"]["id"]
        await house.approver.post(f"/v1/approvals/{approval}/answer", {"state": "approved"})
        asked.clear()
        answer = await house.ask(mission, "make_payment", PAYMENT, call_id="c", approval=approval)
        assert answer["outcome"] == "permit"
        assert [facts.action for facts in asked] == ["make_payment"]
        assert await diverged(house) == []

    play(story)
