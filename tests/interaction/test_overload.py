"""More decisions at once than there is room for: the rest is refused at once and clearly, and nothing stays held."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

House = Any  # tests/conftest.py
Play = Callable[[Callable[[House], Coroutine[Any, Any, None]]], None]


def test_what_is_beyond_the_bound_is_told_to_retry_and_leaves_no_trace(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remit.decision_api.front.IN_FLIGHT", 3)

    async def story(house: House) -> None:
        mission = await house.mission("Read report.txt")
        body = {
            "subject": {"type": "agent", "id": "clerk"},
            "action": {"name": "read_file"},
            "resource": {"type": "tool", "id": "office/read_file"},
            "context": {"mission": mission, "arguments": {"name": "report.txt"}},
        }
        headers = house.point._headers

        async def ask(body: dict[str, Any] = body) -> Any:
            return await house.http.post("/access/v1/evaluation", json=body, headers=headers)

        for _ in range(5):  # what fails gives its place back
            assert (await ask({})).status_code == 400
        before = (await house.operator.get("/v1/status"))["entries"]
        answers = await asyncio.gather(*(ask() for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [200] * 3 + [503] * 7
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["code"] == "remit.overloaded"
        assert (await house.operator.get("/v1/status"))["entries"] == before + 3
        assert (await ask()).json()["decision"] is True

    play(story)
