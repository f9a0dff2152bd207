"""Tools: registered from what servers list, compared with what was registered before, corrected by a person.

A definition that changed after it was registered is quarantined until a person accepts it (a tool that is harmless when
it is reviewed and harmful afterwards); so is one that the active policies cannot be evaluated on.
"""

from typing import Any

import msgspec

from remit.administration.office import Act, Office
from remit.catalogue import correct, imitates
from remit.terms import (
    Kind,
    NotFound,
    OperationClass,
    PointPrincipal,
    Principal,
    Put,
    Refused,
    Tool,
    ToolId,
    ToolState,
)


class Tools:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def register(self, by: Principal, tools: tuple[Tool, ...], *, accept: bool = False) -> tuple[Tool, ...]:
        """The tools as registered now. `accept` takes changed definitions over; an enforcement point cannot accept."""
        if not isinstance(by, PointPrincipal) or accept or not all(by.guards(tool.server) for tool in tools):
            self._office.require(by, Act.MANAGE)
        fitting = self._admitted(by, tools)
        return tuple([await self._register(by, tool, accept, fitting) for tool in tools])

    async def correct(
        self,
        by: Principal,
        tool: str,
        *,
        classes: tuple[OperationClass, ...] | None = None,
        targets: tuple[str, ...] | None = None,
        sinks: tuple[str, ...] | None = None,
        content: tuple[str, ...] | None = None,
        amounts: tuple[str, ...] | None = None,
        outside: bool | None = None,
        because: str,
    ) -> Tool:
        """A person's reading in place of Remit's."""
        self._office.require(by, Act.MANAGE)
        known = self.get(by, tool)
        changed = msgspec.structs.replace(
            correct(
                known,
                classes=classes,
                targets=targets,
                sinks=sinks,
                content=content,
                amounts=amounts,
                outside=outside,
                because=because,
            ),
            version=known.version + 1,
        )
        self._office.policies.admit(by.tenant, (changed,))
        await self._put(by, "tool.corrected", changed, known.version)
        return changed

    async def change(self, by: Principal, tool: str, state: ToolState, cause: str) -> Tool:
        """Quarantine a tool, or release it."""
        self._office.require(by, Act.STOP if state is ToolState.QUARANTINED else Act.MANAGE)
        known = self.get(by, tool)
        if state is ToolState.ACTIVE:
            self._office.policies.admit(by.tenant, (known,))
        changed = msgspec.structs.replace(known, state=state, cause=cause, version=known.version + 1)
        await self._put(
            by, f"tool.{'released' if state is ToolState.ACTIVE else 'quarantined'}", changed, known.version
        )
        return changed

    def get(self, by: Principal, tool: str) -> Tool:
        self._office.require(by, Act.READ)
        known = self._office.records.tool(by.tenant, ToolId(tool))
        if known is None:
            raise NotFound("there is no such tool; `remit tools list` lists them")
        return known

    def list(self, by: Principal) -> tuple[Tool, ...]:
        self._office.require(by, Act.READ)
        return tuple(sorted(self._office.records.tools(by.tenant), key=lambda tool: tool.id))

    def _admitted(self, by: Principal, tools: tuple[Tool, ...]) -> bool:
        """Whether the policies fit all of them at once, which is the usual case and one pass."""
        try:
            self._office.policies.admit(by.tenant, tuple(t for t in tools if t.state is ToolState.ACTIVE))
        except Refused:
            return False
        return True

    async def _register(self, by: Principal, tool: Tool, accept: bool, fitting: bool) -> Tool:
        known = self._office.records.tool(tool.tenant, tool.id)
        if known is not None and known.definition_hash == tool.definition_hash and not accept:
            return known
        if known is not None and known.definition_hash == tool.definition_hash and known.state is tool.state:
            return known
        if known is not None and not accept:
            if known.state is ToolState.QUARANTINED and known.cause == _CHANGED:
                return known
            changed = msgspec.structs.replace(
                known, state=ToolState.QUARANTINED, cause=_CHANGED, version=known.version + 1
            )
            await self._put(by, "tool.quarantined", changed, known.version, definition=tool.definition_hash)
            return changed
        tool = self._examined(tool, fitting)
        version = known.version if known else 0
        tool = msgspec.structs.replace(tool, version=version + 1)
        await self._put(by, "tool.registered" if known is None else "tool.accepted", tool, version)
        return tool

    def _examined(self, tool: Tool, fitting: bool) -> Tool:
        """Quarantined when it imitates another tool or the policies do not fit it."""
        if tool.state is ToolState.QUARANTINED:
            return tool
        others = [other for other in self._office.records.tools(tool.tenant) if other.id != tool.id]
        twin = imitates(tool, others)
        if twin is not None:
            return msgspec.structs.replace(
                tool, state=ToolState.QUARANTINED, cause=f"its name imitates the tool `{twin}`"
            )
        if fitting:
            return tool
        try:
            self._office.policies.admit(tool.tenant, (tool,))
        except Refused as error:
            return msgspec.structs.replace(
                tool, state=ToolState.QUARANTINED, cause=f"the policies do not fit it: {error.message}"[:2000]
            )
        return tool

    async def _put(self, by: Principal, kind: str, tool: Tool, expected: int, **facts: Any) -> None:
        await self._office.record(
            by,
            kind,
            tool.id,
            {
                "definition": tool.definition_hash,
                "classes": [item.value for item in tool.classes],
                "state": tool.state.value,
                **facts,
            },
            Put(kind=Kind.TOOL, record=tool, expected=expected),
        )


_CHANGED = "its definition changed after it was registered; a person has to accept it (`remit tools accept`)"
