"""Rebuilds the memory of an instance from what its calls returned, after a restart or when it fell out of memory.

Latest first until the memory's bound is reached, then taken in oldest first, as it happened. What was erased or left
out is taken in as a result nobody saw: then a value that is nowhere counts as unknown, never as invented.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from remit.intent import Memory
from remit.mediation.drafts import shelf
from remit.storage.details import Sealer
from remit.storage.hot import OPEN, decode
from remit.storage.schema import state
from remit.terms import Approval, DetailKind, InstanceId, Kind, OperationClass, ServerId, TenantId, Tool, ToolId, Write
from remit.terms.entries import Reservation

CALLS = 1024  # results read back at most: some 20 ms; what an instance saw before them counts as unknown

AT_ONCE = 64  # calls whose texts are read by one query


def recent_approvals(connection: Connection, tenant: TenantId, limit: int) -> list[Approval]:
    """The newest requests, whatever became of them, oldest first: their ids begin with the time."""
    query = select(state.c.body).where(state.c.tenant == tenant, state.c.kind == Kind.APPROVAL.value)
    bodies = connection.execute(query.order_by(state.c.id.desc()).limit(limit)).scalars()
    found = (decode(Kind.APPROVAL, body) for body in reversed(list(bodies)))
    return [one for one in found if isinstance(one, Approval)]


class _Called(msgspec.Struct, frozen=True, kw_only=True):
    arguments: dict[str, Any] = {}
    goal_named: bool = False


class _Returned(msgspec.Struct, frozen=True, kw_only=True):
    content: str | None = None
    outside: bool = True
    cut: bool = False


class Recall:
    """One rebuilding. `waiting` are writes that may not be in the database yet."""

    def __init__(self, connection: Connection, sealer: Sealer, tenant: TenantId, waiting: Sequence[Write]) -> None:
        self._connection = connection
        self._sealer = sealer
        self._tenant = tenant
        self._settled: dict[str, Reservation] = {}
        self._bodies: dict[tuple[str, str, str], bytes] = {}
        for write in waiting:
            if write.entry.tenant == tenant:
                self._overlay(write)

    def memory(self, instance: InstanceId, tool: Callable[[TenantId, ToolId], Tool | None], limit: int) -> Memory:
        memory = Memory(limit)
        taken: list[tuple[Reservation, _Called, _Returned]] = []
        size = 0
        calls = self._calls(instance)
        for place, one in enumerate(calls):
            if place % AT_ONCE == 0:
                self._read(calls[place : place + AT_ONCE])
            if len(taken) == CALLS or size >= limit:
                taken.append((one, _Called(), _Returned()))
                break
            returned = self._body(one, DetailKind.RESULT, _Returned)
            taken.append((one, self._body(one, DetailKind.CALL, _Called), returned))
            size += len(returned.content or "")
        for one, called, returned in reversed(taken):
            name = ToolId(f"{one.server}/{one.tool}")
            memory.take_in(
                decision=one.id,
                tool=tool(self._tenant, name) or _unknown(one),
                arguments=called.arguments,
                content=returned.content,
                outside=returned.outside,
                goal_named=called.goal_named,
            )
            if returned.cut:  # as when it was taken in: what is missing may be where a later value comes from
                memory.take_in(
                    decision=one.id,
                    tool=tool(self._tenant, name) or _unknown(one),
                    arguments=called.arguments,
                    content=None,
                    outside=returned.outside,
                )
        return memory

    def _calls(self, instance: InstanceId) -> list[Reservation]:
        """Calls of the instance that came to something, latest first."""
        waiting = [one for one in reversed(self._settled.values()) if one.instance == instance]
        query = (
            select(state.c.id, state.c.body)
            .where(state.c.tenant == self._tenant, state.c.belongs == instance, state.c.belongs != "")
            .where(state.c.kind == Kind.RESERVATION.value, state.c.hot.is_(False))
            .order_by(state.c.seq.desc())
            .limit(CALLS + 1)
        )
        rows = [row for row in self._connection.execute(query) if row.id not in self._settled]
        stored = [decode(Kind.RESERVATION, row.body) for row in rows]
        calls = [*waiting, *(one for one in stored if isinstance(one, Reservation))]
        return [one for one in calls if one.state != "released"][: CALLS + 1]

    def _read(self, calls: Sequence[Reservation]) -> None:
        """What the database has of these calls."""
        shelves: dict[str, list[str]] = {}
        for one in calls:
            shelves.setdefault(shelf(one.mission, one.instance), []).append(one.id)
        for mission, names in shelves.items():
            found = self._sealer.open_all(self._connection, (self._tenant, mission), names)
            for (name, kind), body in found.items():
                self._bodies.setdefault((mission, name, kind), body)  # what waits is newer

    def _body(self, one: Reservation, kind: DetailKind, of: type[Any]) -> Any:
        body = self._bodies.get((shelf(one.mission, one.instance), one.id, kind.value))
        if body is None:
            return of()
        try:
            return msgspec.json.decode(body, type=of)
        except msgspec.DecodeError:
            return of()

    def _overlay(self, write: Write) -> None:
        for put in write.puts:
            if isinstance(put.record, Reservation) and put.record.state != OPEN:
                self._settled[put.record.id] = put.record
        for one in write.details:
            self._bodies[one.mission, one.owner, one.kind.value] = one.body


def _unknown(one: Reservation) -> Tool:
    """A tool that nobody registered: it may have returned anybody's words."""
    return Tool(
        tenant=one.tenant,
        server=ServerId(one.server),
        name=one.tool,
        description="",
        input_schema={},
        definition_hash="",
        classes=tuple(OperationClass),
    )
