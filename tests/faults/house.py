"""What clients do to a server under attack: agents that read and pay, a person who approves, many at once."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import msgspec

from remit.sdk import ApiError, Client, Unreachable

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
IBAN = "GB29NWBK60161331926819"
LARGE = 2500  # above what `pay-bills` pays without asking
SMALL = 400
CALLS = 12  # budget of a reading mission
AMOUNT = 2000.0  # budget of a paying mission: five small payments


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """Of the operator who opens missions, of the one who approves, of the enforcement point."""

    admin: str
    approver: str = ""
    point: str


class NotAskedError(Exception):
    """Where a person was to be asked, the answer was another."""


class Office:
    """Clients of one server, until it dies."""

    def __init__(self, http: httpx2.AsyncClient, keys: Keys) -> None:
        self.operator = Client(http, keys.admin)
        self.approver = Client(http, keys.approver)
        self.point = Client(http, keys.point)
        self.released: list[dict[str, Any]] = []  # every answer to an evaluation that a client saw
        self.answers = 0
        self.lost = 0  # calls that got no answer
        self._enough: tuple[int, Callable[[], None]] | None = None

    async def furnish(self) -> str:
        """The key of an operator who approves: whoever opens a mission may not approve its calls."""
        await self.operator.post("/v1/tools", {"server": "office", "format": "mcp", "document": TOOLS})
        await self.operator.post("/v1/agents", {"id": "clerk", "owner": "ann"})
        approver = {"id": "olga", "roles": ["approver"], "groups": ["operators", "finance"]}
        return str((await self.operator.post("/v1/operators", approver))["key"])

    def after(self, answers: int, act: Callable[[], None]) -> None:
        """Act when so many evaluations were answered."""
        self._enough = (answers, act)

    async def mission(self, goal: str, **more: Any) -> str:
        body = {"agent": "clerk", "purpose": "assist", "subject": "user:ann", "goal": goal, **more}
        opened = await self.operator.post("/v1/missions", body)
        return str(opened["mission"]["id"])

    async def ask(self, mission: str | None, tool: str, arguments: dict[str, Any], **context: Any) -> dict[str, Any]:
        instance = context.pop("instance", None)
        try:
            answer, _ = await self.point.evaluate(
                {
                    "subject": {"type": "agent", "id": "clerk", "properties": {"instance": instance or mission}},
                    "action": {"name": tool},
                    "resource": {"type": "tool", "id": f"office/{tool}"},
                    "context": {**({"mission": mission} if mission else {}), "arguments": arguments, **context},
                }
            )
        except Unreachable:
            self.lost += 1
            raise
        self.released.append(answer)
        self.counted()
        return answer

    def counted(self) -> None:
        self.answers += 1
        if self._enough is not None and self.answers >= self._enough[0]:
            self._enough[1]()

    async def returned(self, decision: str, status: str = "succeeded", content: str | None = "done") -> None:
        await self.point.post("/v1/outcomes", {"decision": decision, "status": status, "content": content})

    async def approve(self, approval: str) -> None:
        await self.approver.post(f"/v1/approvals/{approval}/answer", {"state": "approved"})

    async def approved(self, mission: str, call_id: str) -> tuple[str, dict[str, Any]]:
        """An approval of a large payment, and the request's context that may use it."""
        payment = {"recipient": IBAN, "amount": LARGE}
        asked = await self.ask(mission, "make_payment", payment, call_id=call_id)
        if asked["outcome"] != "ask":
            raise NotAskedError(str(asked))
        approval = str(asked["access_request"]["id"])
        await self.approve(approval)
        return approval, payment


async def read_until_the_budget_ends(office: Office) -> None:
    """Calls of a mission and of one derived from it draw on one budget; some results come, some never."""
    for number in itertools.count():
        mission = await office.mission("Read the files in the folder", budget={"calls": CALLS})
        derived = await office.operator.post(f"/v1/missions/{mission}/derive", {"agent": "clerk"})
        both = (mission, str(derived["mission"]["id"]))
        for call in range(CALLS // 2 + 1):
            answers = await together(
                *(office.ask(one, "read_file", {"name": f"{number}-{call}.txt"}, instance=mission) for one in both * 2)
            )
            permitted = [answer["id"] for answer in answers if answer["outcome"] == "permit"]
            await together(*(office.returned(decision) for decision in permitted[::2]))


async def pay_until_the_budget_ends(office: Office) -> None:
    """A payment that failed gives its money back; one whose outcome is unknown does not."""
    while True:
        mission = await office.mission(f"Pay {SMALL} EUR to {IBAN}", purpose="pay-bills", budget={"amount": AMOUNT})
        for _ in range(3):
            payment = {"recipient": IBAN, "amount": SMALL}
            answers = await together(*(office.ask(mission, "make_payment", payment) for _ in range(3)))
            permitted = [answer["id"] for answer in answers if answer["outcome"] == "permit"]
            ends = itertools.cycle(("succeeded", "failed", "unknown"))
            await together(*(office.returned(decision, next(ends), None) for decision in permitted))


async def use_approvals_twice(office: Office) -> None:
    """Six at once use what a person approved once."""
    for number in itertools.count():
        mission = await office.mission(f"Pay {LARGE} EUR to {IBAN}", purpose="pay-bills")
        approval, payment = await office.approved(mission, f"c{number}")
        uses = (office.ask(mission, "make_payment", payment, call_id=f"c{number}", approval=approval) for _ in range(6))
        await together(*uses)


async def together(*calls: Awaitable[Any]) -> list[Any]:
    """All results; every call has ended when the first failure is raised."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


async def crowd(count: int, connections: int, call: Callable[[], Awaitable[Any]]) -> list[Any]:
    """`count` calls, always as many at once as there are connections: a client's pool is slow with a long queue."""
    results: list[Any] = []
    left = iter(range(count))

    async def one_after_another() -> None:
        for _ in left:
            results.append(await call())

    await together(*(one_after_another() for _ in range(min(count, connections))))
    return results


async def load(office: Office, workers: int = 2) -> None:
    """Everything at once until the server is gone."""
    kinds = (read_until_the_budget_ends, pay_until_the_budget_ends, use_approvals_twice)

    async def until_it_dies(work: Callable[[Office], Awaitable[None]]) -> None:
        while True:
            try:
                await work(office)
            except Unreachable:
                return
            except (ApiError, NotAskedError):  # the server lives and could not write: the worker begins anew
                office.counted()

    await asyncio.gather(*(until_it_dies(kind) for kind in kinds for _ in range(workers)))


@contextlib.asynccontextmanager
async def visiting(url: str, keys: Keys, connections: int = 64) -> AsyncIterator[Office]:
    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with httpx2.AsyncClient(base_url=url, timeout=60, limits=limits) as http:
        yield Office(http, keys)


__all__ = ["ApiError", "Keys", "Office", "Unreachable", "crowd", "load", "together", "visiting"]
