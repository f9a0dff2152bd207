"""What is kept between calls never answers for something else, and cannot be made to grow or to run deep."""

import os
import subprocess
import sys

import msgspec
from tests.unit.intent.making import call_of, mission_with

from remit.catalogue import read_mcp
from remit.intent import Memory, assess, compile_goal
from remit.intent.lexicon import base, licenses
from remit.intent.licence import MAX_TOOLS
from remit.intent.nouns import kinds
from remit.intent.tools import call_view, tool_view
from remit.intent.views import goal_view
from remit.terms import (
    BOTTOM,
    DEFAULT_TENANT,
    Bounds,
    Brief,
    OperationClass,
    Settings,
    Tool,
)
from remit.terms.calls import ServerId

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
MISSION = mission_with(compile_goal("", bounds=Bounds()))
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


def _tool(name: str, description: str = "", *arguments: str) -> Tool:
    schema = {"properties": {argument: {"type": "string"} for argument in arguments}}
    entry = {"name": name, "description": description, "inputSchema": schema}
    return read_mcp(DEFAULT_TENANT, ServerId("office"), [entry])[0]


def test_what_a_rule_only_puts_elsewhere_goes_to_nobody() -> None:
    rule = _tool("create_inbox_rule", "Make a rule for the inbox", "match", "action", "target")
    assert rule.sinks == ("target",)
    assert call_view(rule, {"match": "all", "action": "move", "target": "Bills"}).sinks == ()
    for action in ("forward", "redirect", "copy_to", "moved by pigeon", ""):
        assert call_view(rule, {"match": "all", "action": action, "target": "x@y.z"}).sinks == ("target",)


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
    call = call_of(TOOL, {"path": "page03000"})
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


def test_a_licence_that_depends_on_the_call_is_not_kept_for_the_next_one() -> None:
    """The goal asks for it of one item, and else of another kind of thing than the tool's."""
    goal = "Delete QX4711B from the calendar."
    tool = read_mcp(
        DEFAULT_TENANT,
        ServerId("office"),
        [{"name": "delete_widget", "description": "", "inputSchema": {"properties": {"id": {"type": "string"}}}}],
    )[0]
    brief = Brief(goal=goal, authority=compile_goal(goal, bounds=Bounds()), salt="s")
    said = ["QX4711B", "ZZ9000A", "QX4711B", "ZZ9000A"]
    assert [verdict(brief, tool, id=item) for item in said] == ["within", "unsure"] * 2


def test_licences_are_kept_for_a_bounded_number_of_tools() -> None:
    goal = "Delete the old records of the archive."
    brief = Brief(goal=goal, authority=compile_goal(goal, bounds=Bounds()), salt="s")
    view = goal_view(brief.authority, goal)
    for number in range(3 * MAX_TOOLS):
        tool = msgspec.structs.replace(TOOL, name=f"delete_record_{number:03}", classes=(OperationClass.DELETE,))
        assert verdict(brief, tool) == "within"
        assert len(view.licences) <= MAX_TOOLS


def verdict(brief: Brief, tool: Tool, **arguments: str) -> str:
    call = call_of(tool, arguments)
    return assess(
        call=call,
        tool=tool,
        mission=MISSION,
        brief=brief,
        memory=Memory(),
        instance_label=BOTTOM,
        settings=Settings(),
    )[0].verdict


def test_the_places_of_a_value_are_kept_oldest_first_and_bounded() -> None:
    memory = Memory()
    for number in range(40):
        memory.take_in(decision=f"d{number}", tool=TOOL, arguments={}, content="see QX-4711-B", outside=True)
    places = [passage.source.decision for passage in memory.seen("qx-4711-b")]
    assert places == [f"d{number}" for number in range(24)]
