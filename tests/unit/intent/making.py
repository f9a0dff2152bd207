"""A call of a tool and a mission with an authority, for who looks at findings alone."""

from collections.abc import Mapping
from typing import Any

from remit.terms import (
    DEFAULT_TENANT,
    AgentId,
    Authority,
    Bounds,
    Budget,
    Call,
    CallId,
    InstanceId,
    Mission,
    MissionId,
    MissionState,
    PurposeId,
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
