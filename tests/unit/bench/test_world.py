"""What is asked is what the benchmark says it asks."""

import itertools
import json
import time
from typing import Any

import pytest

from remit.bench import rules
from remit.bench.clients import Seen, batches
from remit.bench.holder import URI, proof, thumbprint
from remit.bench.load import body_of
from remit.bench.world import APPLYING, ELSEWHERE, GOALS, LISTED, SERVERS, TOOLS, Identity, Requests, policies
from remit.catalogue import read_mcp
from remit.intent import compile_goal
from remit.policy import load
from remit.terms import DEFAULT_TENANT, Bounds, ServerId
from remit.tokens import MAX_AGE, SKEW, Proof, ReplayWindow, token_hash, verify_proof

WHO = [Identity(b"agent-%d" % n, b"agent-%d/1" % n, b"m_%d" % n) for n in range(7)]


def parsed(request: bytes) -> tuple[str, dict[str, str], Any]:
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    assert int(headers["content-length"]) == len(body)
    return line, headers, json.loads(body)


def test_requests_are_evaluations_that_all_differ() -> None:
    requests = Requests("remit_key", WHO)
    found = [parsed(requests.one()) for _ in range(500)]
    assert {line for line, _, _ in found} == {"POST /access/v1/evaluation HTTP/1.1"}
    assert {headers["authorization"] for _, headers, _ in found} == {"Bearer remit_key"}
    bodies = [body for _, _, body in found]
    assert len({body["context"]["call_id"] for body in bodies}) == 500
    assert len({json.dumps(body["context"]["arguments"]) + body["subject"]["id"] for body in bodies}) == 500
    assert {body["subject"]["id"] for body in bodies} == {who.agent.decode() for who in WHO}
    assert {body["action"]["name"] for body in bodies} == {tool.name for tool in TOOLS}
    assert all(body["resource"]["id"].endswith("/" + body["action"]["name"]) for body in bodies)
    assert {body["resource"]["id"].partition("/")[0] for body in bodies} == set(SERVERS)


def test_agent_instance_and_mission_of_a_request_belong_together() -> None:
    requests = Requests("k", WHO)
    for _ in range(50):
        _, _, body = parsed(requests.one())
        number = body["subject"]["id"].removeprefix("agent-")
        assert body["subject"]["properties"]["instance"] == f"agent-{number}/1"
        assert body["context"]["mission"] == f"m_{number}"


def test_every_agent_comes_to_call_every_tool() -> None:
    requests = Requests("k", WHO)
    bodies = [parsed(requests.one())[2] for _ in range(len(WHO) * 200)]
    assert len({(body["subject"]["id"], body["action"]["name"]) for body in bodies}) == len(WHO) * len(
        {tool.name for tool in TOOLS}
    )


def test_a_batch_holds_as_many_evaluations_as_it_says() -> None:
    line, _, body = parsed(Requests("k", WHO).many(20))
    assert line == "POST /access/v1/evaluations HTTP/1.1"
    assert len({item["context"]["call_id"] for item in body["evaluations"]}) == 20


def test_a_request_for_a_token_names_the_holders_key() -> None:
    _, _, body = parsed(Requests("k", WHO).bound())
    assert body["context"]["token"]["jkt"] == thumbprint()
    assert URI.startswith(body["context"]["token"]["audience"])


def test_proofs_of_possession_hold_and_differ() -> None:
    seen = ReplayWindow(MAX_AGE + SKEW)
    for token in ("a.b.c", "a.b.c", "d.e.f"):
        made = proof(token.encode())
        found = verify_proof(
            made,
            method="POST",
            uri=URI,
            ath=token_hash(token),
            now=int(time.time() * 1000),
            seen=seen,
            holder=thumbprint(),
        )
        assert isinstance(found, Proof), found


@pytest.mark.parametrize("count", [10, 100, 250])
def test_so_many_policies_of_which_ten_apply_are_accepted(count: int) -> None:
    tools = [
        tool
        for server in (*SERVERS, *ELSEWHERE)
        for tool in read_mcp(DEFAULT_TENANT, ServerId(server), [one.definition() for one in LISTED])
    ]
    texts = policies(count)
    loaded = load(texts, tools=tools, groups=("operators",))
    assert len(loaded.policies) == count
    assert {policy.id for policy in loaded.policies if policy.file == "default.cedar"} == set(APPLYING)
    assert texts["default.cedar"].count('action in Action::"tool-call", resource') == len(APPLYING) == 10
    others = "".join(text for name, text in texts.items() if name != "default.cedar")
    assert not any(f'"{server}' in others for server in SERVERS), "the others are about other servers and agents"


def test_goals_license_something() -> None:
    assert all(compile_goal(goal, bounds=Bounds()).grants for goal in GOALS)


def test_answers_are_counted_by_their_outcome_and_timings_are_read() -> None:
    seen = Seen()
    head = b"HTTP/1.1 200 OK\r\nserver-timing: path;dur=0.0400, find;dur=0.002\r\n\r\n"
    for outcome in (b"permit", b"permit", b"deny", b"ask"):
        seen.answer(head + b'{"decision":true,"context":{"outcome":"' + outcome + b'"}}')
    seen.answer(b"HTTP/1.1 503 Service Unavailable\r\n\r\n{}")
    assert (seen.permit, seen.deny, seen.ask, seen.other) == (2, 1, 1, 1)
    assert seen.path == [40.0]
    assert seen.steps == {"find": [2.0]}
    assert json.loads(body_of(seen.sample))["context"]["outcome"] == "permit"


def test_an_item_of_a_batch_that_was_not_decided_is_noticed() -> None:
    seen = Seen()
    script = batches(Requests("k", WHO), 3, seen)
    next(script)
    script.send(b'[{"outcome":"permit"},{"outcome":"deny"},{"outcome":"ask"}]')
    assert (seen.permit, seen.deny, seen.ask, seen.other) == (1, 1, 1, 0)
    script.send(b'[{"outcome":"permit"},{"error":{"status":503}},{"error":{"status":503}}]')
    assert (seen.permit, seen.other) == (2, 2)


# The same policies as peers have them.
def test_peers_get_a_hundred_rules_of_which_ten_are_about_the_tool() -> None:
    rows = rules.table()
    assert len(rows) == 100
    assert sum(row[0] == rules.TOOL for row in rows) == 10
    assert len(rules.conditions()) == 100
    assert sum(f"'{rules.TOOL}'" in condition for _, condition, _ in rules.conditions()) == 10
    kinds = {name: json.loads(text)["resourcePolicy"]["rules"] for name, text in rules.cerbos().items()}
    assert sum(map(len, kinds.values())) == 100
    assert len(kinds["tool.yaml"]) == 10
    assert rules.rego().count("reasons contains") + 1 == 100
    assert rules.rego().count(f'input.tool == "{rules.TOOL}"') == 9


def test_the_rules_decide_the_cases_as_they_are_marked() -> None:
    cases = list(rules.cases(200))
    assert len({case.id for case in cases}) == 200
    for case in cases:
        hit = [row for row in rules.table() if row[0] == case.tool and fits(row[1:-1], case)]
        assert case.permitted is ([row[-1] for row in hit] == ["allow"])
    assert {case.permitted for case in cases} == {True, False}
    forbidden = [case for case in cases if not case.permitted]
    assert len({tuple(case.facts().items()) for case in forbidden}) == len(rules.FORBIDS), "each forbid has its turn"


def fits(row: list[str], case: rules.Case) -> bool:
    return all(wanted in ("*", value) for wanted, value in zip(row, case.facts().values(), strict=True))


def test_cases_without_a_count_never_end() -> None:
    assert len(list(itertools.islice(rules.cases(), 1000))) == 1000
