"""The decisions of the certification scenario (openid/authzen, certification/authorization-api-1_0-scenario)."""

from typing import Any

import pytest
from tests.conformance.authzen.world import World
from tests.conformance.requirements import covers

ALICE, BOB = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
ADMIN = {**BOB, "properties": {"role": "admin"}}
ONE, TWO = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
ARCHIVED = {**TWO, "properties": {"status": "archived"}}
ACTIVE = {**ONE, "properties": {"status": "active"}}
READ, WRITE = {"name": "read"}, {"name": "write"}


def asked(subject: Any, action: Any, resource: Any, **rest: Any) -> dict[str, Any]:
    return {"subject": subject, "action": action, "resource": resource, **rest}


RULES = [
    ("rule-1", asked(ALICE, READ, ONE), True),
    ("rule-2", asked(ALICE, WRITE, ONE), True),
    ("rule-3", asked(BOB, READ, ONE), True),
    ("rule-4", asked(BOB, WRITE, ONE), False),
    ("rule-5", asked(ALICE, WRITE, ARCHIVED), False),
    ("rule-6", asked(ADMIN, WRITE, ARCHIVED), True),
    ("rule-7", asked(ALICE, {"name": "delete", "properties": {"soft": True}}, ONE), True),
    ("rule-8", asked(ALICE, {"name": "delete", "properties": {"soft": False}}, ONE), False),
]


@covers(*(f"authzen.{name}" for name, _, _ in RULES))
@pytest.mark.parametrize(("rule", "body", "expected"), RULES, ids=[name for name, _, _ in RULES])
@pytest.mark.parametrize("context", [None, {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}])
def test_the_mandated_decisions_hold_with_and_without_a_context(
    world: World, rule: str, body: dict[str, Any], expected: bool, context: Any
) -> None:
    answer = world.evaluate(body if context is None else {**body, "context": context})
    assert answer.status_code == 200
    assert answer.json()["decision"] is expected, answer.text


@covers("authzen.same-again")
def test_the_same_request_gets_the_same_decision_each_time(world: World) -> None:
    for _, body, expected in RULES:
        assert [world.evaluate(body).json()["decision"] for _ in range(3)] == [expected] * 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"subject": BOB, "resource": ONE, "evaluations": [{"action": READ}, {"action": WRITE}]}, [True, False]),
        (
            {"subject": ALICE, "action": WRITE, "evaluations": [{"resource": ACTIVE}, {"resource": ARCHIVED}]},
            [True, False],
        ),
        (
            {"action": WRITE, "resource": ARCHIVED, "evaluations": [{"subject": ALICE}, {"subject": ADMIN}]},
            [False, True],
        ),
        ({"evaluations": [asked(ALICE, READ, ONE), asked(BOB, WRITE, ONE)]}, [True, False]),
        ({**asked(ALICE, WRITE, ACTIVE), "evaluations": [{}, {"resource": ARCHIVED}]}, [True, False]),
    ],
)
def test_the_scenarios_batches_are_decided_item_by_item(world: World, body: Any, expected: list[bool]) -> None:
    answer = world.evaluate_all(body)
    assert [item["decision"] for item in answer.json()["evaluations"]] == expected, answer.text
