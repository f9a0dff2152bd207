"""Whatever JSON arrives, the API answers with what it promised: never a defect, never a permit by accident."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conformance.authzen.world import World, serving

TEXT = st.text(max_size=30) | st.sampled_from(
    ["agent", "tool", "user", "record", "mail/send", "*", "\x00", "\u202e", ""]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = st.recursive(
    SCALARS, lambda some: st.lists(some, max_size=4) | st.dictionaries(TEXT, some, max_size=4), max_leaves=12
)
MEMBERS = ("type", "id", "name", "properties", "mission", "call_id", "arguments", "approval", "instance")
ENTITIES = st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=5) | VALUES
ITEMS = st.dictionaries(st.sampled_from(["subject", "action", "resource", "context"]), ENTITIES)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "subject": ENTITIES,
        "action": ENTITIES,
        "resource": ENTITIES,
        "context": ENTITIES,
        "options": VALUES | st.fixed_dictionaries({"evaluations_semantic": TEXT}),
        "evaluations": st.lists(
            st.dictionaries(st.sampled_from(["subject", "action", "resource", "context"]), ENTITIES), max_size=3
        )
        | VALUES,
    },
)
JSON = {"content-type": "application/json"}
RELAXED = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("inputs") / "remit", certified=True) as running:
        yield running


@RELAXED
@given(body=REQUESTS | VALUES, path=st.sampled_from(["evaluation", "evaluations"]))
def test_any_json_is_a_decision_or_a_refusal_that_says_what_was_expected(world: World, body: Any, path: str) -> None:
    answer = world.request("POST", f"/access/v1/{path}", content=json.dumps(body), headers=JSON)
    said = answer.json()
    if answer.status_code == 200:
        items = said.get("evaluations", [said])
        assert all(item["decision"] is False for item in items), "nothing here is permitted to anybody"
        assert all("outcome" in item["context"] or "error" in item["context"] for item in items)
    else:
        assert answer.status_code in (400, 403)
        assert said["error"]["message"]


POSTS = (
    "agents", "agents/state", "instances/state", "missions", "missions/m_1/derive", "missions/m_1/state", "tools",
    "tools/correct", "tools/state", "operators", "points", "keys", "approvals/a_1/answer", "outcomes",
)  # fmt: skip
FIELDS = (
    "id", "name", "owner", "category", "groups", "state", "cause", "agent", "purpose", "goal", "subject", "instance",
    "bounds", "budget", "lifetime_seconds", "server", "format", "document", "accept", "classes", "because", "roles",
    "servers", "subjects", "kind", "holder", "decision", "status", "content", "error", "channel",
)  # fmt: skip
WORDS = st.sampled_from(
    ["active", "admin", "mcp", "openapi", "schema", "operator", "bot", "assist", "approved", "succeeded"]
)


@RELAXED
@given(path=st.sampled_from(POSTS), body=st.dictionaries(st.sampled_from(FIELDS), WORDS | VALUES, min_size=2))
@pytest.mark.parametrize("key", ["admin", "point"])
def test_any_members_at_any_route_are_an_answer_that_is_documented(
    world: World, key: str, path: str, body: Any
) -> None:
    answer = world.request("POST", f"/v1/{path}", key=key, content=json.dumps(body), headers=JSON)
    assert answer.status_code in (200, 201, 204, 400, 403, 404, 409), answer.text
    if not answer.is_success:
        assert answer.json()["error"]["message"]
