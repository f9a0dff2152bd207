"""What is revoked while a body is still arriving decides, attests and changes nothing (I5)."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from tests.interaction.late_body import Late, World, serving


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("late")) as running:
        yield running


def evaluation(world: World, agent: str = "", tool: str = "read_file", **context: Any) -> dict[str, Any]:
    agent = agent or world.holder("agent")[0]
    reads = tool == "read_file"
    arguments = {"name": "a.txt"} if reads else {"recipient": "ACME", "amount": 4500}
    mission = world.mission(agent) if reads else world.mission(agent, "Pay 4500.00 to ACME", "pay-bills")
    return {
        "subject": {"type": "agent", "id": agent},
        "action": {"name": tool},
        "resource": {"type": "tool", "id": f"desk/{tool}"},
        "context": {"mission": mission, "arguments": arguments, **context},
    }


def decided(world: World, body: dict[str, Any], outcome: str) -> dict[str, Any]:
    context: dict[str, Any] = world.post("/access/v1/evaluation", body, world.holder("point")[1])["context"]
    assert context["outcome"] == outcome, context
    return context


def submission(world: World) -> dict[str, Any]:
    body = evaluation(world, tool="make_payment", call_id="c1")
    context = decided(world, body, "ask")
    offer = context["access_request"]
    return {**body, "denial": {name: offer[name] for name in ("expires_at", "binding_token")}}


def token(world: World) -> str:
    issued = decided(world, evaluation(world, token={"audience": "desk"}), "permit")
    return str(issued["token"]["access_token"])


def request(world: World, _: str) -> tuple[str, Any]:
    asked = decided(world, evaluation(world, tool="make_payment"), "ask")["access_request"]["id"]
    return f"/access/v1/requests/{asked}/cancel", {"reason": "not needed"}


def outcome(world: World, _: str) -> tuple[str, Any]:
    permitted = decided(world, evaluation(world), "permit")["id"]
    return "/v1/outcomes", {"decision": permitted, "status": "succeeded", "content": "x"}


class Use(NamedTuple):
    """What is asked late, by whom; `make` takes the caller's name."""

    caller: str
    make: Callable[[World, str], tuple[str, Any]]
    form: bool = False


USES = {
    "evaluation by a point": Use("point", lambda world, _: ("/access/v1/evaluation", evaluation(world))),
    "evaluation by an agent": Use("agent", lambda world, me: ("/access/v1/evaluation", evaluation(world, me))),
    "evaluations": Use(
        "point", lambda world, _: ("/access/v1/evaluations", {"evaluations": [evaluation(world), evaluation(world)]})
    ),
    "an access request": Use("point", lambda world, _: ("/access/v1/requests", submission(world))),
    "cancelling an access request": Use("point", request),
    "an outcome": Use("point", outcome),
    "using a token": Use("point", lambda world, _: ("/v1/tokens/consume", {"token": token(world), "audience": "desk"})),
    "looking at a token": Use("point", lambda world, _: ("/v1/tokens/introspect", {"token": token(world)})),
    "looking at a token by a form": Use(
        "point", lambda world, _: ("/v1/tokens/introspect", f"token={token(world)}"), form=True
    ),
    "an agent's mission": Use(
        "agent", lambda _, me: ("/v1/missions", {"agent": me, "purpose": "assist", "goal": "x", "subject": "user:ann"})
    ),
    "an operator's agent": Use("operator", lambda _, me: ("/v1/agents", {"id": f"new-{me}", "owner": "ann"})),
    "an operator's revocation": Use(
        "operator",
        lambda world, _: ("/v1/revoke", {"kind": "agent", "id": world.holder("agent")[0], "cause": "test"}),
    ),
}


def late(world: World, use: Use, name: str, key: str) -> Late:
    path, body = use.make(world, name)
    if use.form:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return Late(world.port, path, key, body.encode(), kind)
    return Late(world.port, path, key, json.dumps(body).encode())


@pytest.mark.parametrize("named", USES)
def test_a_body_that_comes_late_is_served_while_nothing_was_revoked(world: World, named: str) -> None:
    use = USES[named]
    with late(world, use, *world.holder(use.caller)) as request:
        status, _ = request.finish()
    assert 200 <= status < 300


@pytest.mark.parametrize("what", ["key", "holder"])
@pytest.mark.parametrize("named", USES)
def test_a_key_or_holder_that_ends_while_the_body_arrives_does_nothing(world: World, named: str, what: str) -> None:
    use = USES[named]
    name, key = world.holder(use.caller)
    with late(world, use, name, key) as request:
        id = key.split("_")[1] if what == "key" else name
        world.post("/v1/revoke", {"kind": "key" if what == "key" else use.caller, "id": id, "cause": "test"})
        before = len(world.entries())
        status, answer = request.finish()
    assert status == 401, answer
    assert len(world.entries()) == before < 1000
    assert not any(entry["actor"] == f"{use.caller}:{name}" for entry in world.entries())


@pytest.mark.parametrize("what", ["agent", "mission", "tenant"])
@pytest.mark.parametrize("named", ["evaluation by a point", "evaluation by an agent", "evaluations", "using a token"])
def test_what_is_stopped_while_the_body_arrives_is_not_permitted(world: World, named: str, what: str) -> None:
    """The caller is still known, and is told why."""
    agent, its_key = world.holder("agent")
    wanted: dict[str, Any] = {"token": {"audience": "desk"}} if named == "using a token" else {}
    body = evaluation(world, agent, **wanted)
    path, key = "/access/v1/evaluation", world.holder("point")[1]
    match named:
        case "evaluation by an agent":
            key = its_key
        case "evaluations":
            path, body = path + "s", {**body, "evaluations": [{}, {}]}
        case "using a token":
            path, sent = "/v1/tokens/consume", decided(world, body, "permit")["token"]["access_token"]
            body = {"token": sent, "audience": "desk", "context": body["context"]}
    ids = {"agent": agent, "mission": body["context"]["mission"], "tenant": ""}
    stop = {"kind": what, "id": ids[what], "cause": "test", "quarantine": what == "agent"}
    try:
        with Late(world.port, path, key, json.dumps(body).encode()) as request:
            world.post("/v1/revoke", stop)
            status, answer = request.finish()
    finally:
        if what == "tenant":
            world.post("/v1/resume", {"kind": "tenant", "cause": "test"}, world.second)
    if named == "using a token":
        assert (status, answer["error"]["code"]) == (403, "remit.token_refused")
        return
    assert status == 200
    answers = answer["evaluations"] if named == "evaluations" else [answer]
    assert [one["decision"] for one in answers] == [False] * len(answers)
    code = {"agent": "remit.agent_inactive", "mission": "remit.mission_inactive", "tenant": "remit.tenant_stopped"}
    assert {one["context"]["reasons"][0]["code"] for one in answers} == {code[what]}
