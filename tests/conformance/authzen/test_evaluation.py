"""AuthZEN sections 5 and 6: one evaluation, what it may hold and what is answered."""

from typing import Any

import pytest
from tests.conformance.authzen.test_certification import ALICE, BOB, ONE, READ, WRITE, asked
from tests.conformance.authzen.world import World
from tests.conformance.requirements import covers

GOOD = asked(ALICE, READ, ONE)
NOT_STRINGS: list[Any] = [None, 5, 1.5, True, [], {}, ["alice"]]
NOT_OBJECTS: list[Any] = [None, 5, 1.5, True, [], "alice", [{}]]


def without(body: dict[str, Any], *path: str) -> dict[str, Any]:
    head, *rest = path
    if not rest:
        return {name: value for name, value in body.items() if name != head}
    return {**body, head: without(body[head], *rest)}


def replaced(body: dict[str, Any], value: Any, *path: str) -> dict[str, Any]:
    head, *rest = path
    return {**body, head: value if not rest else replaced(body.get(head, {}), value, *rest)}


@covers("authzen.missing", "authzen.subject", "authzen.resource", "authzen.action", "authzen.error-message")
@pytest.mark.parametrize(
    "path",
    [
        ("subject",),
        ("action",),
        ("resource",),
        ("subject", "type"),
        ("subject", "id"),
        ("action", "name"),
        ("resource", "type"),
        ("resource", "id"),
    ],
)
def test_a_missing_member_is_400_and_named(world: World, path: tuple[str, ...]) -> None:
    answer = world.evaluate(without(GOOD, *path))
    assert answer.status_code == 400
    assert f"`{path[-1]}`" in answer.json()["error"]["message"]
    assert answer.headers["content-type"] == "application/json"


@covers("authzen.wrong-type", "authzen.subject", "authzen.resource", "authzen.action")
@pytest.mark.parametrize("path", ["subject.type", "subject.id", "action.name", "resource.type", "resource.id"])
@pytest.mark.parametrize("value", NOT_STRINGS, ids=repr)
def test_what_has_to_be_a_string_and_is_not_is_400(world: World, path: str, value: Any) -> None:
    answer = world.evaluate(replaced(GOOD, value, *path.split(".")))
    assert answer.status_code == 400
    assert path in answer.json()["error"]["message"]


@covers("authzen.wrong-type", "authzen.context")
@pytest.mark.parametrize(
    "path",
    [
        "subject",
        "action",
        "resource",
        "context",
        "subject.properties",
        "action.properties",
        "resource.properties",
    ],
)
@pytest.mark.parametrize("value", NOT_OBJECTS, ids=repr)
def test_what_has_to_be_an_object_and_is_not_is_400(world: World, path: str, value: Any) -> None:
    answer = world.evaluate(replaced(GOOD, value, *path.split(".")))
    assert answer.status_code == 400
    assert path in answer.json()["error"]["message"]


@covers("authzen.context")
def test_a_context_may_be_left_out_empty_or_unknown(world: World) -> None:
    for context in ({}, {"time": "2025-06-27T18:03-07:00"}, {"mission": 5, "approval": [], "findings": {}}):
        assert world.evaluate({**GOOD, "context": context}).json()["decision"] is True


@covers("authzen.any-properties")
def test_properties_hold_any_json_value(world: World) -> None:
    odd = {"a": None, "b": [1, {"c": 2.5}], "d": {"e": {"f": "é😀\u0000"}}, "": False, "department": "Sales"}
    body = asked({**ALICE, "properties": odd}, {**READ, "properties": odd}, {**ONE, "properties": odd}, context=odd)
    assert world.evaluate(body).json()["decision"] is True


@covers("authzen.unknown-members")
def test_unknown_members_are_ignored_wherever_they_stand(world: World) -> None:
    more = {"foo": "bar", "futureField": {"nested": [True]}}
    body = asked({**ALICE, **more}, {**READ, **more}, {**ONE, **more}, **more)
    assert world.evaluate(body).json()["decision"] is True
    assert world.evaluate_all({**body, "evaluations": [more]}).json()["evaluations"][0]["decision"] is True


@covers("authzen.member-order")
def test_the_order_of_members_means_nothing(world: World) -> None:
    backwards = {name: dict(reversed(value.items())) for name, value in reversed(GOOD.items())}
    assert world.evaluate(backwards).json()["decision"] is True


@covers("authzen.decision", "authzen.answer-context", "authzen.denial-is-a-success", "authzen.answer-type")
@pytest.mark.parametrize(("body", "expected"), [(GOOD, True), (asked(BOB, WRITE, ONE), False)])
def test_permits_and_denials_are_both_a_success_with_a_boolean(world: World, body: Any, expected: bool) -> None:
    answer = world.evaluate(body)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    assert said["decision"] is expected
    assert isinstance(said["context"], dict)
    assert said["context"]["outcome"] == ("permit" if expected else "deny")
    assert said["context"]["reasons"], "every decision says why"


def test_subjects_and_actions_that_nobody_declared_are_denied(world: World) -> None:
    for body in (
        asked({"type": "user", "id": "mallory"}, READ, ONE),
        asked(ALICE, {"name": "erase"}, ONE),
        asked(ALICE, READ, {"type": "spaceship", "id": "record-1"}),
        asked(ALICE, {"name": ""}, {"type": "", "id": ""}),
    ):
        answer = world.evaluate(body)
        assert (answer.status_code, answer.json()["decision"]) == (200, False)
