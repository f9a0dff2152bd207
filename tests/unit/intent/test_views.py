"""What is kept between calls never answers for something else, and cannot be made to grow or to run deep."""

import os
import subprocess
import sys

import msgspec

from remit.catalogue import read_mcp
from remit.intent import Memory, assess, compile_goal
from remit.intent.lexicon import base, kinds, licenses
from remit.intent.tools import tool_view
from remit.terms import BOTTOM, DEFAULT_TENANT, Bounds, Brief, Call, CallId, InstanceId, OperationClass, Settings, Tool
from remit.terms.calls import ServerId
from remit.terms.identity import AgentId

TOOL: Tool = read_mcp(
    DEFAULT_TENANT,
    ServerId("office"),
    [
        {
            "name": "read_page",
            "description": "Read a page.",
            "inputSchema": {"properties": {"path": {"type": "string"}}},
        }
    ],
)[0]
_HASH = (
    "from remit.intent import compile_goal; from remit.terms import Bounds;"
    "print(compile_goal('Order the shares, message the buyer of the stock and note the order.', bounds=Bounds()).hash)"
)


def test_a_corrected_tool_is_seen_as_corrected() -> None:
    """A correction keeps the definition and its hash."""
    assert not tool_view(TOOL).acts
    corrected = msgspec.structs.replace(TOOL, classes=(OperationClass.DELETE,), sinks=("path",), version=2)
    assert corrected.definition_hash == TOOL.definition_hash
    assert tool_view(corrected).acts
    assert tool_view(corrected).sinks == ("path",)
    assert not tool_view(TOOL).acts


def test_the_hash_of_an_authority_is_the_same_in_every_process() -> None:
    """A noun may stand for several kinds of things: their order is not left to the process's hash seed."""
    found = {
        subprocess.run(
            [sys.executable, "-c", _HASH], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


def test_a_flood_of_letters_is_not_kept_as_a_word() -> None:
    tables = (kinds, base, licenses)
    before = [table.cache_info().currsize for table in tables]
    for number in range(50):
        flood = "".join(chr(ord("a") + int(digit)) for digit in f"{number:04}") * 300
        compile_goal(f"{flood} '{flood}'", bounds=Bounds())
    assert [table.cache_info().currsize for table in tables] == before


def test_a_long_chain_of_results_is_followed_without_running_deep() -> None:
    """Each page is asked for by what the page before it told."""
    memory = Memory()
    for number in range(3_000):
        arguments = {"path": f"page{number:05}"}
        memory.take_in(
            decision=f"d{number}", tool=TOOL, arguments=arguments, content=f"next: page{number + 1:05}", outside=True
        )
    goal = "Summarize the minutes."
    call = Call(
        tenant=DEFAULT_TENANT,
        mission=None,
        agent=AgentId("a"),
        instance=InstanceId("i"),
        server=TOOL.server,
        tool=TOOL.name,
        definition_hash=TOOL.definition_hash,
        arguments={"path": "page03000"},
        canonical=b"",
        call_id=CallId("c"),
        digest="",
    )
    _, grounding, _ = assess(
        call=call,
        tool=TOOL,
        mission=None,
        brief=Brief(goal=goal, authority=compile_goal(goal, bounds=Bounds()), salt="s"),
        memory=memory,
        instance_label=BOTTOM,
        settings=Settings(),
    )
    assert grounding.verdict in ("outsider", "referenced")


def test_the_places_of_a_value_are_kept_oldest_first_and_bounded() -> None:
    memory = Memory()
    for number in range(40):
        memory.take_in(decision=f"d{number}", tool=TOOL, arguments={}, content="see QX-4711-B", outside=True)
    places = [passage.source.decision for passage in memory.seen("qx-4711-b")]
    assert places == [f"d{number}" for number in range(24)]
