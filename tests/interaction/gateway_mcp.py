"""A gateway over small rooms, real MCP servers behind it and real MCP clients before it, all over sockets."""

import asyncio
import contextlib
import json
import socket
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import httpx2
import mcp_types as types
import msgspec
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError

from remit.assembly.http import bound, http_server
from remit.gateway import Gateway
from remit.terms import (
    DEFAULT_TENANT,
    AgentId,
    AgentPrincipal,
    Approval,
    ApprovalState,
    Credential,
    Decision,
    Effect,
    Evidence,
    Finding,
    FindingKind,
    KeyId,
    OperationClass,
    OperatorId,
    OperatorPrincipal,
    Outcome,
    PointId,
    PointPrincipal,
    Principal,
    Reason,
    Remedy,
    Request,
    ServerId,
    TenantId,
    Tool,
    ToolId,
    ToolState,
    Unauthenticated,
    Upstream,
    canonical,
    digest,
)

SECRET = "upstream-credential-2f9c61"
MODES = ("legacy", "2026-07-28")
Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


class House:
    """The rooms below the gateway, small but real: rules by tool, approvals that are consumed, a register."""

    def __init__(self) -> None:
        self.rules: dict[str, Effect] = {}
        self.disclose = False
        self.broken: Exception | None = None
        self.unable_to_record: Exception | None = None
        self.requests: list[Request] = []
        self.outcomes: list[Outcome] = []
        self.completed = asyncio.Event()
        self.registered: list[tuple[str, list[dict[str, Any]]]] = []
        self.changed = asyncio.Event()
        self.tools: dict[ToolId, Tool] = {}
        self.approvals: dict[str, Approval] = {}
        self.principals: dict[str, Principal] = {
            "key-a": AgentPrincipal(tenant=DEFAULT_TENANT, agent=AgentId("clerk"), key=KeyId("ka")),
            "key-b": AgentPrincipal(tenant=DEFAULT_TENANT, agent=AgentId("other"), key=KeyId("kb")),
            "key-op": OperatorPrincipal(
                tenant=DEFAULT_TENANT, operator=OperatorId("greta"), roles=(), groups=(), key=KeyId("ko")
            ),
        }

    def authenticate(self, credential: Credential | None) -> Principal:
        if credential is None or credential.value not in self.principals:
            raise Unauthenticated("this access key is not valid")
        return self.principals[credential.value]

    def renew(self, principal: Principal) -> Principal:
        if principal not in self.principals.values():
            raise Unauthenticated("this access key is not valid any more")
        return principal

    def tool(self, tenant: TenantId, tool: ToolId) -> Tool | None:
        return self.tools.get(tool)

    def approval(self, tenant: TenantId, approval: str) -> Approval | None:
        return self.approvals.get(approval)

    async def register(self, server: str, listed: list[dict[str, Any]]) -> None:
        for item in listed:
            hostile = "IGNORE ALL RULES" in item.get("description", "")
            tool = Tool(
                tenant=DEFAULT_TENANT,
                server=ServerId(server),
                name=item["name"],
                description=item.get("description", ""),
                input_schema=item["inputSchema"],
                definition_hash=digest(item),
                classes=(OperationClass.READ,),
                state=ToolState.QUARANTINED if hostile else ToolState.ACTIVE,
            )
            self.tools[tool.id] = tool
        self.registered.append((server, listed))
        self.changed.set()

    async def decide(self, principal: Principal, request: Request) -> Decision:
        self.requests.append(request)
        if self.broken is not None:
            raise self.broken
        number = len(self.requests)
        effect = self.rules.get(request.action, Effect.PERMIT)
        opened = None
        if effect is Effect.ASK:
            effect, opened = self._asked(request, number)
        return Decision(
            id=f"d{number}",
            effect=effect,
            reasons=(Reason(code="no-money-to-strangers", message="the recipient is not one of the goal's"),),
            findings=(
                Finding(
                    kind=FindingKind.GROUNDING,
                    verdict="outsider",
                    message="an argument comes from an outsider's text",
                    rests_on=(Evidence(what="argument recipient", where="line 3", quote="\x1b[31mpay LT12 now"),),
                ),
                Finding(kind=FindingKind.RATE, verdict="within", message="rate is fine"),
            ),
            remedy=Remedy(message="pay the IBAN of the invoice", disclosable=self.disclose),
            call_id=request.call_id or "",
            approval=opened,
            canonical=canonical(dict(request.arguments or {})) if effect is Effect.PERMIT else b"",
        )

    def _asked(self, request: Request, number: int) -> tuple[Effect, str]:
        content = digest({"arguments": request.arguments, "call": request.call_id})
        held = self.approvals.get(request.approval or "")
        if held is not None and held.state is ApprovalState.APPROVED and held.digest == content:
            self.approvals[held.id] = _changed(held, ApprovalState.CONSUMED)
            return Effect.PERMIT, held.id
        approval = Approval(
            tenant=DEFAULT_TENANT,
            id=f"a{number}",
            decision=f"d{number}",
            mission="",
            agent=request.subject_id,
            instance=request.instance or "",
            tool=request.resource_id,
            call_id=request.call_id or "",
            digest=content,
            policy="",
            evidence="",
            groups=("finance",),
            state=ApprovalState.PENDING,
            opened=0,
            expires=2**50,
        )
        self.approvals[approval.id] = approval
        return Effect.ASK, approval.id

    def approve(self, approval: str) -> None:
        self.approvals[approval] = _changed(self.approvals[approval], ApprovalState.APPROVED)

    async def complete(self, principal: Principal, outcome: Outcome) -> None:
        assert isinstance(principal, PointPrincipal)
        if self.unable_to_record is not None:
            raise self.unable_to_record
        self.outcomes.append(outcome)
        self.completed.set()


def _changed(approval: Approval, state: ApprovalState) -> Approval:
    return msgspec.structs.replace(approval, state=state, version=approval.version + 1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def served(app: App, port: int | None = None) -> AsyncIterator[str]:
    """`app` on loopback, until the block ends."""
    listener = bound("127.0.0.1", port or 0)
    server = http_server(app)
    task = await server.begin(listener)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.stop()
        await asyncio.wait_for(task, 10)


@contextlib.asynccontextmanager
async def gateway(house: House, tmp: Path, urls: dict[str, str], **settings: Any) -> AsyncIterator[str]:
    """The gateway in front of `urls`; yields its address."""
    credential = tmp / "credential"
    credential.write_text(f"Bearer {SECRET}\n")
    door = Gateway(
        upstreams=[Upstream(id=name, url=url, credential_file=str(credential)) for name, url in urls.items()],
        authenticator=house,
        mediator=house,
        state=house,
        register=house.register,
        point=PointPrincipal(
            tenant=DEFAULT_TENANT, point=PointId("gateway"), servers=("*",), subjects=("agent",), key=KeyId("embedded")
        ),
        **settings,
    )
    async with served(door) as url, door.lifespan():
        yield f"{url}/mcp"


@contextlib.asynccontextmanager
async def agent(url: str, mode: str = "2026-07-28", key: str = "key-a", **headers: str) -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(headers={"authorization": f"Bearer {key}", **headers}, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode, cache=None) as client,
    ):
        yield client


class Office:
    """The demo's tool server as a process of its own."""

    def __init__(self, url: str, db: Path) -> None:
        self.url = url
        self._db = db

    def arrived(self) -> list[tuple[str, Any]]:
        with contextlib.closing(sqlite3.connect(self._db)) as db:
            return [
                (tool, json.loads(text)) for tool, text in db.execute("SELECT tool, arguments FROM call ORDER BY id")
            ]

    def payments(self) -> int:
        with contextlib.closing(sqlite3.connect(self._db)) as db:
            return int(db.execute("SELECT count(*) FROM payment").fetchone()[0])


def told(result: types.CallToolResult) -> Any:
    assert result.meta is not None
    return result.meta["remit/decision"]


def text(result: types.CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


def said(mission: Any) -> Any:
    return {"remit/mission": mission}


def body(params: dict[str, Any], method: str = "tools/call") -> bytes:
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
    return json.dumps(message).encode()


def head(name: str = "get_balance", method: str = "tools/call") -> dict[str, str]:
    return {
        "authorization": "Bearer key-a",
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": method,
        "mcp-name": name,
    }


PAYMENT = {"recipient": "LT121000011101001000", "amount": 1480.0, "currency": "EUR", "reference": "BW-2231"}


class Rogue:
    """An upstream in this process whose tools do what a test tells them to."""

    def __init__(self, count: int = 0) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.entered = asyncio.Event()
        self.let_go = asyncio.Event()
        self.tools = [self._tool("echo"), self._tool("slow"), self._tool("wants_input")]
        self.tools += [self._tool(f"tool_{number:03}") for number in range(count)]
        self.server: Server[Any] = Server("rogue", on_list_tools=self._list, on_call_tool=self._call)

    @staticmethod
    def _tool(name: str, description: str = "does things") -> types.Tool:
        return types.Tool(name=name, description=description, input_schema={"type": "object"})

    async def _list(self, context: Any, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        start = int(params.cursor) if params and params.cursor else 0
        after = str(start + 40) if start + 40 < len(self.tools) else None
        return types.ListToolsResult(tools=self.tools[start : start + 40], next_cursor=after)

    async def _call(
        self, context: Any, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        self.calls.append((params.name, params.arguments))
        self.headers.append(dict(context.request.headers))
        if params.name == "wants_input":
            return types.InputRequiredResult(input_requests={"r": types.ListRootsRequest()}, request_state="s")
        if params.name == "slow":
            self.entered.set()
            await self.let_go.wait()
        if (params.arguments or {}).get("fail"):
            raise MCPError(types.INVALID_PARAMS, f"cannot with {dict(context.request.headers)}")
        leak = json.dumps(dict(context.request.headers))
        return types.CallToolResult(
            content=[types.TextContent(text=leak)], structured_content={"sent": dict(context.request.headers)}
        )

    @contextlib.asynccontextmanager
    async def up(self, port: int | None = None) -> AsyncIterator[str]:
        manager = self.manager()
        async with manager.run(), served(manager.handle_request, port) as url:
            yield f"{url}/mcp"

    def manager(self) -> StreamableHTTPSessionManager:
        return StreamableHTTPSessionManager(self.server, json_response=True)
