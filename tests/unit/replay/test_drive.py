"""What a replay is told of a decision when its record cannot be read."""

import asyncio
from typing import Any, cast

import pytest

from remit.replay.drive import Driver, Told
from remit.sdk import ApiError, Client

ANSWER = {"id": "d_1", "outcome": "deny", "reasons": [{"code": "leaks", "message": "words"}], "findings": []}
QUOTED = {"kind": "flow", "verdict": "leaks", "rests_on": [{"what": "argument to", "quote": "a secret"}]}


class Records:
    """Stands for the operator's client: answers with this record, or refuses."""

    def __init__(self, record: dict[str, Any] | None) -> None:
        self._record = record

    async def get(self, path: str) -> dict[str, Any]:
        assert path == "/v1/records/d_1"
        if self._record is None:
            raise ApiError(403, "remit.forbidden", "reading the record needs another role")
        return self._record


def told(record: dict[str, Any] | None) -> Told:
    operator = cast(Client, Records(record))
    return asyncio.run(Driver(operator, operator, "assist", evidence=True)._told(dict(ANSWER)))


def test_a_record_adds_what_its_findings_quote() -> None:
    one = told({"call": {"findings": [QUOTED]}})
    assert one.recorded
    assert one.findings[0].rests_on[0].quote == "a secret"


@pytest.mark.parametrize("record", [None, {"call": None}], ids=["refused", "erased"])
def test_without_its_record_a_decision_is_told_as_answered_and_marked(record: dict[str, Any] | None) -> None:
    one = told(record)
    assert not one.recorded
    assert (one.outcome.value, one.reasons[0].code, one.findings) == ("deny", "leaks", ())
