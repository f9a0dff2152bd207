"""What agents are told, and what counts as the text of a result."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from remit.gateway.answers import DECISION, OUTCOME, failure, refusal, text_of
from remit.gateway.upstream import Failure
from remit.terms import Decision, Effect, Evidence, Finding, FindingKind, Reason, Remedy


def decision(effect: Effect = Effect.DENY, message: str = "m", **more: Any) -> Decision:
    return Decision(id="d1", effect=effect, reasons=(Reason(code="rule", message=message),), **more)


def said(result: dict[str, Any]) -> str:
    return str(result["content"][0]["text"])


@given(st.text())
def test_no_hostile_text_breaks_a_line_or_reaches_a_terminal_as_a_command(hostile: str) -> None:
    finding = Finding(
        kind=FindingKind.FLOW,
        verdict="leaks",
        message=hostile,
        rests_on=(Evidence(what=hostile, where=hostile, quote="QUOTED"),),
    )
    result = refusal(decision(message=hostile, findings=(finding,)), structured=True)
    lines = said(result).split("\n")
    assert len(lines) == 4
    assert all(line.isprintable() for line in lines)
    assert "QUOTED" not in said(result)


def test_only_a_disclosable_remedy_is_told() -> None:
    for disclosable in (False, True):
        result = refusal(decision(remedy=Remedy(message="the way out", disclosable=disclosable)), structured=True)
        assert ("the way out" in str(result)) is disclosable


def test_an_ask_names_the_access_request_and_what_to_do() -> None:
    result = refusal(decision(Effect.ASK, approval="a7"), structured=True)
    assert said(result).startswith("waiting for approval a7; call again with the same arguments after approval")
    assert result["_meta"][DECISION]["access_request"] == {"id": "a7", "state": "pending"}
    assert result["structuredContent"] == result["_meta"]


def test_a_failure_says_first_whether_it_may_be_tried_again() -> None:
    certain = failure(decision(Effect.PERMIT), Failure(certain=True, message="down"), structured=False)
    unknown = failure(decision(Effect.PERMIT), Failure(certain=False, message="cut"), structured=False)
    assert "may be tried again" in said(certain)
    assert "Do not call it again blindly" in said(unknown)
    assert (certain["_meta"][OUTCOME]["status"], unknown["_meta"][OUTCOME]["status"]) == ("failed", "unknown")


def test_all_text_that_a_model_may_read_is_the_results_content() -> None:
    result = {
        "content": [
            {"type": "text", "text": "first"},
            {"type": "resource", "resource": {"uri": "file:///x", "text": "second", "blob": "QUJD"}},
            {"type": "resource_link", "uri": "file:///y", "name": "third"},
            {"type": "image", "data": "QUJD", "mimeType": "image/png"},
        ],
        "structuredContent": {"k": "grün"},
    }
    text = text_of(result)
    assert all(part in text for part in ("first", "second", "third", "grün", "file:///y"))
    assert "QUJD" not in text
