"""Taking anything back: one act, one fact, one entry, at once, with its cause.

What hangs on a revoked thing is not touched: it is judged through it at its next decision (design: the path, step 2),
so a revocation costs the same whatever hangs on it, and nothing can be forgotten. It is acknowledged after the commit;
decisions see the fact before that.

Threat: a revocation that is partial, late or can be undone by whoever it was meant for. Agents and instances end for
good unless `quarantine` is asked for; operators, enforcement points, missions, keys, tokens and approvals always do.
A tool is quarantined, a tenant stopped; another admin than who stopped it lets it go on.

The cause is people's text: it stands in the record, never in the entry (I13).
"""

import enum
from collections.abc import Awaitable, Callable

import msgspec

from remit.administration.access import Access, cancelled
from remit.administration.agents import Agents
from remit.administration.missions import Missions
from remit.administration.office import Act, Office
from remit.administration.tools import Tools
from remit.approvals import UNUSED, current
from remit.terms import (
    AgentState,
    Conflict,
    Forbidden,
    InstanceState,
    InvalidInput,
    Kind,
    MissionState,
    NotFound,
    Principal,
    Put,
    TenantStop,
    ToolState,
    actor_of,
)
from remit.tokens import void

TENANT = "tenant"


class Revocable(enum.StrEnum):
    """What can be taken back."""

    TENANT = TENANT
    AGENT = "agent"
    INSTANCE = "instance"
    MISSION = "mission"
    TOKEN = "token"  # noqa: S105 a kind of thing, no secret
    APPROVAL = "approval"
    OPERATOR = "operator"
    POINT = "point"
    TOOL = "tool"
    KEY = "key"


# Taking work back needs less than managing it; people, points and keys are the admins'.
NEEDS: dict[Revocable, Act] = {
    Revocable.TENANT: Act.STOP,
    Revocable.AGENT: Act.STOP,
    Revocable.INSTANCE: Act.STOP,
    Revocable.MISSION: Act.STOP,
    Revocable.TOKEN: Act.STOP,
    Revocable.APPROVAL: Act.STOP,
    Revocable.TOOL: Act.STOP,
    Revocable.OPERATOR: Act.MANAGE_ACCESS,
    Revocable.POINT: Act.MANAGE_ACCESS,
    Revocable.KEY: Act.MANAGE_ACCESS,
}


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken back, and the state that it is in now."""

    kind: Revocable
    id: str
    state: str
    cause: str


class Revocation:
    def __init__(self, office: Office, *, agents: Agents, missions: Missions, tools: Tools, access: Access) -> None:
        self._office = office
        self._agents = agents
        self._missions = missions
        self._tools = tools
        self._access = access
        self._ways: dict[Revocable, Callable[[Principal, str, str, bool], Awaitable[str]]] = {
            Revocable.TENANT: self._tenant,
            Revocable.AGENT: self._agent,
            Revocable.INSTANCE: self._instance,
            Revocable.MISSION: self._mission,
            Revocable.TOKEN: self._token,
            Revocable.APPROVAL: self._approval,
            Revocable.OPERATOR: self._operator,
            Revocable.POINT: self._point,
            Revocable.TOOL: self._tool,
            Revocable.KEY: self._key,
        }

    async def revoke(self, by: Principal, kind: Revocable, id: str, cause: str, *, quarantine: bool = False) -> Revoked:
        """Take one thing back. `quarantine`: an agent or instance can be let go on later.

        Raises `Forbidden`, `NotFound`, and `Conflict` when there is nothing left to take back.
        """
        self._office.require(by, NEEDS[kind])
        if not cause.strip():
            raise InvalidInput("expected `cause`: why it is taken back")
        if quarantine and kind not in (Revocable.AGENT, Revocable.INSTANCE, Revocable.TOOL):
            raise InvalidInput(f"expected `quarantine` for an agent, instance or tool only, not for a {kind.value}")
        state = await self._ways[kind](by, id, cause, quarantine)
        return Revoked(kind=kind, id=id or TENANT, state=state, cause=cause)

    async def resume_tenant(self, by: Principal, cause: str) -> TenantStop:
        """Let a stopped tenant go on; another operator than who stopped it."""
        operator = self._office.require(by, Act.RESUME)
        known = self._office.records.stop(by.tenant)
        if known is None or not known.stopped:
            raise Conflict("nothing is stopped")
        if known.by == actor_of(operator):
            raise Forbidden("who stopped everything does not resume it; ask another admin")
        return await self._put_stop(by, stopped=False, cause=cause)

    async def _tenant(self, by: Principal, id: str, cause: str, _: bool) -> str:
        if id not in ("", TENANT, by.tenant):
            raise NotFound(f"there is no such tenant here; this one is `{by.tenant}`")
        known = self._office.records.stop(by.tenant)
        if known is not None and known.stopped:
            raise Conflict("everything is stopped already")
        await self._put_stop(by, stopped=True, cause=cause)
        return "stopped"

    async def _put_stop(self, by: Principal, *, stopped: bool, cause: str) -> TenantStop:
        known = self._office.records.stop(by.tenant)
        version = known.version if known is not None else 0
        stop = TenantStop(tenant=by.tenant, stopped=stopped, cause=cause, by=actor_of(by), version=version + 1)
        put = Put(kind=Kind.TENANT, record=stop, expected=version)
        await self._office.record(by, "tenant.stopped" if stopped else "tenant.resumed", TENANT, {}, put)
        return stop

    async def _agent(self, by: Principal, id: str, cause: str, quarantine: bool) -> str:
        state = AgentState.QUARANTINED if quarantine else AgentState.RETIRED
        return (await self._agents.change(by, id, state, cause)).state

    async def _instance(self, by: Principal, id: str, cause: str, quarantine: bool) -> str:
        state = InstanceState.QUARANTINED if quarantine else InstanceState.ENDED
        return (await self._agents.change_instance(by, id, state, cause)).state

    async def _mission(self, by: Principal, id: str, cause: str, _: bool) -> str:
        return (await self._missions.change(by, id, MissionState.REVOKED, cause)).state

    async def _token(self, by: Principal, id: str, cause: str, _: bool) -> str:
        known = self._office.records.token(by.tenant, id)
        if known is None:
            raise NotFound("there is no such call token on record; name its `jti`")
        changed = void(known, cause)
        if isinstance(changed, str):
            raise Conflict(changed)
        put = Put(kind=Kind.TOKEN, record=changed, expected=known.version)
        await self._office.record(by, "token.voided", known.id, {"decision": known.decision}, put)
        return changed.state

    async def _approval(self, by: Principal, id: str, cause: str, _: bool) -> str:
        known = self._office.records.approval(by.tenant, id)
        if known is None:
            raise NotFound("there is no such request; `remit approvals list` lists them")
        operator, now = self._office.require(by, Act.STOP), self._office.clock.now()
        state = current(known, now)
        if state not in UNUSED:
            raise Conflict(f"request `{known.id}` is {state.value} already")
        facts = {"decision": known.decision, "from": known.state.value}
        put = cancelled(known, operator.operator, cause, now)
        await self._office.record(by, "approval.cancelled", known.id, facts, put, now=now)
        return "cancelled"

    async def _operator(self, by: Principal, id: str, cause: str, _: bool) -> str:
        await self._access.deactivate_operator(by, id, cause)
        return "deactivated"

    async def _point(self, by: Principal, id: str, cause: str, _: bool) -> str:
        await self._access.deactivate_point(by, id, cause)
        return "deactivated"

    async def _tool(self, by: Principal, id: str, cause: str, _: bool) -> str:
        if self._tools.get(by, id).state is ToolState.QUARANTINED:
            raise Conflict(f"tool `{id}` is quarantined already")
        return (await self._tools.change(by, id, ToolState.QUARANTINED, cause)).state

    async def _key(self, by: Principal, id: str, cause: str, _: bool) -> str:
        await self._access.revoke_key(by, id, cause)
        return "revoked"
