"""A tool call that is read at once is the call that the general way of reading it gives, or is left to that."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from remit.decision_api import authzen, batch
from remit.decision_api.authzen import ToolCall, read_asked, read_object, read_request
from remit.terms import InvalidInput

TEXT = st.sampled_from(["agent", "tool", "bot", "mail/send", "é", "\\", '"', "\ud800", "", "x" * 2049])
LEAF = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | TEXT
VALUES = st.recursive(LEAF, lambda some: st.lists(some, max_size=2) | st.dictionaries(TEXT, some, max_size=2))


def members(**shape: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that mostly have the shape, with anything in place of a member, and now and then one too many."""
    mostly = {name: value | value | value | VALUES for name, value in shape.items()}
    return st.fixed_dictionaries({}, optional={**mostly, "more": VALUES})


SUBJECT = members(type=st.just("agent"), id=TEXT, properties=members(instance=TEXT))
ACTION, RESOURCE = members(name=TEXT), members(type=st.just("tool"), id=TEXT)
CONTEXT = members(
    mission=TEXT,
    call_id=TEXT,
    arguments=st.dictionaries(TEXT, VALUES, max_size=3),
    approval=TEXT | members(id=TEXT),
    token=members(audience=TEXT, jkt=TEXT),
)
PARTS = {"subject": SUBJECT, "action": ACTION, "resource": RESOURCE, "context": CONTEXT}
BODIES = members(**PARTS)
WHOLE = {
    "subject": {"type": "agent", "id": "bot", "properties": {"instance": "i"}},
    "action": {"name": "send"},
    "resource": {"type": "tool", "id": "mail/send"},
    "context": {
        "mission": "m", "call_id": "c", "arguments": {"a": [1.5, {"b": None}]}, "approval": "a",
        "token": {"audience": "x", "jkt": "y"},
    },
}  # fmt: skip


def outcome(read: Any, *given: Any) -> tuple[str, Any]:
    try:
        return "read", repr(read(*given))  # repr tells 1 from 1.0 and True
    except InvalidInput as error:
        return "refused", error.message


@settings(max_examples=500)
@given(BODIES, st.sampled_from([None, 1]), st.booleans())
@example(WHOLE, None, True)
def test_one_evaluation(value: Any, indent: int | None, ascii_only: bool) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "replace")
    assert outcome(lambda: read_request(read_asked(body))) == outcome(lambda: read_request(read_object(body)))


@settings(max_examples=300)
@given(members(**PARTS, options=members(evaluations_semantic=TEXT), evaluations=st.lists(BODIES, max_size=3)))
@example({**WHOLE, "evaluations": [{}, {"action": {"name": "x"}}, {"context": {}}]})
@example({**WHOLE, "evaluations": [{}], "options": {"evaluations_semantic": "deny_on_first_deny"}})
def test_several_evaluations(value: Any) -> None:
    body = json.dumps(value).encode()

    def requests(items: Any, semantic: Any) -> Any:
        return [outcome(read_request, item) for item in items], semantic

    assert outcome(lambda: requests(*batch._items(body))) == outcome(lambda: requests(*batch._any_items(body)))


def test_what_most_send_is_read_at_once_and_is_still_what_was_sent() -> None:
    for text in (json.dumps(WHOLE), json.dumps(WHOLE, indent=2), json.dumps(WHOLE, separators=(",", ":"))):
        asked = read_asked(text.encode())
        assert isinstance(asked, ToolCall)
        assert authzen.as_sent(asked) == WHOLE
    items, _ = batch._items(json.dumps({**WHOLE, "evaluations": [{}, {}]}).encode())
    assert [type(item) for item in items] == [ToolCall, ToolCall]


def test_a_member_that_stands_twice_is_refused() -> None:
    body = json.dumps(WHOLE).replace('"mission": "m"', '"mission": "m", "mission": "m"').encode()
    assert outcome(read_asked, body)[0] == "refused"
