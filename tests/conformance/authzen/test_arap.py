"""AuthZEN ARAP, draft 1: from a denial over people's approval to one permit, and every way that must not lead there."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from joserfc import jws
from joserfc.jwk import KeySet
from tests.conformance.authzen.arap_duties import DUTIES
from tests.conformance.authzen.world import World, serving
from tests.conformance.requirements import covered, covers

URN = "urn:openid:authzen:access-request:error:"
REQUESTS = "/access/v1/requests"
SCHEMA = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "amount": {"type": "number"}},
    "required": ["to", "amount"],
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("arap") / "remit") as running:
        furnish(running)
        yield running


def furnish(world: World) -> None:
    document = {"name": "pay", "description": "Pay money to a recipient", "schema": SCHEMA}
    world.operate("/v1/tools", {"server": "bank", "format": "schema", "document": document})
    for name in ("clerk", "other"):
        world.keys[name] = world.operate("/v1/agents", {"id": name, "owner": "user:ann"})["key"]
    for name in ("olga", "ann"):
        body = {"id": name, "roles": ["approver"], "groups": ["operators"]}
        world.keys[name] = world.operate("/v1/operators", body)["key"]
    world.keys["vic"] = world.operate("/v1/operators", {"id": "vic", "roles": ["viewer"]})["key"]
    world.keys["mail"] = world.operate("/v1/points", {"id": "mail", "servers": ["mail"]})["key"]


def call(world: World, amount: int = 4500, **context: Any) -> dict[str, Any]:
    body = {"agent": "clerk", "purpose": "pay-bills", "goal": f"Pay {amount}.00 to ACME", "subject": "user:greta"}
    mission = world.operate("/v1/missions", body)["mission"]["id"]
    return {
        "subject": {"type": "agent", "id": "clerk", "properties": {"department": "x", "act": {"sub": "y"}}},
        "action": {"name": "pay"},
        "resource": {"type": "tool", "id": "bank/pay"},
        "context": {"mission": mission, "arguments": {"to": "ACME", "amount": amount}, "time": "now", **context},
    }


def denied(world: World, body: dict[str, Any], **rest: Any) -> dict[str, Any]:
    said = world.evaluate(body, **rest).json()
    assert said["decision"] is False, said
    context: dict[str, Any] = said["context"]
    return context


def submission(body: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    offer = context["access_request"]
    return {
        **body,
        "denial": {
            "evaluation_id": context["evaluation_id"],
            "expires_at": offer["expires_at"],
            "reason": context["reason"],
            "template": offer["template"],
            "binding_token": offer["binding_token"],
        },
    }


def submit(world: World, body: Any, *, key: str = "point", idempotency: str | None = None) -> Any:
    headers = {} if idempotency is None else {"idempotency-key": idempotency}
    return world.request("POST", REQUESTS, key=key, headers=headers, json=body)


def task(world: World, id: str, key: str = "point") -> Any:
    return world.request("GET", f"{REQUESTS}/{id}", key=key)


def decide(world: World, id: str, state: str = "approved", *, by: str = "olga", status: int = 200) -> Any:
    return world.operate(f"/v1/approvals/{id}/answer", {"state": state}, key=by, status=status)


def problem(answer: Any, status: int, name: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert (said["type"], said["status"]) == (URN + name, status)
    assert said["title"]
    assert said["detail"]


@pytest.fixture
def asked(house: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """An evaluation that asks, and the context of its denial."""
    body = call(house)
    return body, denied(house, body)


@covers("arap.metadata", "arap.jwks")
def test_metadata_names_the_endpoint_the_capability_and_public_keys(house: World) -> None:
    said = house.request("GET", "/.well-known/authzen-configuration", key=None).json()
    base = said["policy_decision_point"]
    assert said["access_request_endpoint"] == base + REQUESTS
    assert "urn:openid:authzen:capability:access-request" in said["capabilities"]
    (jwk,) = house.request("GET", said["jwks_uri"].removeprefix(base), key=None).json()["keys"]
    assert (jwk["use"], set(jwk)) == ("sig", {"kty", "crv", "x", "kid", "use", "alg"})


@covers(
    "arap.signal",
    "arap.expires-at",
    "arap.binding-material",
    "arap.evaluation-id",
    "arap.reason",
    "arap.denial-stays",
    "arap.schema",
)
def test_a_denial_that_a_person_may_lift_says_how(house: World, asked: Any) -> None:
    _, context = asked
    offer = context["access_request"]
    assert offer["endpoint"].endswith(REQUESTS)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", offer["expires_at"])
    assert (context["reason"], context["evaluation_id"]) == ("approval_required", context["id"])
    base = house.request("GET", "/.well-known/authzen-configuration", key=None).json()["policy_decision_point"]
    schema = house.request("GET", offer["request_schema_url"].removeprefix(base), key=None).json()
    assert schema["$schema"].startswith("https://json-schema.org/")
    permitted = house.evaluate(call(house, amount=10)).json()
    assert permitted["decision"] is True
    final = denied(house, {**call(house), "subject": {"type": "agent", "id": "nobody"}})
    assert "access_request" not in permitted["context"]
    assert "access_request" not in final


@covers("arap.token-claims", "arap.token-hash")
def test_the_binding_token_verifies_by_the_published_key_and_hashes_what_the_draft_says(
    house: World, asked: Any
) -> None:
    body, context = asked
    keys = KeySet.import_key_set(house.request("GET", "/access-requests/jwks", key=None).json())
    token = jws.deserialize_compact(context["access_request"]["binding_token"], keys, algorithms=["Ed25519"])
    claims = json.loads(token.payload)
    assert claims["iss"] == claims["aud"]
    assert claims["iat"] < claims["exp"]
    assert claims["jti"] == claims["evaluation_id"] == context["evaluation_id"]
    assert claims["denial_expires_at"] == context["access_request"]["expires_at"]
    members = claims["binding_context_members"]
    whole = {
        "subject": {"type": "agent", "id": "clerk", "properties": {"department": "x"}},
        "resource": body["resource"],
        "action": body["action"],
        "context": {name: body["context"][name] for name in members},
    }
    hashed = base64.urlsafe_b64encode(hashlib.sha256(rfc8785.dumps(whole)).digest()).rstrip(b"=").decode()
    assert claims["binding_hash"] == hashed
    assert set(members) == {"mission", "arguments"}


@covers(
    "arap.accepted",
    "arap.opaque",
    "arap.status",
    "arap.no-names",
    "arap.result",
    "arap.one-transition",
    "arap.unchanged",
    "arap.permit",
    "arap.once",
    "arap.next-action",
    "arap.audit",
)
def test_denied_requested_approved_evaluated_again_and_permitted_once(house: World, asked: Any) -> None:
    body, context = asked
    answer = submit(house, submission(body, context), idempotency="whole-way")
    assert answer.status_code == 202
    handle = answer.json()["task"]
    assert answer.headers["location"] == handle["status_endpoint"]
    assert (handle["status"], "result" in answer.json()) == ("pending", False)
    assert len(handle["id"]) >= 22
    assert handle["links"]["cancel"].startswith(handle["status_endpoint"])

    decide(house, handle["id"])
    done = task(house, handle["id"])
    assert (done.status_code, done.json()["task"]["status"]) == (200, "approved")
    assert "olga" not in done.text
    result = done.json()["result"]
    assert result["mode"] == "reevaluate"
    assert "approved_until" in result["approval"]
    again = {**body, "context": {**body["context"], "approval": result["approval"], "time": "later"}}
    permitted = house.evaluate(again).json()
    assert permitted["decision"] is True, permitted
    assert permitted["context"]["approval"]["id"] == result["approval"]["id"]

    after = denied(house, again)
    assert (after["reason"], after["next_action"]) == ("approval_expired", "request")
    assert after["access_request"]["id"] != handle["id"]
    assert task(house, handle["id"]).json()["task"]["status"] == "approved"

    story = house.request("GET", f"/v1/records/{handle['id']}", key="admin").json()["entries"]
    assert [entry["kind"] for entry in story] == ["approval.requested", "approval.approved"]
    assert story[0]["facts"]["decision"] == context["evaluation_id"]
    used = house.request("GET", f"/v1/records/{permitted['context']['id']}", key="admin").json()["entries"][0]
    assert used["facts"]["approval"] == handle["id"]


@covers("arap.by-evaluation")
def test_the_evaluations_id_alone_binds_and_also_that_of_a_later_ask_of_the_same_call(house: World) -> None:
    body = call(house, call_id="the-same")
    first, second = denied(house, body), denied(house, body)
    assert first["evaluation_id"] != second["evaluation_id"]
    assert first["access_request"]["id"] == second["access_request"]["id"]
    for context in (first, second):
        sent = submission(body, context)
        del sent["denial"]["binding_token"]
        assert submit(house, sent).json()["task"]["id"] == first["access_request"]["id"]
        changed = {**sent, "context": {**body["context"], "arguments": {"to": "EVIL", "amount": 4500}}}
        problem(submit(house, changed), 400, "invalid_denial_binding")


@covers("arap.no-binding", "arap.not-requestable", "arap.problems")
def test_what_is_bound_to_no_requestable_denial_is_refused(house: World, asked: Any) -> None:
    body, context = asked
    sent = submission(body, context)
    problem(submit(house, body), 400, "invalid_denial_binding")
    only = {"expires_at": sent["denial"]["expires_at"]}
    problem(submit(house, {**sent, "denial": only}), 400, "invalid_denial_binding")
    problem(submit(house, {**sent, "denial": {**only, "evaluation_id": "d_none"}}), 400, "invalid_denial_binding")
    small = call(house, amount=10)
    permitted = house.evaluate(small).json()["context"]["evaluation_id"]
    problem(submit(house, {**small, "denial": {**only, "evaluation_id": permitted}}), 400, "not_requestable")
    broken = submit(house, {**sent, "subject": "clerk"})
    assert (broken.status_code, broken.headers["content-type"]) == (400, "application/problem+json")
    assert broken.json()["type"] == "about:blank"


CHANGES: dict[str, dict[str, Any]] = {
    "another agent": {"subject": {"type": "agent", "id": "other", "properties": {"department": "x"}}},
    "another property": {"subject": {"type": "agent", "id": "clerk", "properties": {"department": "z"}}},
    "another tool": {"resource": {"type": "tool", "id": "bank/move"}, "action": {"name": "move"}},
    "another action": {"action": {"name": "move"}},
    "more in the action": {"action": {"name": "pay", "properties": {"soft": True}}},
}


@covers("arap.substitution")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_not_denied_cannot_be_requested(house: World, asked: Any, change: dict[str, Any]) -> None:
    body, context = asked
    problem(submit(house, {**submission(body, context), **change}), 400, "invalid_denial_binding")


@covers("arap.substitution", "arap.augmented")
def test_the_context_may_grow_but_what_counts_in_it_may_not_change(house: World, asked: Any) -> None:
    body, context = asked
    sent, own = submission(body, context), body["context"]
    other = call(house)["context"]["mission"]
    for wrong in (
        {**own, "arguments": {**own["arguments"], "amount": 9000}},
        {**own, "mission": other},
        {name: value for name, value in own.items() if name != "arguments"},
        {},
    ):
        problem(submit(house, {**sent, "context": wrong}), 400, "invalid_denial_binding")
    grown = {**own, "business_justification": "the invoice is due", "call_id": context["call_id"], "time": "later"}
    assert submit(house, {**sent, "context": grown}).status_code == 202
    seen = house.request("GET", f"/v1/approvals/{context['access_request']['id']}", key="olga").json()
    assert seen["justification"] == "the invoice is due"
    assert seen["call"]["arguments"] == own["arguments"]


@covers("arap.token-integrity")
def test_a_token_in_any_other_form_binds_nothing(house: World, asked: Any) -> None:
    body, context = asked
    sent = submission(body, context)
    token = sent["denial"]["binding_token"]
    head, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    none = f"{part({'alg': 'none'})}.{payload}."
    later = f"{head}.{part({**claims, 'exp': claims['exp'] + 900})}.{signature}"
    for forged in (none, later, token + "=", token + "A", f"{head}.{payload}.", f" {token}", "x", "é" * 20, token * 2):
        denial = {**sent["denial"], "binding_token": forged}
        problem(submit(house, {**sent, "denial": denial}), 400, "invalid_denial_binding")
    denial = {**sent["denial"], "evaluation_id": denied(house, call(house))["evaluation_id"]}
    problem(submit(house, {**sent, "denial": denial}), 400, "invalid_denial_binding")


@covers("arap.token-integrity")
def test_a_token_of_another_decision_point_binds_nothing(house: World, asked: Any, tmp_path: Path) -> None:
    body, context = asked
    with serving(tmp_path / "remit") as elsewhere:
        furnish(elsewhere)
        problem(submit(elsewhere, submission(body, context)), 400, "invalid_denial_binding")


@covers("arap.echoed-expiry")
def test_the_expiry_is_the_denials_own(house: World, asked: Any) -> None:
    sent = submission(*asked)
    for with_token in (True, False):
        denial = {**sent["denial"], "expires_at": "2099-01-01T00:00:00Z"}
        if not with_token:
            del denial["binding_token"]
        problem(submit(house, {**sent, "denial": denial}), 400, "invalid_denial_binding")


@covers("arap.idempotent", "arap.duplicate", "arap.key-scope")
def test_a_key_belongs_to_one_caller_and_one_body(house: World, asked: Any) -> None:
    body, context = asked
    sent = submission(body, context)
    first = submit(house, sent, idempotency="k-1")
    reordered = dict(reversed(sent.items()))
    again = submit(house, reordered, idempotency="k-1")
    assert first.json()["task"] == again.json()["task"]
    problem(
        submit(house, {**sent, "requested_access": {"emergency": True}}, idempotency="k-1"), 409, "duplicate_request"
    )
    own = denied(house, body, key="clerk")
    assert submit(house, submission(body, own), key="clerk", idempotency="k-1").status_code == 202
    for wrong in ("", "x" * 300, "a\tb"):
        assert submit(house, sent, idempotency=wrong).status_code == 400


@covers("arap.authenticated", "arap.authorized", "arap.status-scope")
def test_only_who_may_ask_for_the_call_submits_sees_and_cancels_it(house: World, asked: Any) -> None:
    sent = submission(*asked)
    id = asked[1]["access_request"]["id"]
    for key in ("other", "mail"):
        problem(submit(house, sent, key=key), 400, "invalid_denial_binding")
        problem(task(house, id, key), 404, "unknown_task")
        problem(house.request("POST", f"{REQUESTS}/{id}/cancel", key=key), 404, "unknown_task")
    problem(task(house, "a_none"), 404, "unknown_task")
    assert submit(house, sent, key="admin").status_code == 403
    for method, path in (("POST", REQUESTS), ("GET", f"{REQUESTS}/{id}"), ("POST", f"{REQUESTS}/{id}/cancel")):
        answer = house.request(method, path, key=None)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert task(house, id, "clerk").json()["task"]["status"] == "pending"


@covers("arap.actor")
def test_an_actor_is_believed_only_as_far_as_the_key_proves_it(house: World, asked: Any) -> None:
    sent = submission(*asked)
    for actor in ({"id": "boss"}, {"id": "clerk", "act": {"sub": "boss", "iss": "x"}}):
        assert submit(house, {**sent, "client": {"actor": actor}}).status_code == 403
    assert submit(house, {**sent, "client": {"name": "app", "actor": {"id": "clerk"}}}).status_code == 202


@covers("arap.cancel", "arap.cancel-terminal")
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_the_requester_cancels_once(house: World, asked: Any, method: str) -> None:
    handle = submit(house, submission(*asked)).json()["task"]
    base = house.request("GET", "/.well-known/authzen-configuration", key=None).json()["policy_decision_point"]
    path = handle["links"]["cancel"].removeprefix(base)
    answer = house.request(method, path, json={"reason": "abandoned", "comment": "never mind\x1b[2J"})
    assert (answer.status_code, answer.json()["task"]["status"]) == (200, "cancelled")
    assert "result" not in answer.json()
    problem(house.request(method, path), 409, "invalid_task_state")
    decide(house, handle["id"], status=409)
    assert denied(house, {**asked[0], "context": {**asked[0]["context"], "approval": handle["id"]}})


@covers("arap.eligible")
def test_neither_the_ineligible_nor_who_drives_it_approves(house: World, asked: Any) -> None:
    id = asked[1]["access_request"]["id"]
    for by in ("vic", "ann", "point", "clerk"):
        decide(house, id, by=by, status=403)
    assert task(house, id).json()["task"]["status"] == "pending"
    decide(house, id, "denied", by="olga")
    assert task(house, id).json()["task"]["status"] == "denied"
    assert "result" not in task(house, id).json()


@covers("arap.not-a-grant", "arap.next-action", "arap.current-policy")
def test_an_approval_grants_nothing_but_the_call_it_is_for(house: World, asked: Any) -> None:
    body, context = asked
    id = context["access_request"]["id"]
    decide(house, id)
    elsewhere = call(house)
    said = denied(house, {**elsewhere, "context": {**elsewhere["context"], "approval": {"id": id}}})
    assert (said["reason"], said["next_action"]) == ("out_of_scope", "request")
    said = denied(house, {**body, "context": {**body["context"], "approval": {"id": "a_none"}}})
    assert (said["reason"], said["next_action"]) == ("approval_unverifiable", "request")
    mission = body["context"]["mission"]
    house.operate(f"/v1/missions/{mission}/state", {"state": "suspended", "cause": "test"})
    said = denied(house, {**body, "context": {**body["context"], "approval": {"id": id}}})
    assert said["next_action"] == "none"
    assert "access_request" not in said


@covers("arap.expired-denial", "arap.expired")
def test_after_its_time_nothing_is_accepted_and_the_task_is_expired(tmp_path: Path) -> None:
    with serving(tmp_path / "remit") as world:
        furnish(world)
        body = call(world)
        context = denied(world, body)
        sent, id = submission(body, context), context["access_request"]["id"]
        clock = world.remit.administration.office.clock
        later = clock.now() + 16 * 60_000
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(clock), "now", lambda self: later)
            for without in ((), ("binding_token",)):
                denial = {name: value for name, value in sent["denial"].items() if name not in without}
                problem(submit(world, {**sent, "denial": denial}), 410, "expired_denial")
            assert task(world, id).json()["task"]["status"] == "expired"
            assert [one["id"] for one in listed(world, "expired")] == [id]
            assert listed(world, "pending") == []
            decide(world, id, status=409)
            kinds = world.request("GET", f"/v1/records/{id}", key="admin").json()["entries"]
            assert [entry["kind"] for entry in kinds] == ["approval.expired"]


def listed(world: World, state: str) -> Any:
    return world.request("GET", "/v1/approvals", key="admin", params={"state": state}).json()["approvals"]


def test_the_manifest_and_the_tests_are_the_same_list() -> None:
    import sys

    assert covered([sys.modules[__name__]]) == {duty.id for duty in DUTIES}
    assert len({duty.id for duty in DUTIES}) == len(DUTIES)
