"""Every route of the assembled application, as a table that a reviewer can argue with (I8).

Whoever adds a route adds a row: what it is for, and who may use it. The rows are tried: without a key, as each kind of
caller, and whether what changed something left its entry.
"""

import ast
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.conformance.authzen.world import World, serving

import remit
from remit.administration import PERMISSIONS, Act, Revocable
from remit.terms import Role

SOURCE = Path(remit.__file__).parent
UPSTREAM = 'unbound_tokens = true\nupstreams = { mail = { url = "http://127.0.0.1:9/mcp" } }\n'

PUBLIC = "public"  # says nothing that only some may know
DECIDES = "decides"  # goes through `Mediator.decide`
ATTESTS = "attests"  # goes through `Mediator.complete` or the token desk
READS = "reads"
ADMINISTERS = "administers"  # each success is an entry

OPERATORS = ("admin", "approver", "auditor", "viewer")
CALLERS = (*OPERATORS, "agent", "point")

numbers = itertools.count(1)


class Route(NamedTuple):
    """`callers` may use it; `make` prepares what one use is for and gives the rest of the path and the body."""

    kind: str
    callers: tuple[str, ...] = ()
    make: Callable[[World], tuple[str, Any]] | None = None


def nothing(_: World) -> tuple[str, Any]:
    return "", None


def agent(world: World) -> str:
    name = f"agent-{next(numbers)}"
    world.operate("/v1/agents", {"id": name, "owner": "greta"}, status=201)
    return name


def mission(world: World, state: str = "") -> str:
    body = {"agent": "clerk", "purpose": "pay-bills", "goal": "Pay 4500.00 to ACME", "subject": "user:greta"}
    found: str = world.operate("/v1/missions", body, status=201)["mission"]["id"]
    if state:
        world.operate(f"/v1/missions/{found}/state", {"state": state, "cause": "test"})
    return found


def evaluation(world: World, **more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "agent", "id": "clerk"},
        "action": {"name": "pay"},
        "resource": {"type": "tool", "id": "bank/pay"},
        "context": {"mission": mission(world), "arguments": {"to": "ACME", "amount": 4500}, **more},
    }


def approval(world: World) -> str:
    asked = world.evaluate(evaluation(world, call_id=f"c{next(numbers)}")).json()["context"]
    assert asked["outcome"] == "ask", asked
    found: str = asked["access_request"]["id"]
    return found


def submission(world: World) -> tuple[str, Any]:
    body = evaluation(world, call_id=f"c{next(numbers)}")
    context = world.evaluate(body).json()["context"]
    offer = context["access_request"]
    denial = {name: offer[name] for name in ("expires_at", "binding_token")}
    return "", {**body, "denial": {**denial, "evaluation_id": context["evaluation_id"]}}


def operator(world: World) -> str:
    name = f"operator-{next(numbers)}"
    world.operate("/v1/operators", {"id": name, "roles": ["viewer"]}, status=201)
    return name


def tool(world: World) -> str:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    name = f"t{next(numbers)}"
    document = {"name": name, "schema": schema}
    world.operate("/v1/tools", {"server": "s", "format": "schema", "document": document})
    return f"s/{name}"


def key(world: World) -> str:
    secret: str = world.operate("/v1/keys", {"kind": "agent", "holder": agent(world)}, status=201)["key"]
    return secret.split("_")[1]


def instance(world: World) -> str:
    name = f"i{next(numbers)}"
    body = evaluation(world)
    body["subject"]["properties"] = {"instance": name}
    body["context"]["arguments"]["amount"] = 1
    assert world.evaluate(body).json()["context"]["outcome"] == "permit"
    return name


def changed_policy(world: World) -> tuple[str, Any]:
    policy = f'@id("more-{next(numbers)}") @reason("a test") permit (principal, action, resource) when {{ false }};'
    (world.directory / "policies" / "more.cedar").write_text(policy, encoding="utf-8")
    return "", {}


def outcome(world: World) -> tuple[str, Any]:
    body = evaluation(world)
    body["context"]["arguments"]["amount"] = 1
    return "", {"decision": world.evaluate(body).json()["context"]["id"], "status": "succeeded", "content": "paid"}


def token(world: World) -> tuple[str, Any]:
    body = evaluation(world, token={"audience": "bank"})
    body["context"]["arguments"]["amount"] = 1
    issued = world.evaluate(body).json()["context"]
    return "", {"token": issued["token"]["access_token"], "audience": "bank"}


def observing(world: World) -> dict[str, Any]:
    return {"id": f"agent:{agent(world)}", "mode": "observe", "lifetime_seconds": 60, "cause": "test"}


def wanted_mode(world: World) -> tuple[str, Any]:
    """A rule that somebody else asked for."""
    body = observing(world)
    world.operate("/v1/modes", body, key="stopper")
    return "", {"id": body["id"]}


def post(template: Callable[[World], Any]) -> Callable[[World], tuple[str, Any]]:
    return lambda world: ("", template(world))


def at(find: Callable[[World], str], body: Any = None) -> Callable[[World], tuple[str, Any]]:
    return lambda world: (find(world), body)


def on_stopped(world: World) -> tuple[str, Any]:
    """Somebody stopped everything; what follows is asked of somebody else."""
    world.operate("/v1/revoke", {"kind": "tenant", "cause": "test"}, key="stopper")
    return "", {"kind": "tenant", "cause": "test"}


ALL = OPERATORS
RECORD = ("admin", "approver", "auditor")
STOP = ("admin", "approver")
ADMIN = ("admin",)

ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/"): Route(PUBLIC),
    ("GET", "/health"): Route(PUBLIC),
    ("GET", "/ready"): Route(PUBLIC),
    ("GET", "/openapi.json"): Route(PUBLIC),
    ("GET", "/.well-known/authzen-configuration"): Route(PUBLIC),
    ("POST", "/access/v1/evaluation"): Route(DECIDES),
    ("POST", "/access/v1/evaluations"): Route(DECIDES),
    ("POST", "/mcp/{server}"): Route(DECIDES),
    ("GET", "/access-requests/jwks"): Route(PUBLIC),
    ("GET", "/access-requests/schema"): Route(PUBLIC),
    ("POST", "/access/v1/requests"): Route(ADMINISTERS, ("agent", "point"), submission),
    ("GET", "/access/v1/requests/{id}"): Route(READS, (*ALL, "agent", "point"), at(approval)),
    ("POST", "/access/v1/requests/{id}/cancel"): Route(ADMINISTERS, ("admin", "agent", "point"), at(approval)),
    ("DELETE", "/access/v1/requests/{id}/cancel"): Route(ADMINISTERS, ("admin", "agent", "point"), at(approval)),
    ("GET", "/.well-known/jwks.json"): Route(PUBLIC),
    ("GET", "/log/{tenant}/{path}"): Route(READS, RECORD, at(lambda _: "default/checkpoint")),
    ("GET", "/v1/log"): Route(READS, ALL, nothing),
    ("GET", "/v1/records/{id}/proof"): Route(READS, RECORD, at(lambda _: "policies")),
    ("GET", "/v1/modes"): Route(READS, ALL, nothing),
    ("POST", "/v1/modes"): Route(ADMINISTERS, ADMIN, post(observing)),
    ("POST", "/v1/modes/confirm"): Route(ADMINISTERS, ("admin", "approver"), wanted_mode),
    ("POST", "/v1/modes/clear"): Route(ADMINISTERS, STOP, wanted_mode),
    ("POST", "/v1/erasures"): Route(
        ADMINISTERS, ADMIN, post(lambda world: {"mission": mission(world, "revoked"), "cause": "test"})
    ),
    ("POST", "/v1/backups"): Route(ADMINISTERS, ADMIN, post(lambda _: {"keys": False})),
    ("POST", "/v1/token-keys/rotate"): Route(ADMINISTERS, ADMIN, post(lambda _: {})),
    ("POST", "/v1/tokens/consume"): Route(ATTESTS, ("point",), token),
    ("POST", "/v1/tokens/introspect"): Route(READS, ("point",), token),
    ("POST", "/v1/outcomes"): Route(ATTESTS, ("point",), outcome),
    ("GET", "/v1/status"): Route(READS, ALL, nothing),
    ("GET", "/v1/agents"): Route(READS, ALL, nothing),
    ("GET", "/v1/instances"): Route(READS, ALL, at(lambda _: "?agent=clerk")),
    ("GET", "/v1/missions"): Route(READS, ALL, nothing),
    ("GET", "/v1/missions/{id}"): Route(READS, (*ALL, "agent", "point"), at(mission)),
    ("GET", "/v1/tools"): Route(READS, ALL, nothing),
    ("GET", "/v1/operators"): Route(READS, ALL, nothing),
    ("GET", "/v1/points"): Route(READS, ALL, nothing),
    ("GET", "/v1/keys"): Route(READS, ADMIN, nothing),
    ("GET", "/v1/approvals"): Route(READS, ALL, nothing),
    ("GET", "/v1/approvals/{id}"): Route(READS, ALL, at(approval)),
    ("GET", "/v1/records/{id}"): Route(READS, RECORD, at(mission)),
    ("GET", "/v1/entries"): Route(READS, RECORD, nothing),
    ("GET", "/v1/policies"): Route(READS, ALL, nothing),
    ("POST", "/v1/agents"): Route(ADMINISTERS, ADMIN, post(lambda _: {"id": f"new-{next(numbers)}", "owner": "e"})),
    ("POST", "/v1/agents/state"): Route(
        ADMINISTERS, STOP, post(lambda world: {"id": agent(world), "state": "quarantined", "cause": "test"})
    ),
    ("POST", "/v1/instances/state"): Route(
        ADMINISTERS, STOP, post(lambda world: {"id": instance(world), "state": "quarantined", "cause": "test"})
    ),
    ("POST", "/v1/missions"): Route(
        ADMINISTERS,
        ("admin", "agent", "point"),
        post(lambda _: {"agent": "clerk", "purpose": "assist", "goal": "Read", "subject": "user:greta"}),
    ),
    ("POST", "/v1/missions/explain"): Route(
        READS, ("admin", "point"), post(lambda _: {"purpose": "assist", "goal": "Read report.txt"})
    ),
    ("POST", "/v1/missions/{id}/derive"): Route(
        ADMINISTERS, ("admin", "agent", "point"), at(mission, {"agent": "clerk"})
    ),
    ("POST", "/v1/missions/{id}/state"): Route(ADMINISTERS, STOP, at(mission, {"state": "revoked", "cause": "test"})),
    ("POST", "/v1/tools"): Route(
        ADMINISTERS,
        ("admin", "point"),
        post(
            lambda _: {
                "server": "s",
                "format": "schema",
                "document": {"name": f"n{next(numbers)}", "schema": {"type": "object"}},
            }
        ),
    ),
    ("POST", "/v1/tools/correct"): Route(
        ADMINISTERS, ADMIN, post(lambda world: {"id": tool(world), "classes": ["read"], "because": "I read it"})
    ),
    ("POST", "/v1/tools/state"): Route(
        ADMINISTERS, STOP, post(lambda world: {"id": tool(world), "state": "quarantined", "cause": "test"})
    ),
    ("POST", "/v1/operators"): Route(
        ADMINISTERS, ADMIN, post(lambda _: {"id": f"operator-{next(numbers)}", "roles": ["viewer"]})
    ),
    ("POST", "/v1/operators/change"): Route(
        ADMINISTERS, ADMIN, post(lambda world: {"id": operator(world), "roles": ["auditor"]})
    ),
    ("POST", "/v1/points"): Route(ADMINISTERS, ADMIN, post(lambda _: {"id": f"p-{next(numbers)}", "servers": ["s"]})),
    ("POST", "/v1/keys"): Route(ADMINISTERS, ADMIN, post(lambda world: {"kind": "agent", "holder": agent(world)})),
    ("POST", "/v1/keys/{id}/revoke"): Route(ADMINISTERS, ADMIN, at(key)),
    ("POST", "/v1/approvals/{id}/answer"): Route(ADMINISTERS, ("approver",), at(approval, {"state": "approved"})),
    ("POST", "/v1/policies/reload"): Route(ADMINISTERS, ADMIN, changed_policy),
    ("POST", "/v1/revoke"): Route(
        ADMINISTERS, STOP, post(lambda world: {"kind": "agent", "id": agent(world), "cause": "test"})
    ),
    ("POST", "/v1/resume"): Route(ADMINISTERS, ADMIN, on_stopped),
}


# Routes that ask for no operator's act: of agents and enforcement points, which the path and the desks tell apart.
OF_OTHERS = {
    ("POST", "/access/v1/requests"),
    ("GET", "/access/v1/requests/{id}"),
    ("POST", "/v1/tokens/consume"),
    ("POST", "/v1/tokens/introspect"),
    ("POST", "/v1/outcomes"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("routes") / "remit", config=UPSTREAM) as running:
        running.keys["agent"] = running.operate("/v1/agents", {"id": "clerk", "owner": "ann"}, status=201)["key"]
        schema = {
            "type": "object",
            "properties": {"to": {"type": "string"}, "amount": {"type": "number"}},
            "required": ["to", "amount"],
        }
        document = {"name": "pay", "description": "Pay money to a recipient", "schema": schema}
        running.operate("/v1/tools", {"server": "bank", "format": "schema", "document": document})
        for role in ("approver", "auditor", "viewer"):
            body = {"id": role, "roles": [role], "groups": ["operators"]}
            running.keys[role] = running.operate("/v1/operators", body, status=201)["key"]
        running.keys["stopper"] = running.operate("/v1/operators", {"id": "stopper", "roles": ["admin"]})["key"]
        yield running


def routes_of(application: Any) -> set[tuple[str, str]]:
    """What the application answers: the front's own tables, the framework's, and the gateway's mount."""
    front = application.api
    documented = {
        (method.upper(), path)
        for path, item in front_document(front)["paths"].items()
        for method in item
        if method in ("get", "post", "put", "patch", "delete")
    }
    served = {
        (method, route.path_format)
        for route in front._rest.routes
        for method in route.methods
        if method not in ("OPTIONS", "HEAD")
    }
    return documented | served | {("POST", "/mcp/{server}")}


def front_document(front: Any) -> Any:
    return json.loads(front._documents["/openapi.json"]())


def filled(path: str, part: str) -> str:
    start, brace, rest = path.removesuffix("/{path}").partition("{")
    if not brace:
        return path + part
    return start + part + rest.partition("}")[2]


def size(world: World) -> int:
    found: int = world.remit.store.size(world.remit.tenant)
    return found


def test_the_table_has_every_route_of_the_assembled_application_and_no_other(world: World) -> None:
    assert routes_of(world.remit) == set(ROUTES)


def test_paths_that_the_front_answers_itself_are_in_the_table(world: World) -> None:
    own = {
        path
        for value in vars(world.remit.api).values()
        if isinstance(value, dict)
        for path in value
        if isinstance(path, str) and path.startswith("/")
    }
    assert own <= {path for _, path in ROUTES}


@pytest.mark.parametrize(("method", "path"), list(ROUTES))
def test_without_a_valid_key_only_public_routes_answer_and_nothing_is_written(
    world: World, method: str, path: str
) -> None:
    before = size(world)
    parts = {"/mcp/{server}": "mail", "/log/{tenant}/{path}": "default/checkpoint"}
    target = filled(path, parts.get(path, "x" if "{" in path else ""))
    for headers in (
        {},
        {"authorization": "Bearer remit_0123456789abcdef_" + "a" * 43},
        {"authorization": "Basic eDp5"},
    ):
        sent = {} if method == "GET" else {"content": b"\xff not JSON"}
        answer = world.request(method, target, key=None, headers=headers, **sent)
        if ROUTES[method, path].kind == PUBLIC:
            assert answer.status_code == 200
        else:
            assert answer.status_code == 401, answer.text
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert size(world) == before


GUARDED = [(route, caller) for route, row in ROUTES.items() if row.make is not None for caller in CALLERS]


@pytest.mark.parametrize(("route", "caller"), GUARDED, ids=[f"{r[1]}-{r[0]}-{c}" for r, c in GUARDED])
def test_each_caller_may_use_what_the_table_says_and_every_act_is_an_entry(
    world: World, route: tuple[str, str], caller: str
) -> None:
    method, path = route
    row = ROUTES[route]
    assert row.make is not None
    part, body = row.make(world)
    before = size(world)
    answer = world.request(method, filled(path, part), key=caller, **({} if body is None else {"json": body}))
    try:
        if caller in row.callers:
            assert answer.is_success, answer.text
            written = world.remit.store.entries(world.remit.tenant, before, size(world))
            assert bool(written) == (row.kind != READS)
            assert all(f'"actor":"{actor(caller)}"'.encode() in entry for entry in written)
        else:
            assert answer.status_code == 403, answer.text
            assert size(world) == before
    finally:
        running_again(world)


def actor(caller: str) -> str:
    return {"agent": "agent:clerk", "point": "point:local"}.get(caller, f"operator:{caller}")


def running_again(world: World) -> None:
    stop = world.remit.store.stop(world.remit.tenant)
    if stop is not None and stop.stopped:
        world.operate("/v1/resume", {"kind": "tenant", "cause": "test"})


@pytest.mark.parametrize("role", ["approver", "auditor", "viewer"])
def test_only_admins_manage(role: str) -> None:
    """The table that the product reads, against what it is meant to say."""
    allowed = {act for act, roles in PERMISSIONS.items() if Role(role) in roles}
    assert allowed.isdisjoint({Act.MANAGE, Act.MANAGE_ACCESS, Act.RESUME})
    assert PERMISSIONS[Act.STOP] == {Role.ADMIN, Role.APPROVER}


def test_every_act_has_a_role_that_may_do_it_and_a_route_that_asks_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An act without a route cannot be done; a route that asks for none is in the table of those that need none."""
    office = world.remit.administration.office
    require, asked = office.require, set[Act]()

    def noted(by: Any, act: Act) -> Any:
        asked.add(act)
        return require(by, act)

    monkeypatch.setattr(office, "require", noted)
    unasked: set[tuple[str, str]] = set()
    found: set[Act] = set()
    for (method, path), row in ROUTES.items():
        if row.make is None:
            continue
        part, body = row.make(world)
        caller = next((one for one in row.callers if one in OPERATORS), row.callers[0])
        asked.clear()
        answer = world.request(method, filled(path, part), key=caller, **({} if body is None else {"json": body}))
        running_again(world)
        assert answer.is_success, answer.text
        found |= asked
        if not asked:
            unasked.add((method, path))
    assert set(PERMISSIONS) == set(Act) == found
    assert all(PERMISSIONS[act] for act in Act)
    assert unasked == OF_OTHERS


@pytest.mark.parametrize("kind", list(Revocable))
@pytest.mark.parametrize("caller", ["auditor", "viewer", "agent", "point"])
def test_who_only_looks_or_acts_takes_nothing_back(world: World, kind: str, caller: str) -> None:
    before = size(world)
    body = {"kind": kind, "id": "x", "cause": "test"}
    assert world.request("POST", "/v1/revoke", key=caller, json=body).status_code == 403
    assert size(world) == before


@pytest.mark.parametrize("kind", ["operator", "point", "key"])
def test_an_approver_stops_work_but_not_people_points_and_keys(world: World, kind: str) -> None:
    body = {"kind": kind, "id": "x", "cause": "test"}
    assert world.request("POST", "/v1/revoke", key="approver", json=body).status_code == 403


def test_every_deciding_route_goes_through_the_path(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    decide = world.remit.mediator.decide

    async def counted(principal: Any, request: Any) -> Any:
        asked.append(request.resource_id)
        return await decide(principal, request)

    monkeypatch.setattr(world.remit.mediator, "decide", counted)
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": "pay", "arguments": {}, "_meta": meta}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    accepts = {
        "accept": "application/json, text/event-stream",
        "host": "127.0.0.1",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "pay",
    }
    uses: dict[str, Callable[[], Any]] = {
        "/access/v1/evaluation": lambda: world.evaluate(evaluation(world)),
        "/access/v1/evaluations": lambda: world.evaluate_all({"evaluations": [evaluation(world)]}),
        "/mcp/{server}": lambda: world.request("POST", "/mcp/mail", key="agent", json=call, headers=accepts),
    }
    for (_, path), row in ROUTES.items():
        if row.kind == DECIDES:
            asked.clear()
            uses[path]()
            assert len(asked) == 1, path


def callers_of(room: str, attribute: str) -> set[tuple[str, str]]:
    """File and function of each place in `room` that uses `<something>.<attribute>`."""
    found = set()
    for path in (SOURCE / room).rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Attribute) and node.attr == attribute:
                        found.add((path.name, function.name))
    return found


def test_an_upstream_is_called_from_one_place_which_asks_the_path_first() -> None:
    # `send_request` and `call_tool` are how the SDK's client reaches a tool; `.call` is the session's own
    assert callers_of("gateway", "send_request") == {("upstream.py", "call")}
    assert callers_of("gateway", "call_tool") == set()
    assert callers_of("gateway", "_forwarded") == {("calls.py", "_mediated")}
    tree = ast.parse((SOURCE / "gateway" / "calls.py").read_text(encoding="utf-8"))
    forwarded = function_named(tree, "_forwarded")
    assert [ast.unparse(node.func) for node in calls_in(forwarded)].count("upstream.call") == 1
    users = [node for node in calls_in(tree) if ast.unparse(node.func) == "upstream.call"]
    assert len(users) == 1
    order = [ast.unparse(node.func) for node in calls_in(function_named(tree, "_mediated"))]
    assert order.index("self._mediator.decide") < order.index("self._forwarded")
    mediated = ast.unparse(function_named(tree, "_mediated"))
    between = mediated[mediated.index("self._mediator.decide") : mediated.index("self._forwarded")]
    assert "if decision.effect is not Effect.PERMIT:\n        return refusal" in between


def test_only_the_path_puts_permits_on_record() -> None:
    """No room but mediation makes the entry, and no route commits by itself."""
    for path in SOURCE.rglob("*.py"):
        room = path.relative_to(SOURCE).parts[0]
        text = path.read_text(encoding="utf-8")
        if room not in ("mediation", "administration", "cli", "bench"):  # bench fills a directory that it made
            assert '"decision.made"' not in text or "kind=" not in text, path
        if room == "decision_api":
            assert ".commit(" not in text, path
            assert "journal" not in text, path


def function_named(tree: ast.AST, name: str) -> ast.AST:
    return next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    )


def calls_in(tree: ast.AST) -> list[ast.Call]:
    """Calls in the order in which they stand."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))
