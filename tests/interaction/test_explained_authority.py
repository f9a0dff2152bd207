"""What a goal licenses can be looked at before anybody vouches for it, and be corrected by who may vouch."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from remit.sdk import ApiError, Client

House = Any  # tests/conftest.py
Play = Callable[[Callable[[House], Coroutine[Any, Any, None]]], None]
GOAL = "Read report.txt and send a summary to bob@example.com"
MAIL = {"to": "bob@example.com", "body": "All is well."}


def verdict(answer: dict[str, Any]) -> str:
    return next(str(finding["verdict"]) for finding in answer["findings"] if finding["kind"] == "authority")


def test_what_is_explained_is_what_a_mission_is_judged_by(play: Play) -> None:
    async def story(house: House) -> None:
        before = (await house.operator.get("/v1/status"))["entries"]
        told = await house.operator.post("/v1/missions/explain", {"purpose": "assist", "goal": GOAL})
        assert (await house.operator.get("/v1/status"))["entries"] == before
        opened = await house.operator.post(
            "/v1/missions", {"agent": "clerk", "purpose": "assist", "subject": "user:ann", "goal": GOAL}
        )
        assert told["authority_hash"] == opened["mission"]["authority_hash"]
        assert told["authorization_details"] == opened["authorization_details"]
        assert {action for one in told["authorization_details"] for action in one["actions"]} >= {"read", "communicate"}

    play(story)


def test_a_corrected_authority_is_judged_by_and_recorded_as_whose_it_is(play: Play) -> None:
    async def story(house: House) -> None:
        told = await house.operator.post("/v1/missions/explain", {"purpose": "assist", "goal": GOAL})
        only_reading = [one for one in told["authorization_details"] if one["actions"] == ["read"]]
        assert only_reading
        mission = await house.mission(GOAL, authorization_details=only_reading)
        assert verdict(await house.ask(mission, "read_file", {"name": "report.txt"})) == "within"
        assert verdict(await house.ask(mission, "send_email", MAIL)) == "outside"
        assert verdict(await house.ask(await house.mission(GOAL), "send_email", MAIL)) == "within"
        record = await house.operator.get(f"/v1/records/{mission}")
        assert record["entries"][0]["facts"]["compiler"].startswith("given by operator:")

    play(story)


def test_given_authority_never_leaves_the_bounds_of_the_purpose(play: Play) -> None:
    async def story(house: House) -> None:
        given = [{"actions": ["read", "administer", "delete"], "datatypes": ["Files"]}]
        purposes = {purpose.id: purpose for purpose in house.remit.settings.purposes}
        bounded = next(name for name, purpose in purposes.items() if purpose.bounds.classes is not None)
        allowed = {item.value for item in purposes[bounded].bounds.classes}
        body = {"purpose": bounded, "goal": GOAL, "authorization_details": given}
        told = await house.operator.post("/v1/missions/explain", body)
        found = {action for one in told["authorization_details"] for action in one["actions"]}
        assert found == {"read", "administer", "delete"} & allowed
        assert [one["datatypes"] for one in told["authorization_details"]] == [["file"]] * bool(found)

    play(story)


def test_an_agent_neither_explains_nor_says_what_a_goal_licenses(play: Play) -> None:
    async def story(house: House) -> None:
        agent = Client(house.http, house.agent_key)
        goal = {"purpose": "assist", "goal": GOAL}
        with pytest.raises(ApiError, match="operators and points"):
            await agent.post("/v1/missions/explain", goal)
        with pytest.raises(ApiError, match="does not say what a goal licenses"):
            await agent.post(
                "/v1/missions", {**goal, "agent": "clerk", "authorization_details": [{"actions": ["transfer"]}]}
            )

    play(story)


@pytest.mark.parametrize(
    "details", [[{}], [{"actions": []}], [{"actions": ["fly"]}], [{"actions": ["read"], "more": 1}], {"actions": []}]
)
def test_details_of_another_shape_are_refused_with_what_was_expected(play: Play, details: Any) -> None:
    async def story(house: House) -> None:
        with pytest.raises(ApiError, match="authorization_details"):
            await house.mission(GOAL, authorization_details=details)

    play(story)
