"""AuthZEN section 7: several evaluations in one request."""

from typing import Any

import pytest
from tests.conformance.authzen.test_certification import ADMIN, ALICE, ARCHIVED, BOB, ONE, READ, WRITE, asked
from tests.conformance.authzen.world import World
from tests.conformance.requirements import covers

from remit.decision_api.batch import MAX_ITEMS

PERMIT, DENY = asked(ALICE, READ, ONE), asked(BOB, WRITE, ONE)
BROKEN = {"subject": ALICE, "action": READ}


def decisions(world: World, body: Any) -> list[bool]:
    answer = world.evaluate_all(body)
    assert answer.status_code == 200, answer.text
    assert "decision" not in answer.json()
    return [item["decision"] for item in answer.json()["evaluations"]]


@covers("authzen.batch-order", "authzen.batch-no-defaults", "authzen.batch-top-decision", "authzen.execute-all")
def test_answers_stand_in_the_order_of_the_request(world: World) -> None:
    pattern = [True, False, False, True, False, True, True, False] * 4
    assert decisions(world, {"evaluations": [PERMIT if one else DENY for one in pattern]}) == pattern


@covers("authzen.batch-defaults")
def test_items_inherit_what_they_leave_out(world: World) -> None:
    assert decisions(world, {**PERMIT, "evaluations": [{}, {"subject": BOB}, {"subject": BOB, "action": WRITE}]}) == [
        True,
        True,
        False,
    ]


@covers("authzen.batch-override")
def test_an_items_own_member_replaces_the_default_whole(world: World) -> None:
    body = {"subject": ADMIN, "action": WRITE, "resource": ARCHIVED, "evaluations": [{}, {"subject": BOB}]}
    assert decisions(world, body) == [True, False], "bob must not keep the properties of the default"
    incomplete = world.evaluate_all({**PERMIT, "evaluations": [{"resource": {"id": "record-1"}}]}).json()
    assert incomplete["evaluations"][0]["context"]["error"]["status"] == 400, "nor the type"


@covers("authzen.batch-context")
def test_a_context_is_inherited_and_replaced_whole(world: World) -> None:
    agent = {"subject": {"type": "agent", "id": "nobody"}, "action": {"name": "t"}}
    tool = {"resource": {"type": "tool", "id": "server/t"}}
    answer = world.evaluate_all(
        {
            **agent,
            **tool,
            "context": {"mission": 5},
            "evaluations": [{}, {"context": {}}, {"context": {"call_id": "c"}}],
        }
    ).json()["evaluations"]
    assert "context.mission" in answer[0]["context"]["error"]["message"]
    assert [item["context"].get("outcome") for item in answer[1:]] == ["deny", "deny"]
    assert decisions(world, {**PERMIT, "context": {"time": "x"}, "evaluations": [{}, {"context": {"time": "y"}}]}) == [
        True,
        True,
    ]


@covers("authzen.batch-absent")
def test_without_evaluations_it_is_one_evaluation(world: World) -> None:
    for body, expected in ((PERMIT, True), (DENY, False)):
        answer = world.evaluate_all(body)
        assert (answer.status_code, answer.json()["decision"]) == (200, expected)
        assert "evaluations" not in answer.json()
    assert world.evaluate_all(BROKEN).status_code == 400


@covers("authzen.batch-empty")
def test_empty_evaluations_are_one_evaluation(world: World) -> None:
    answer = world.evaluate_all({**PERMIT, "evaluations": []})
    assert (answer.status_code, answer.json()["decision"]) == (200, True)
    assert "evaluations" not in answer.json()
    assert world.evaluate_all({**BROKEN, "evaluations": []}).status_code == 400


@covers("authzen.batch-item-error")
@pytest.mark.parametrize(
    "wrong", [{}, {"resource": "record-1"}, {"resource": {"type": "record"}}, {"resource": {"type": "record", "id": 5}}]
)
def test_an_item_that_cannot_be_evaluated_is_a_denial_with_its_error(world: World, wrong: Any) -> None:
    answer = world.evaluate_all({**BROKEN, "evaluations": [{"resource": ONE}, wrong, {"resource": ONE}]})
    assert answer.status_code == 200
    first, second, third = answer.json()["evaluations"]
    assert (first["decision"], second["decision"], third["decision"]) == (True, False, True)
    assert second["context"]["error"]["status"] == 400
    assert "resource" in second["context"]["error"]["message"]


@covers("authzen.batch-item-error")
def test_an_item_that_the_caller_may_not_ask_is_a_denial_with_its_error(world: World) -> None:
    key = world.operate("/v1/points", {"id": "narrow", "servers": ["mail"], "subjects": ["agent"]})["key"]
    answer = world.evaluate_all({"evaluations": [PERMIT]}, key=None, headers={"authorization": f"Bearer {key}"})
    (item,) = answer.json()["evaluations"]
    assert (item["decision"], item["context"]["error"]["status"]) == (False, 403)


@covers("authzen.batch-payload-error", "authzen.wrong-type")
@pytest.mark.parametrize(
    "wrong",
    [
        {"evaluations": {}},
        {"evaluations": None},
        {"evaluations": "all"},
        {"evaluations": [PERMIT, 5]},
        {"evaluations": [[PERMIT]]},
        {"evaluations": [PERMIT], "options": []},
        {"evaluations": [PERMIT], "subject": "alice"},
        {"evaluations": [PERMIT], "context": []},
    ],
    ids=repr,
)
def test_an_error_of_the_whole_payload_is_400(world: World, wrong: Any) -> None:
    assert world.evaluate_all({**PERMIT, **wrong}).status_code == 400


@covers("authzen.execute-all")
def test_execute_all_goes_on_after_denials_and_errors(world: World) -> None:
    items = [DENY, {}, PERMIT, DENY]
    chosen: list[dict[str, Any]] = [{"options": {"evaluations_semantic": "execute_all"}}, {"options": {}}, {}]
    for options in chosen:
        assert decisions(world, {**options, "evaluations": items}) == [False, False, True, False]


@covers("authzen.deny-on-first-deny")
@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([PERMIT, PERMIT, DENY, PERMIT], [True, True, False]),
        ([PERMIT, {}, PERMIT], [True, False]),
        ([PERMIT, PERMIT], [True, True]),
    ],
)
def test_deny_on_first_deny_returns_with_the_first_denial_or_error(
    world: World, items: list[Any], expected: list[bool]
) -> None:
    before = entries(world)
    options: dict[str, Any] = {"evaluations_semantic": "deny_on_first_deny"}
    assert decisions(world, {"options": options, "evaluations": items}) == expected
    judged = sum(1 for item in items[: len(expected)] if item)
    assert entries(world) - before == judged, "what is not answered is not decided either"


@covers("authzen.permit-on-first-permit")
@pytest.mark.parametrize(
    ("items", "expected"),
    [([DENY, {}, PERMIT, DENY], [False, False, True]), ([DENY, DENY], [False, False]), ([PERMIT, DENY], [True])],
)
def test_permit_on_first_permit_returns_with_the_first_permit(
    world: World, items: list[Any], expected: list[bool]
) -> None:
    options: dict[str, Any] = {"evaluations_semantic": "permit_on_first_permit"}
    assert decisions(world, {"options": options, "evaluations": items}) == expected


@covers("authzen.unknown-semantic", "authzen.other-options")
def test_a_semantic_is_one_of_three_and_other_options_are_ignored(world: World) -> None:
    for semantic in ("first", "", "EXECUTE_ALL", 5, None, ["execute_all"]):
        body = {"evaluations": [PERMIT], "options": {"evaluations_semantic": semantic}}
        assert world.evaluate_all(body).status_code == 400, semantic
    assert decisions(world, {"evaluations": [PERMIT], "options": {"another_option": "value"}}) == [True]


@covers("authzen.limits")
def test_more_items_than_the_limit_are_refused(world: World) -> None:
    assert decisions(world, {**PERMIT, "evaluations": [{}] * MAX_ITEMS}) == [True] * MAX_ITEMS
    assert world.evaluate_all({**PERMIT, "evaluations": [{}] * (MAX_ITEMS + 1)}).status_code == 400


def entries(world: World) -> int:
    size: int = world.request("GET", "/v1/entries?limit=1", key="admin").json()["size"]
    return size
