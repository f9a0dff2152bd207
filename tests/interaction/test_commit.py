"""Step 9 over the whole product: what a decision rests on is compared at its commit, and budgets of a day hold."""

import asyncio
import datetime
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from remit.terms import DEFAULT_TENANT, AgentState, InstanceState, Write

House = Any  # tests/conftest.py
Play = Callable[[Callable[[House], Coroutine[Any, Any, None]]], None]
Act = Callable[[], Awaitable[Any]]


class Between:
    """A journal before which something happens once: another thread, or another node, was faster."""

    def __init__(self, journal: Any, act: Act) -> None:
        self._journal = journal
        self._act: Act | None = act
        self.writes: list[Write] = []

    async def commit(self, write: Write) -> int:
        self.writes.append(write)
        act, self._act = self._act, None
        if act is not None:
            await act()
        number: int = await self._journal.commit(write)
        return number


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


def operator(house: House) -> Any:
    from remit.authentication import Authenticator

    return Authenticator.local_operator(house.remit.tenant)


WHAT = ["agent", "instance", "mission", "parent", "tool", "tenant", "nothing"]


@pytest.mark.parametrize("what", WHAT)
def test_what_changes_between_judgement_and_commit_is_judged_again(play: Play, what: str) -> None:
    """Even though the permit writes none of these records: they are read, and compared."""

    async def story(house: House) -> None:
        root = await house.mission("Read the files in the folder")
        mission = (await house.operator.post(f"/v1/missions/{root}/derive", {"agent": "clerk"}))["mission"]["id"]
        first = await house.ask(mission, "read_file", {"name": "a.txt"})
        assert first["outcome"] == "permit"
        by, desks = operator(house), house.remit.administration
        instance = house.remit.store.mission(DEFAULT_TENANT, mission).instance

        async def act() -> None:
            match what:
                case "agent":
                    await desks.agents.change(by, "clerk", AgentState.QUARANTINED, "test")
                case "instance":
                    await desks.agents.change_instance(by, instance, InstanceState.QUARANTINED, "test")
                case "mission" | "parent":
                    which = mission if what == "mission" else root
                    await house.operator.post(f"/v1/missions/{which}/state", {"state": "revoked", "cause": "test"})
                case "tool":
                    state = {"id": "office/read_file", "state": "quarantined", "cause": "test"}
                    await house.operator.post("/v1/tools/state", state)
                case "tenant":
                    await house.operator.post("/v1/revoke", {"kind": "tenant", "id": "tenant", "cause": "test"})

        journal = house.remit.mediator._journal = Between(house.remit.store, act)
        answer = await house.ask(mission, "read_file", {"name": "b.txt"})
        assert len(journal.writes) == (1 if what == "nothing" else 2)
        assert answer["outcome"] == ("permit" if what == "nothing" else "deny"), codes(answer)

    play(story)


def test_an_ask_brings_the_instance_that_its_mission_is_bound_to_into_being(play: Play) -> None:
    async def story(house: House) -> None:
        mission = await house.mission("Pay 2500 EUR to GB29NWBK60161331926819", purpose="pay-bills")
        payment = {"recipient": "GB29NWBK60161331926819", "amount": 2500}
        assert (await house.ask(mission, "make_payment", payment, instance="one"))["outcome"] == "ask"
        assert house.remit.store.mission(DEFAULT_TENANT, mission).instance == "one"
        assert house.remit.store.instance(DEFAULT_TENANT, "one").agent == "clerk"

    play(story)


def limits(directory: Path, text: str) -> None:
    with (directory / "remit.toml").open("a") as file:
        file.write(f"\n[limits]\n{text}\n")


@pytest.mark.parametrize(("whose", "missions", "permitted"), [("instance", 1, 3), ("agent", 3, 3), ("tenant", 3, 3)])
def test_a_budget_of_a_day_holds_over_missions_and_parallel_calls(
    opened: Callable[[], AbstractAsyncContextManager[House]],
    directory: Path,
    whose: str,
    missions: int,
    permitted: int,
) -> None:
    limits(directory, f"calls_per_day_{whose} = 3")

    async def count(house: House, all_missions: list[str]) -> int:
        answers = await asyncio.gather(
            *(house.ask(all_missions[n % missions], "read_file", {"name": f"f{n}.txt"}) for n in range(9))
        )
        refused = [answer for answer in answers if answer["outcome"] != "permit"]
        assert all("budget-exceeded" in codes(answer) for answer in refused)
        return len(answers) - len(refused)

    async def story() -> None:
        async with opened() as house:
            await house.furnish()
            made = [await house.mission("Read the files in the folder") for _ in range(missions)]
            assert await count(house, made) == permitted
        async with opened() as house:  # the day goes on after a restart
            assert await count(house, made) == 0
            tomorrow = house.remit.clock.now() + 24 * 3600 * 1000
            house.remit.clock.now = lambda: tomorrow
            made = [await house.mission("Read the files in the folder") for _ in range(missions)]
            assert await count(house, made) == permitted

    asyncio.run(story())


def test_amounts_of_a_day_are_given_back_by_a_failure_and_not_by_an_unknown_outcome(
    opened: Callable[[], AbstractAsyncContextManager[House]], directory: Path
) -> None:
    limits(directory, "amount_per_day_agent = 100")

    async def story() -> None:
        async with opened() as house:
            await house.furnish()
            mission = await house.mission("Pay 60 EUR to GB29NWBK60161331926819", purpose="pay-bills")
            payment = {"recipient": "GB29NWBK60161331926819", "amount": 60}

            async def pay() -> dict[str, Any]:
                answer: dict[str, Any] = await house.ask(mission, "make_payment", payment)
                return answer

            first = await pay()
            assert first["outcome"] == "permit", codes(first)
            assert "budget-exceeded" in codes(await pay())
            await house.returned(first["id"], None, "failed")
            second = await pay()
            assert second["outcome"] == "permit"
            await house.returned(second["id"], None, "unknown")
            assert "budget-exceeded" in codes(await pay())
            day = datetime.datetime.fromtimestamp(house.remit.clock.now() / 1000, tz=datetime.UTC).date()
            ledger = house.remit.store.ledger(DEFAULT_TENANT, f"agent:clerk@{day.isoformat()}")
            assert (ledger.spent.amount, ledger.spent.calls) == (60, 2)

    asyncio.run(story())


def test_records_are_counted_from_results_and_refused_when_the_budget_is_exhausted(play: Play) -> None:
    async def story(house: House) -> None:
        mission = await house.mission("Read the files in the folder", budget={"records": 5})

        async def read(content: str | None, status: str = "succeeded") -> None:
            answer = await house.ask(mission, "read_file", {"name": "a.txt"})
            assert answer["outcome"] == "permit", codes(answer)
            await house.returned(answer["id"], content, status)

        def spent() -> int:
            return int(house.remit.store.ledger(DEFAULT_TENANT, mission).spent.records)

        await read("no array")
        await read('{"a": [1, 2]}')
        await read("[not json")
        await read(None, "failed")
        assert spent() == 0
        await read(json.dumps([{"id": 1}, {"id": 2}, [3]]))
        assert spent() == 3
        await read(None, "unknown")  # it may have read something
        assert spent() == 4
        await read("[1, 2, 3]")
        assert spent() == 7
        answer = await house.ask(mission, "read_file", {"name": "a.txt"})
        assert "budget-exceeded" in codes(answer)

    play(story)
