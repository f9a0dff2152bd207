"""Uses of call tokens, and outcomes, at the door: what is sent reaches the path whole, a refusal is told once."""

import asyncio
from typing import Any

import msgspec
import pytest
from tests.unit.decision_api.fakes import POINT, Path, call, front
from tests.unit.tokens.makers import CALL, MISSION, token, verified

from remit.decision_api.hot import OUTCOMES, REFUSED, consume, read_use
from remit.decision_api.refusals import TokenRefusals
from remit.decision_api.token_bodies import TokenUse
from remit.mediation import Presented
from remit.terms import Forbidden, InvalidInput, Outcome, OutcomeStatus, Principal
from remit.tokens import CallToken


def use(body: Any) -> TokenUse:
    return read_use(msgspec.json.encode(body))


USE = {"token": "a.b.c", "proof": "d.e.f", "method": "POST", "uri": "https://mail.example/mcp", "audience": "desk"}
FOUND = verified(token())


class Tokens(Path):
    """A path that answers every use with `found`."""

    def __init__(self, found: CallToken | str) -> None:
        super().__init__()
        self.presented: list[tuple[Principal, Presented]] = []
        self._found = found

    async def consume(self, principal: Principal, presented: Presented) -> CallToken | str:
        self.presented.append((principal, presented))
        return self._found


def test_what_was_sent_reaches_the_path_whole() -> None:
    path = Tokens(FOUND)
    asyncio.run(consume(path, TokenRefusals(), POINT, use({**USE, "more": ["ignored"]})))
    assert path.presented == [(POINT, Presented(**USE))]


def test_the_answer_says_what_the_token_was_for_and_gives_no_token_back() -> None:
    answer = asyncio.run(consume(Tokens(FOUND), TokenRefusals(), POINT, use(USE))).token
    said = msgspec.structs.asdict(answer)
    assert said == {name: value for name, value in msgspec.structs.asdict(FOUND).items() if name in said}
    assert (answer.digest, answer.call_id, answer.mission) == (CALL.digest, CALL.call_id, MISSION.id)
    assert token() not in msgspec.json.encode(answer).decode()
    assert said.keys().isdisjoint({"hash", "kid"})


def test_a_refused_use_is_forbidden_and_counted_by_its_kind() -> None:
    refusals = TokenRefusals()
    why = "the token is consumed already; each is for one use"
    for _ in range(2):
        with pytest.raises(Forbidden, match="already") as caught:
            asyncio.run(consume(Tokens(why), refusals, POINT, use(USE)))
        assert caught.value.code == REFUSED
    assert refusals.counts == {"used": 2}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "token"),
        ({"token": 1}, "token"),
        ({"token": ""}, "token"),
        ({"token": None}, "token"),
        ({"token": "x" * 8193}, "token"),
        ({**USE, "proof": 7}, "proof"),
        ({**USE, "proof": "x" * 8193}, "proof"),
        ({**USE, "method": ["POST"]}, "method"),
        ({**USE, "method": "X" * 33}, "method"),
        ({**USE, "uri": "x" * 2049}, "uri"),
        ({**USE, "audience": 1}, "audience"),
        ([USE], "object"),
    ],
    ids=range(12),
)
def test_a_body_of_another_form_is_refused_naming_the_member(body: Any, where: str) -> None:
    with pytest.raises(InvalidInput, match=where) as caught:
        use(body)
    assert len(caught.value.message) < 200


def test_only_the_token_is_needed() -> None:
    assert use({"token": "a"}) == TokenUse(token="a")


class Attested(Path):
    """A path that keeps outcomes."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: list[Outcome] = []

    async def complete(self, principal: Principal, outcome: Outcome) -> None:
        assert principal is POINT
        self.outcomes.append(outcome)


def test_an_outcome_reaches_the_path_whole_and_is_answered_with_nothing() -> None:
    path = Attested()
    body = {"decision": "d_1", "status": "failed", "content": "long" * 1_000_000, "error": "upstream said no"}
    answer = call(front(path), OUTCOMES, body)
    assert answer is not None
    assert (answer.status, answer.body) == (204, b"")
    assert not answer.header(b"content-length")  # RFC 9110 section 8.6
    assert path.outcomes == [
        Outcome(decision="d_1", status=OutcomeStatus.FAILED, content=body["content"], error="upstream said no")
    ]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"status": "succeeded"}, "decision"),
        ({"decision": "d_1"}, "status"),
        ({"decision": "d_1", "status": "done"}, "status"),
        ({"decision": "d_1", "status": "succeeded", "content": {"a": 1}}, "content"),
        ({"decision": 7, "status": "succeeded"}, "decision"),
        (["d_1"], "object"),
    ],
    ids=range(6),
)
def test_an_outcome_of_another_form_is_refused_naming_the_member(body: Any, where: str) -> None:
    path = Attested()
    answer = call(front(path), OUTCOMES, body)
    assert answer is not None
    assert (answer.status, path.outcomes) == (400, [])
    assert where in answer.json()["error"]["message"]


def test_an_outcome_is_taken_while_more_decisions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remit.decision_api.front.IN_FLIGHT", 0)
    path = Attested()
    refused = call(front(path))
    taken = call(front(path), OUTCOMES, {"decision": "d_1", "status": "succeeded"})
    assert refused is not None
    assert taken is not None
    assert (refused.status, taken.status, len(path.outcomes)) == (503, 204, 1)
