"""A whole Remit for tests: the real assembly on a directory of its own, spoken to over HTTP in this process."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from hypothesis import settings

from remit.assembly import InitResult, Remit, init, open_remit
from remit.sdk import Client

# A busy machine is no defect: how long a case takes is what benchmarks say.
settings.register_profile("remit", deadline=None)
settings.load_profile("remit")

TOOLS: list[dict[str, Any]] = [
    {
        "name": "read_file",
        "description": "Read a file.",
        "inputSchema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    },
    {
        "name": "send_email",
        "description": "Send an e-mail.",
        "inputSchema": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("to", "subject", "body")},
            "required": ["to", "body"],
        },
    },
    {
        "name": "make_payment",
        "description": "Pay money to a recipient.",
        "inputSchema": {
            "type": "object",
            "properties": {"recipient": {"type": "string"}, "amount": {"type": "number"}},
            "required": ["recipient", "amount"],
        },
    },
]


class House:
    """A running Remit with an agent `clerk`, the tools above on server `office`, and a client for each role."""

    def __init__(self, remit: Remit, http: httpx2.AsyncClient, made: InitResult) -> None:
        self.remit = remit
        self.http = http
        self.operator = Client(http, made.admin_key)
        self.point = Client(http, made.point_key)
        self.approver = self.operator
        self.agent_key = ""

    async def furnish(self) -> None:
        await self.operator.post("/v1/tools", {"server": "office", "format": "mcp", "document": TOOLS})
        olga = {"id": "olga", "roles": ["approver"], "groups": ["operators", "finance"]}
        self.approver = Client(self.http, (await self.operator.post("/v1/operators", olga))["key"])
        self.agent_key = (await self.operator.post("/v1/agents", {"id": "clerk", "owner": "ann"}))["key"]

    async def mission(self, goal: str, **more: Any) -> str:
        """A mission of `clerk`, vouched by a person."""
        body = {"agent": "clerk", "purpose": "assist", "subject": "user:ann", "goal": goal, **more}
        opened = await self.operator.post("/v1/missions", body)
        return str(opened["mission"]["id"])

    async def ask(
        self, mission: str | None, tool: str, arguments: dict[str, Any], *, agent: str = "clerk", **context: Any
    ) -> dict[str, Any]:
        """The context of the answer; `instance` may be among `context`."""
        instance = context.pop("instance", None)
        answer, _ = await self.point.evaluate(
            {
                "subject": {"type": "agent", "id": agent, "properties": {"instance": instance} if instance else {}},
                "action": {"name": tool},
                "resource": {"type": "tool", "id": f"office/{tool}"},
                "context": {**({"mission": mission} if mission else {}), "arguments": arguments, **context},
            }
        )
        return answer

    async def returned(self, decision: str, content: str | None, status: str = "succeeded") -> None:
        await self.point.post("/v1/outcomes", {"decision": decision, "status": status, "content": content})


Story = Callable[[House], Coroutine[Any, Any, None]]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, InitResult]:
    """A Remit directory, made once; tests work on copies."""
    directory = tmp_path_factory.mktemp("template") / "remit.d"
    return directory, init(directory)


@pytest.fixture
def directory(template: tuple[Path, InitResult], tmp_path: Path) -> Path:
    """A Remit directory of the test's own."""
    place = tmp_path / "remit.d"
    shutil.copytree(template[0], place)
    return place


@pytest.fixture
def opened(template: tuple[Path, InitResult], directory: Path) -> Callable[[], AbstractAsyncContextManager[House]]:
    """Opens `directory`; may be called again after it was closed."""

    @contextlib.asynccontextmanager
    async def opening() -> AsyncIterator[House]:
        async with open_remit(directory) as remit:
            transport = httpx2.ASGITransport(app=remit.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                yield House(remit, http, msgspec.structs.replace(template[1], directory=str(directory)))

    return opening


@pytest.fixture
def play(opened: Callable[[], AbstractAsyncContextManager[House]]) -> Callable[[Story], None]:
    """Plays a story in a furnished house."""

    def run(story: Story) -> None:
        async def whole() -> None:
            async with opened() as house:
                await house.furnish()
                await story(house)

        asyncio.run(whole())

    return run
