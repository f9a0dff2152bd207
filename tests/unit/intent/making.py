"""Calls, missions and short plays for tests that look at findings, and what the default policy pack makes of them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from remit.catalogue import read_mcp
from remit.intent import Memory, assess, compile_goal
from remit.terms import (
    BOTTOM,
    DEFAULT_TENANT,
    HIGH_RISK,
    AgentId,
    Authority,
    Bounds,
    Brief,
    Budget,
    Call,
    CallId,
    Finding,
    InstanceId,
    Mission,
    MissionId,
    MissionState,
    OperationClass,
    PurposeId,
    ServerId,
    Settings,
    Tool,
    Voucher,
    VoucherKind,
)

_MISSION, _AGENT = MissionId("m"), AgentId("a")


def mission_with(authority: Authority, bounds: Bounds | None = None) -> Mission:
    """An active mission that a person vouched for."""
    return Mission(
        tenant=DEFAULT_TENANT,
        id=_MISSION,
        agent=_AGENT,
        subject="user:x",
        purpose=PurposeId("p"),
        voucher=Voucher(kind=VoucherKind.PERSON, by="user:x"),
        bounds=bounds or Bounds(),
        budget=Budget(),
        goal_commitment="",
        authority_hash=authority.hash,
        state=MissionState.ACTIVE,
        opened=0,
        expires=1,
    )


def call_of(tool: Tool, arguments: Mapping[str, Any]) -> Call:
    """A call of a tool on that mission."""
    return Call(
        tenant=DEFAULT_TENANT,
        mission=_MISSION,
        agent=_AGENT,
        instance=InstanceId("i"),
        server=tool.server,
        tool=tool.name,
        definition_hash=tool.definition_hash,
        arguments=arguments,
        canonical=b"",
        call_id=CallId("c"),
        digest="",
    )


def tools_of(listing: str) -> dict[str, Tool]:
    """Tools as a server would list them; one on each line: `name(argument, list[], amount) Description`."""
    listed = []
    for line in listing.strip().splitlines():
        match = re.fullmatch(r"([\w.]+)\((.*?)\) ?(.*)", line)
        assert match is not None, line
        properties: dict[str, Any] = {}
        for name in filter(None, match[2].split(", ")):
            number = name in ("amount", "quantity", "number", "temperature", "minutes")
            text = {"type": "number" if number else "string"}
            properties[name.removesuffix("[]")] = {"type": "array", "items": text} if name.endswith("[]") else text
        schema = {"type": "object", "properties": properties, "required": [n for n in properties if n != "cc"]}
        listed.append({"name": match[1], "description": match[3], "inputSchema": schema})
    return {tool.name: tool for tool in read_mcp(DEFAULT_TENANT, ServerId("office"), listed)}


def effect_of(findings: tuple[Finding, ...], tool: Tool) -> str:
    """What the default policy pack makes of the verdicts."""
    authority, grounding, flow = (finding.verdict for finding in findings)
    classes = frozenset(tool.classes)
    reading = OperationClass.READ in classes and classes <= {OperationClass.READ, OperationClass.COMMUNICATE}
    if grounding == "instruction" and (tool.sinks or not reading):
        return "deny" if authority in ("outside", "none") else "ask"
    if reading:
        return "ask" if flow == "leaks" else "permit"
    for_good = classes & HIGH_RISK or OperationClass.COMMUNICATE in classes
    if authority == "outside" and (grounding == "outsider" or (grounding == "nowhere" and for_good)):
        return "deny"
    if grounding == "outsider" or flow == "leaks":
        return "ask"
    if grounding == "nowhere" and (classes & HIGH_RISK or flow == "tainted"):
        return "ask"
    return "ask" if authority == "outside" and (grounding != "none" or classes & HIGH_RISK) else "permit"


def play(
    tools: Mapping[str, Tool], goal: str, steps: Iterable[tuple[Any, ...]], *, approved: str = ""
) -> tuple[str, tuple[Finding, ...]]:
    """The outcome of the last of these calls, `(tool, arguments, result)`, of which the earlier ones were permitted, or
    `approved` by a person."""
    authority = compile_goal(goal, bounds=Bounds())
    mission, brief = mission_with(authority), Brief(goal=goal, authority=authority, salt="")
    memory, label = Memory(), BOTTOM
    effect = ""
    findings: tuple[Finding, ...] = ()
    for number, (name, arguments, *result) in enumerate(steps):
        tool = tools[name]
        findings = assess(
            call=call_of(tool, arguments),
            tool=tool,
            mission=mission,
            brief=brief,
            memory=memory,
            instance_label=label,
            settings=Settings(),
        )
        effect = effect_of(findings, tool)
        if not result:
            break
        assert effect == "permit" or (effect == "ask" and name == approved), (name, effect, findings)
        taken = memory.take_in(
            decision=str(number), tool=tool, arguments=arguments, content=result[0], outside=tool.outside
        )
        label = label.join(taken)
    return effect, findings
