"""What agents see in place of each upstream: an MCP server made with the SDK, whose every call takes the path.

Both protocol versions are served through the SDK, which also holds the headers of 2026-07-28 against the body. A
stateful session answers only the agent that opened it. Tools are the only capability: other methods are not advertised,
not forwarded, and answered with "method not found", because what is not judged does not pass (I8).
"""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import anyio
import mcp_types as types
import structlog
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from remit.gateway.body import MAX_BODY, Receive, Scope, Send
from remit.gateway.calls import Calls, Named, Upstreams
from remit.gateway.ports import Register, State, Times
from remit.gateway.upstream import UpstreamSession
from remit.terms import (
    AgentPrincipal,
    InvalidInput,
    RemitError,
    TenantId,
    ToolId,
    ToolState,
    Unavailable,
    Upstream,
    is_identifier,
)

_LOG = structlog.get_logger("remit.gateway")
_PAGE = 100  # tools of one page of a listing
_LOOPBACK = ("127.0.0.1", "127.0.0.1:*", "localhost", "localhost:*", "[::1]", "[::1]:*")
_PRINCIPAL = "remit.principal"
_SHOWN = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")  # of a tool; nothing unread

Context = ServerRequestContext[Any, Any]


class Fronts:
    """A front for each upstream, and the sessions behind them."""

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        calls: Calls,
        state: State,
        tenant: TenantId,
        register: Register,
        hosts: Sequence[str],
        times: Times,
    ) -> None:
        """Raises `Refused` for an upstream that cannot work."""
        self._calls = calls
        self._grace = times.grace
        self._sessions: list[UpstreamSession] = []
        self._managers: dict[str, StreamableHTTPSessionManager] = {}
        security = TransportSecuritySettings(allowed_hosts=[*_LOOPBACK, *hosts], allowed_origins=[])
        for upstream in upstreams:
            enforced = observed = UpstreamSession(upstream, register, times)
            self._sessions.append(enforced)
            if upstream.credential_file is not None:
                observed = UpstreamSession(upstream, register, times, bare=True)
                self._sessions.append(observed)
            self._managers[upstream.id] = StreamableHTTPSessionManager(
                Front(Upstreams(enforced=enforced, observed=observed), calls, state, tenant).server,
                json_response=True,
                security_settings=security,
                max_request_body_size=MAX_BODY,
            )

    def __contains__(self, server: str) -> bool:
        return server in self._managers

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Connect the upstreams and serve; enter once, where the server starts and stops, in one task."""
        async with anyio.create_task_group() as group, contextlib.AsyncExitStack() as stack:
            for session in self._sessions:
                group.start_soon(session.run)
            for manager in self._managers.values():
                await stack.enter_async_context(manager.run())
            try:
                yield
            finally:
                with anyio.CancelScope(shield=True):
                    await self._calls.drain(self._grace)
                group.cancel_scope.cancel()

    async def handle(self, server: str, agent: AgentPrincipal, scope: Scope, receive: Receive, send: Send) -> None:
        """One request of an authenticated agent to a server that is `in` these."""
        # the SDK binds a session to this user; the key itself stays here
        user = AuthenticatedUser(AccessToken(token="", client_id=agent.agent, scopes=[]))
        await self._managers[server].handle_request({**scope, _PRINCIPAL: agent, "user": user}, receive, send)


class Front:
    """The MCP server that agents see in place of one upstream."""

    def __init__(self, upstreams: Upstreams, calls: Calls, state: State, tenant: TenantId) -> None:
        self._upstreams = upstreams
        self._upstream = upstream = upstreams.enforced
        self._calls = calls
        self._state = state
        self._tenant = tenant
        self.server: Server[Any] = Server(
            upstream.id,
            on_list_tools=self._list,
            on_call_tool=self._call,
            get_tool_input_schema=self._schema,
        )

    async def _list(self, context: Context, params: types.PaginatedRequestParams | None) -> Any:
        principal = _principal(context)
        try:
            listed = await self._upstream.tools()
        except Unavailable as error:
            raise MCPError(types.INTERNAL_ERROR, error.message) from None
        after = params.cursor if params is not None and params.cursor is not None else ""
        names = sorted(name for name in listed if name > after and self._shown(principal.tenant, name))
        page = names[:_PAGE]
        tools = [{key: listed[name][key] for key in _SHOWN if key in listed[name]} for name in page]
        result: dict[str, Any] = {"tools": tools, "resultType": "complete"}
        if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            result |= {"ttlMs": 0, "cacheScope": "private"}  # what is listed follows revocation and quarantine
        if len(names) > _PAGE:
            result["nextCursor"] = page[-1]
        return result

    async def _call(self, context: Context, params: types.CallToolRequestParams) -> Any:
        principal = _principal(context)
        try:
            named = _named(context, params)
            return _in_version(context, await self._calls.call(principal, self._upstreams, named))
        except InvalidInput as error:
            raise MCPError(types.INVALID_PARAMS, error.message) from None
        except RemitError as error:
            raise MCPError(types.INTERNAL_ERROR, error.message, {"code": error.code}) from None
        except Exception as error:  # its message is for operators: one of the SDK's paths would send it to the agent
            _LOG.error("call.not_judged", server=self._upstream.id, cause=type(error).__name__, exc_info=error)
            raise MCPError(types.INTERNAL_ERROR, "the call could not be judged; it was not carried out") from None

    def _shown(self, tenant: TenantId, name: str) -> bool:
        tool = self._state.tool(tenant, ToolId(f"{self._upstream.id}/{name}"))
        return tool is not None and tool.state is ToolState.ACTIVE

    def _schema(self, name: str) -> Mapping[str, Any] | None:
        """For the check of `Mcp-Param-*` headers; only of tools that agents are shown."""
        listed = self._upstream.listed(name)
        if listed is None or not self._shown(self._tenant, name):
            return None
        schema: Mapping[str, Any] = listed["inputSchema"]
        return schema


def _in_version(context: Context, result: dict[str, Any]) -> dict[str, Any]:
    """`result` without the stamp that servers of 2026-07-28 put on it, for clients of versions that have none."""
    meta = result.get("_meta")
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS or not isinstance(meta, dict):
        return result
    kept = {name: value for name, value in meta.items() if name != types.SERVER_INFO_META_KEY}
    return {**result, "_meta": kept or None}


def _principal(context: Context) -> AgentPrincipal:
    principal = context.request.scope.get(_PRINCIPAL) if context.request is not None else None
    if not isinstance(principal, AgentPrincipal):
        raise MCPError(types.INTERNAL_ERROR, "this request was not authenticated")
    return principal


def _named(context: Context, params: types.CallToolRequestParams) -> Named:
    """What the agent says of its call, from headers and `_meta`. Raises `InvalidInput` when they disagree."""
    headers = context.request.headers if context.request is not None else {}
    meta = (context.params or {}).get("_meta") or {}
    return Named(
        tool=params.name,
        arguments=params.arguments or {},
        instance=_one(headers, "remit-instance", meta, "remit/instance"),
        mission=_one(headers, "remit-mission", meta, "remit/mission"),
        call_id=_one({}, "", meta, "remit/call_id"),
        approval=_one({}, "", meta, "remit/approval"),
    )


def _one(headers: Mapping[str, str], header: str, meta: Mapping[str, Any], key: str) -> str | None:
    said = [value for value in (headers.get(header), meta.get(key)) if value is not None]
    if not said:
        return None
    value = said[0]
    if said[-1] != value:
        raise InvalidInput(f"expected the header `{header}` and `_meta` `{key}` to agree")
    if not isinstance(value, str) or not is_identifier(value):
        raise InvalidInput(f"expected `{key}` to be letters, digits and `_.:@/+=~#-`, 1 to 200 characters")
    return value
