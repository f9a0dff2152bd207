"""Whatever text comes: nothing breaks, and spelling does not change where a value came from."""

import string
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from remit.catalogue import read_mcp
from remit.intent import Memory, compile_goal
from remit.intent.passages import instructions
from remit.intent.views import keys
from remit.terms import DEFAULT_TENANT, Bounds, OperationClass, ServerId

_TOOL = read_mcp(DEFAULT_TENANT, ServerId("s"), [{"name": "read_page", "description": "", "inputSchema": {}}])[0]
_text = st.text(max_size=400) | st.text(alphabet=" .,:;'\"\n\\{}[]()<>%@/-aeSend12", max_size=400)
_name = st.text(alphabet=string.ascii_lowercase + string.digits, min_size=6, max_size=20)


@given(_text)
@settings(max_examples=150, deadline=None)
def test_any_goal_compiles_to_the_same_authority_twice(goal: str) -> None:
    assert compile_goal(goal, bounds=Bounds()) == compile_goal(goal, bounds=Bounds())


@given(_text, st.sets(st.sampled_from(list(OperationClass))))
@settings(max_examples=100, deadline=None)
def test_no_goal_gets_more_than_its_bounds(goal: str, classes: set[OperationClass]) -> None:
    authority = compile_goal(f"Please delete it and pay Kim. {goal}", bounds=Bounds(classes=tuple(classes)))
    assert {action for grant in authority.grants for action in grant.actions} <= classes


@given(_text)
@settings(max_examples=150, deadline=None)
def test_any_text_is_taken_in_and_its_spans_lie_inside_it(text: str) -> None:
    spans = list(instructions(text))
    assert all(0 <= start < end <= len(text) for start, end in spans)
    memory = Memory()
    memory.take_in(decision="d", tool=_TOOL, arguments={"a": text}, content=text, outside=True)
    assert not memory.empty


@given(_name, _name)
@settings(max_examples=60, deadline=None)
def test_a_link_is_found_again_however_it_is_dressed(host: str, path: str) -> None:
    plain = f"{host}.example/{path}"
    assert plain in keys(f"see https://www.{plain}/ now")
    assert plain in keys(f"({plain.upper()})")
    memory = Memory()
    memory.take_in(decision="d", tool=_TOOL, arguments={}, content=quote(f"see {plain} ", safe=""), outside=True)
    assert memory.seen(plain)


@given(st.text(alphabet=string.digits, min_size=14, max_size=20))
@settings(max_examples=60, deadline=None)
def test_an_account_is_found_again_however_it_is_grouped(digits: str) -> None:
    account = f"GB33BUKB{digits}"
    groups = " ".join(account[i : i + 4] for i in range(0, len(account), 4))
    assert account.lower() in keys(f"pay to {groups}.")
    assert account.lower() in keys(f"pay to {groups.replace(' ', '-')}")
