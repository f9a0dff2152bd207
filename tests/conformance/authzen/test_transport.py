"""AuthZEN sections 10 and 11: the binding to HTTP, and what protects it."""

import json
from typing import Any

import pytest
from tests.conformance.authzen.test_certification import ALICE, ONE, READ, asked
from tests.conformance.authzen.test_evaluation import GOOD
from tests.conformance.authzen.world import World
from tests.conformance.requirements import covers

from remit.decision_api.wire import MAX_BODY

PATHS = ["/access/v1/evaluation", "/access/v1/evaluations"]
TYPE = {"content-type": "application/json"}
pytestmark = pytest.mark.parametrize("path", PATHS)


def sent(world: World, path: str, content: bytes | str, **headers: str) -> Any:
    return world.request("POST", path, content=content, headers={**TYPE, **headers})


@covers("authzen.post")
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_only_post_asks(world: World, path: str, method: str) -> None:
    answer = world.request(method, path, json=GOOD)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@covers("authzen.content-type", "authzen.answer-type")
@pytest.mark.parametrize(
    "value",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON ; charset=utf-8",
    ],
)
def test_json_is_accepted_with_and_without_a_charset(world: World, path: str, value: str) -> None:
    answer = world.request("POST", path, content=json.dumps(GOOD), headers={"content-type": value})
    assert (answer.status_code, answer.json()["decision"]) == (200, True)
    assert answer.headers["content-type"] == "application/json"


@covers("authzen.other-content-type")
@pytest.mark.parametrize(
    "value",
    ["text/plain", "application/xml", "application/json-patch+json", "application/x-www-form-urlencoded", "", "json"],
)
def test_another_content_type_is_400(world: World, path: str, value: str) -> None:
    answer = world.request("POST", path, content=json.dumps(GOOD), headers={"content-type": value})
    assert answer.status_code == 400
    assert "application/json" in answer.json()["error"]["message"]


@covers("authzen.other-content-type")
def test_no_content_type_is_400(world: World, path: str) -> None:
    assert world.request("POST", path, content=json.dumps(GOOD)).status_code == 400


@covers("authzen.object-at-top")
@pytest.mark.parametrize("top", [[], [GOOD], "x", 5, None, True])
def test_the_top_of_a_request_is_an_object(world: World, path: str, top: Any) -> None:
    assert sent(world, path, json.dumps(top)).status_code == 400


@covers("authzen.malformed", "authzen.empty-body", "authzen.error-message")
@pytest.mark.parametrize(
    "body", [b"", b" ", b"{", b"{]", b"not json", b'{"a":1}{', b"\xff\xfe{}", b'{"a":NaN}', b"\x00"]
)
def test_what_is_not_json_is_400_with_a_message(world: World, path: str, body: bytes) -> None:
    answer = sent(world, path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


@covers("authzen.request-id")
@pytest.mark.parametrize("value", ["bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "x", "a b/c:d=", "7" * 256])
def test_a_request_id_comes_back_with_every_kind_of_answer(world: World, path: str, value: str) -> None:
    header = {"x-request-id": value}
    good = world.request("POST", path, json=GOOD, headers=header)
    bad = world.request("POST", path, json=[], headers=header)
    unknown = world.request("POST", path, json=GOOD, key=None, headers=header)
    wrong = world.request("GET", path, headers=header)
    assert [one.status_code for one in (good, bad, unknown, wrong)] == [200, 400, 401, 405]
    assert [one.headers.get_list("x-request-id") for one in (good, bad, unknown, wrong)] == [[value]] * 4


@covers("authzen.no-request-id")
def test_a_request_without_an_id_is_as_good(world: World, path: str) -> None:
    answer = world.request("POST", path, json=GOOD)
    assert answer.status_code == 200
    assert "x-request-id" not in answer.headers


@covers("authzen.authentication")
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Basic cG9pbnQ6c2VjcmV0",
        f"Bearer remit_{'0' * 16}_{'A' * 43}",
        "Bearer remit_é",
    ],
)
def test_without_a_valid_key_it_is_401_and_says_how(world: World, path: str, value: str | None) -> None:
    headers = {} if value is None else {"authorization": value.encode()}
    answer = world.request("POST", path, key=None, json=GOOD, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "remit.unauthenticated"


@covers("authzen.authentication")
def test_a_key_with_another_secret_or_revoked_is_401(world: World, path: str) -> None:
    key = world.operate("/v1/keys", {"kind": "point", "holder": "local"})["key"]
    changed = key[:-1] + ("A" if key[-1] != "A" else "B")

    def asks(value: str) -> int:
        headers = {"authorization": f"bearer {value}"}
        return world.request("POST", path, key=None, json=GOOD, headers=headers).status_code

    assert (asks(key), asks(changed)) == (200, 401)
    world.operate(f"/v1/keys/{key.split('_')[1]}/revoke", {})
    assert asks(key) == 401


@covers("authzen.forbidden")
def test_a_key_that_may_not_ask_is_403(world: World, path: str) -> None:
    assert world.request("POST", path, json=GOOD, key="admin").status_code == 403


@covers("authzen.i-json")
@pytest.mark.parametrize(
    "context",
    [
        '{"a":1,"a":2}',
        '{"a":{"b":1,"\\u0062":2}}',
        '{"a":"\\ud800"}',
        '{"\\udfff":1}',
        '{"a":9007199254740993}',
        '{"a":-9007199254740993}',
        '{"a":1e400}',
        '{"a":%s}' % ("9" * 5000),
    ],
)
def test_what_two_readers_may_take_for_different_values_is_refused(world: World, path: str, context: str) -> None:
    body = json.dumps(GOOD)[:-1] + ',"context":' + context + "}"
    assert sent(world, path, body).status_code == 400


@covers("authzen.limits")
def test_deep_nesting_and_large_bodies_are_refused(world: World, path: str) -> None:
    for depth in (100, 1000, 100_000):
        deep = json.dumps(GOOD)[:-1] + ',"context":{"a":' + "[" * depth + "]" * depth + "}}"
        assert sent(world, path, deep).status_code == 400
    large = {**GOOD, "context": {"a": "x" * MAX_BODY}}
    assert sent(world, path, json.dumps(large)).status_code == 413
    million = asked(ALICE, READ, ONE, context={"a": "x" * 1_000_000})
    assert sent(world, path, json.dumps(million)).json()["decision"] is True
