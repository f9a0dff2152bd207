"""The operators' routes over a whole Remit: what a person, an enforcement point and an agent can do with each."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from tests.conformance.authzen.world import World, serving

SCHEMA = {
    "name": "pay",
    "description": "Pay an invoice",
    "schema": {
        "type": "object",
        "properties": {"iban": {"type": "string"}, "amount": {"type": "number"}},
        "required": ["iban", "amount"],
    },
}
GETS = ["status", "agents", "missions", "tools", "operators", "points", "keys", "approvals", "entries", "policies"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("routes") / "remit") as running:
        for agent in ("payer", "reader"):
            running.keys[agent] = running.operate("/v1/agents", {"id": agent, "owner": "greta"}, status=201)["key"]
        running.operate("/v1/tools", {"server": "bank", "format": "schema", "document": SCHEMA})
        for role in ("viewer", "auditor"):
            made = running.operate("/v1/operators", {"id": role, "roles": [role]}, status=201)
            running.keys[role] = made["key"]
        yield running


def paying(world: World, **more: Any) -> dict[str, Any]:
    opened = world.operate(
        "/v1/missions",
        {
            "agent": "payer",
            "purpose": "pay-bills",
            "goal": "Pay 4500.00 to DE89370400440532013000",
            "subject": "user:greta",
        },
        status=201,
    )
    return {
        "subject": {"type": "agent", "id": "payer"},
        "action": {"name": "pay"},
        "resource": {"type": "tool", "id": "bank/pay"},
        "context": {
            "mission": opened["mission"]["id"],
            "call_id": "c-1",
            "arguments": {"iban": "DE89370400440532013000", "amount": 4500.0},
            **more,
        },
    }


def code(answer: httpx2.Response) -> str:
    said: str = answer.json()["error"]["code"]
    return said


def test_a_payment_asks_is_approved_permitted_once_attested_and_on_record(world: World) -> None:
    body = paying(world)
    asked = world.evaluate(body).json()
    assert (asked["decision"], asked["context"]["outcome"]) == (False, "ask"), asked
    request = asked["context"]["access_request"]["id"]
    waiting = world.request("GET", "/v1/approvals?state=pending", key="admin").json()["approvals"]
    assert request in [one["id"] for one in waiting]
    said = {"state": "approved", "cause": "known invoice"}
    refused = world.request("POST", f"/v1/approvals/{request}/answer", key="admin", json=said)
    assert (refused.status_code, code(refused)) == (403, "remit.forbidden"), "who opened the mission does not approve"
    other = {"id": "olga", "roles": ["approver"], "groups": ["operators"]}
    world.keys["olga"] = world.operate("/v1/operators", other)["key"]
    answer = world.operate(f"/v1/approvals/{request}/answer", said, key="olga")
    assert answer["approval"]["state"] == "approved"
    again = {**body, "context": {**body["context"], "approval": request}}
    permitted = world.evaluate(again).json()
    assert permitted["decision"] is True, permitted
    assert world.evaluate(again).json()["decision"] is False, "an approval is used once"
    decision = permitted["context"]["id"]
    attested = {"decision": decision, "status": "succeeded", "content": "paid"}
    answered = world.request("POST", "/v1/outcomes", json=attested)
    assert (answered.status_code, answered.content) == (204, b"")
    assert code(world.request("POST", "/v1/outcomes", json=attested)) == "remit.conflict"
    record = world.request("GET", f"/v1/records/{decision}", key="auditor").json()
    assert [entry["kind"] for entry in record["entries"]] == ["decision.made", "outcome.attested"]
    assert record["call"]["arguments"]["amount"] == 4500.0


def test_a_mission_is_shown_with_what_its_goal_was_compiled_into(world: World) -> None:
    body = {"agent": "reader", "purpose": "read-only", "goal": "Read the report of May", "lifetime_seconds": 60}
    made = world.operate("/v1/missions", body, status=201)
    mission = made["mission"]
    assert made["goal"] == body["goal"]
    assert all(detail["type"] == "remit_call" for detail in made["authorization_details"])
    assert mission["expires"] - mission["opened"] == 60_000
    assert world.request("GET", f"/v1/missions/{mission['id']}", key="reader").json() == made
    assert code(world.request("GET", f"/v1/missions/{mission['id']}", key="payer")) == "remit.not_found"
    derived = world.operate(f"/v1/missions/{mission['id']}/derive", {"agent": "payer"}, status=201)["mission"]
    assert derived["parent"] == mission["id"]
    revoked = world.operate(f"/v1/missions/{mission['id']}/state", {"state": "revoked", "cause": "no longer needed"})
    assert revoked["mission"]["state"] == "revoked"
    ended = {"state": "active", "cause": "again"}
    assert world.request("POST", f"/v1/missions/{mission['id']}/state", key="admin", json=ended).status_code == 409


def test_an_agent_that_is_quarantined_is_denied_from_then_on(world: World) -> None:
    key = world.operate("/v1/agents", {"id": "rogue", "owner": "greta"}, status=201)["key"]
    world.keys["rogue"] = key
    body = {
        "subject": {"type": "agent", "id": "rogue"},
        "action": {"name": "pay"},
        "resource": {"type": "tool", "id": "bank/pay"},
    }
    assert world.evaluate(body, key="rogue").json()["context"]["outcome"] == "deny"
    world.operate("/v1/agents/state", {"id": "rogue", "state": "quarantined", "cause": "odd calls"})
    reasons = world.evaluate(body, key="rogue").json()["context"]["reasons"]
    assert [reason["code"] for reason in reasons] == ["remit.agent_inactive"]
    shown = world.request("GET", "/v1/agents?id=rogue", key="viewer").json()["agents"]
    assert [(one["state"], one["cause"]) for one in shown] == [("quarantined", "odd calls")]


def test_tools_are_registered_corrected_quarantined_and_listed(world: World) -> None:
    listed = {"tools": [{"name": "read_mail", "inputSchema": {"type": "object"}}, {"name": "send_mail"}]}
    made = world.operate("/v1/tools", {"server": "mail", "format": "mcp", "document": listed})["tools"]
    assert [tool["name"] for tool in made] == ["read_mail", "send_mail"]
    fixed = world.operate("/v1/tools/correct", {"id": "mail/read_mail", "classes": ["read"], "because": "I read it"})
    assert fixed["tool"]["classes"] == ["read"]
    state = world.operate("/v1/tools/state", {"id": "mail/send_mail", "state": "quarantined", "cause": "review"})
    assert state["tool"]["state"] == "quarantined"
    ids = [f"{one['server']}/{one['name']}" for one in world.request("GET", "/v1/tools", key="viewer").json()["tools"]]
    assert ids == sorted(ids)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {"/reports": {"get": {"operationId": "listReports", "responses": {}}}},
    }
    made = world.operate("/v1/tools", {"server": "reports", "format": "openapi", "document": document})["tools"]
    assert [tool["name"] for tool in made] == ["listReports"]


@pytest.mark.parametrize(
    "body",
    [
        {"server": "x", "format": "mcp", "document": {"tools": 5}},
        {"server": "x", "format": "mcp", "document": [5]},
        {"server": "x", "format": "openapi", "document": []},
        {"server": "x", "format": "openapi", "document": {"swagger": "2.0"}},
        {"server": "x", "format": "schema", "document": {"name": 5}},
        {"server": "x", "format": "schema", "document": {"name": "a", "schema": []}},
        {"server": "x y", "format": "schema", "document": SCHEMA},
        {"server": "x", "format": "yaml", "document": {}},
    ],
    ids=json.dumps,
)
def test_definitions_that_are_none_are_400(world: World, body: Any) -> None:
    assert world.request("POST", "/v1/tools", key="admin", json=body).status_code == 400


def test_keys_are_shown_once_and_never_listed(world: World) -> None:
    secret = world.operate("/v1/keys", {"kind": "agent", "holder": "reader"}, status=201)["key"]
    listed = world.request("GET", "/v1/keys", key="admin")
    assert set(listed.json()["keys"][0]) == {"id", "kind", "holder", "created", "revoked", "cause"}
    assert secret.split("_", 2)[2] not in listed.text
    key = secret.split("_")[1]
    assert world.operate(f"/v1/keys/{key}/revoke", {})["key"]["revoked"] is True
    assert world.request("POST", f"/v1/keys/{key}/revoke", key="admin").status_code == 409


@pytest.mark.parametrize("name", GETS)
def test_a_list_is_for_operators_and_the_same_twice(world: World, name: str) -> None:
    path = f"/v1/{name}"
    assert code(world.request("GET", path, key=None)) == "remit.unauthenticated"
    assert code(world.request("GET", path, key="point")) == "remit.forbidden"
    assert code(world.request("GET", path, key="reader")) == "remit.forbidden"
    first, second = (world.request("GET", path, key="admin").json() for _ in range(2))
    first.pop("uptime_seconds", None), second.pop("uptime_seconds", None)
    assert first == second


@pytest.mark.parametrize(
    ("key", "method", "path", "body", "status"),
    [
        ("viewer", "POST", "/v1/agents", {"id": "x", "owner": "e"}, 403),
        ("viewer", "GET", "/v1/entries", None, 403),
        ("viewer", "GET", "/v1/keys", None, 403),
        ("admin", "POST", "/v1/outcomes", {"decision": "d", "status": "succeeded"}, 403),
        ("point", "POST", "/v1/outcomes", {"decision": "d", "status": "succeeded"}, 404),
        ("admin", "GET", "/v1/agents?id=nobody", None, 404),
        ("admin", "GET", "/v1/missions/nothing", None, 404),
        ("admin", "GET", "/v1/approvals/nothing", None, 404),
        ("admin", "GET", "/v1/records/nothing", None, 404),
        ("admin", "GET", "/v1/elsewhere", None, 404),
        ("admin", "DELETE", "/v1/agents", None, 405),
        ("point", "GET", "/v1/tokens/consume", None, 405),
        ("admin", "POST", "/v1/points", {"id": "local", "servers": ["*"]}, 409),
        ("admin", "POST", "/v1/operators", {"id": "admin", "roles": ["admin"]}, 409),
        ("admin", "POST", "/v1/operators", {"id": "x", "roles": []}, 400),
        ("admin", "POST", "/v1/operators", {"id": "x", "roles": ["king"]}, 400),
        ("admin", "POST", "/v1/points", {"id": "x\n", "servers": ["*"]}, 400),
        ("admin", "POST", "/v1/missions", {"agent": "reader", "purpose": "none", "goal": "x"}, 400),
        (
            "admin",
            "POST",
            "/v1/missions",
            {"agent": "reader", "purpose": "assist", "goal": "x", "lifetime_seconds": "9"},
            400,
        ),
        ("admin", "GET", "/v1/entries?limit=0", None, 400),
        ("admin", "GET", "/v1/entries?start=x", None, 400),
        ("admin", "GET", "/v1/approvals?state=maybe", None, 400),
        ("admin", "GET", "/v1/instances", None, 400),
    ],
)
def test_what_is_not_allowed_or_not_there_has_its_status(
    world: World, key: str, method: str, path: str, body: Any, status: int
) -> None:
    answer = world.request(method, path, key=key, **({} if body is None else {"json": body}))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body", [b'{"id":"a","id":"b","owner":"e"}', b'{"id":"a","owner":"\\ud800"}', b"[]", b"", b"{"]
)
def test_bodies_are_read_strictly(world: World, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    assert world.request("POST", "/v1/agents", key="admin", content=body, headers=headers).status_code == 400


def test_entries_are_paged_from_both_ends(world: World) -> None:
    whole = world.request("GET", "/v1/entries?limit=1000", key="auditor").json()
    size = whole["size"]
    assert [entry["seq"] for entry in whole["entries"]] == list(range(size))
    page = world.request("GET", "/v1/entries?start=1&limit=2", key="auditor").json()["entries"]
    assert [entry["seq"] for entry in page] == [1, 2]
    last = world.request("GET", "/v1/entries?start=-2", key="auditor").json()["entries"]
    assert [entry["seq"] for entry in last] == [size - 2, size - 1]
    assert world.request("GET", f"/v1/entries?start={size + 5}", key="auditor").json()["entries"] == []


def test_policies_that_cannot_work_are_refused_and_the_active_ones_stay(world: World) -> None:
    before = world.request("GET", "/v1/policies", key="admin").json()
    broken = world.directory / "policies" / "broken.cedar"
    broken.write_text("permit (principal, action, resource) when { nonsense };")
    answer = world.request("POST", "/v1/policies/reload", key="admin")
    assert (answer.status_code, code(answer)) == (409, "remit.refused")
    assert "broken.cedar" in answer.json()["error"]["message"]
    assert world.request("GET", "/v1/policies", key="admin").json() == before
    broken.unlink()
    assert world.operate("/v1/policies/reload", {}) == before


def test_readiness_says_what_is_wrong_and_health_only_that_it_lives(world: World) -> None:
    assert world.request("GET", "/ready", key=None).json() == {"ready": True, "problems": []}
    world.remit.publishing_failed = "no space left"
    try:
        answer = world.request("GET", "/ready", key=None)
        assert answer.status_code == 503
        assert "no space left" in answer.json()["problems"][0]
        assert world.request("GET", "/v1/status", key="viewer").json()["healthy"] is False
    finally:
        world.remit.publishing_failed = ""
    assert world.request("GET", "/health", key=None).json() == {"status": "ok"}


def test_status_counts_what_there_is(world: World) -> None:
    said = world.request("GET", "/v1/status", key="viewer").json()
    assert said["agents"]["active"] >= 2
    assert said["entries"] == world.request("GET", "/v1/entries?limit=1", key="admin").json()["size"]
    assert said["mode"] == "enforce"


def test_the_document_covers_every_route_and_names_no_outside_asset(world: World) -> None:
    answer = world.request("GET", "/openapi.json", key=None)
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    links = world.request("GET", "/", key=None).json()["links"]
    assert set(links.values()) <= set(document["paths"])
    for path, item in document["paths"].items():
        for operation in item.values():
            assert ("security" in operation) is path.startswith(("/v1/", "/access/"))
    assert "cdn" not in answer.text
    assert world.request("GET", "/schema", key=None).status_code == 404
    names = set(document["components"]["schemas"])
    referred = {part.split('"')[0] for part in answer.text.split("#/components/schemas/")[1:]}
    assert referred <= names
