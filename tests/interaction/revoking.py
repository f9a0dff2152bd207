"""A revocation amid full load, measured: a real `remit up`, real HTTP, clients that ask as fast as they are answered.

In each round one mission that a quarter of the clients ask under is revoked, and the next one begins. *Acknowledged* is
from sending the revocation to its answer; *in effect* until the last permit that was answered under it.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from tests.interaction.cli_process import remit_up

from remit.assembly import init
from remit.sdk import Client

TOOL = {"name": "read_file", "inputSchema": {"type": "object", "properties": {"name": {"type": "string"}}}}
MISSIONS = 4  # asked under at once, so that a revocation comes amid other work


class Figures(msgspec.Struct, kw_only=True):
    """Milliseconds; counts."""

    decisions: int = 0
    per_second: float = 0.0
    permits_after_acknowledgement: int = 0
    acknowledged: list[float] = []
    in_effect: list[float] = []

    def told(self) -> dict[str, Any]:
        return {
            "decisions": self.decisions,
            "per_second": round(self.per_second),
            "permits_after_acknowledgement": self.permits_after_acknowledgement,
            "revocations": len(self.acknowledged),
            **{f"acknowledged_ms_p{share}": percentile(self.acknowledged, share) for share in (50, 99)},
            **{f"in_effect_ms_p{share}": percentile(self.in_effect, share) for share in (50, 99)},
        }


def percentile(values: list[float], share: int) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 2)


class Mission:
    """One mission, and what was seen of it."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.acknowledged: float | None = None
        self.permitted = 0
        self.last_permit = 0.0  # when its answer came
        self.late = 0  # permits asked for after the acknowledgement
        self.refused = asyncio.Event()  # a denial was answered


class Load:
    def __init__(self, url: str, admin: str, point: str, connections: int) -> None:
        limits = httpx2.Limits(max_connections=connections + 4, max_keepalive_connections=connections + 4)
        self.http = httpx2.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False)
        self.operator = Client(self.http, admin)
        self.point = Client(self.http, point)
        self.connections = connections
        self.missions: list[Mission] = []
        self.answers = 0
        self._more = asyncio.Event()

    async def furnish(self) -> None:
        await self.operator.post("/v1/tools", {"server": "office", "format": "mcp", "document": [TOOL]})
        for number in range(MISSIONS):
            await self.operator.post("/v1/agents", {"id": f"clerk-{number}", "owner": "ann"})
            self.missions.append(await self.open(number))

    async def open(self, number: int) -> Mission:
        body = {"agent": f"clerk-{number}", "purpose": "assist", "goal": "Read report.txt", "subject": "user:ann"}
        return Mission(str((await self.operator.post("/v1/missions", body))["mission"]["id"]))

    async def ask_for_ever(self, worker: int) -> None:
        number = worker % MISSIONS
        while True:
            mission = self.missions[number]
            late = mission.acknowledged is not None
            answer, _ = await self.point.evaluate(
                {
                    "subject": {"type": "agent", "id": f"clerk-{number}"},
                    "action": {"name": "read_file"},
                    "resource": {"type": "tool", "id": "office/read_file"},
                    "context": {"mission": mission.id, "arguments": {"name": "report.txt"}},
                }
            )
            self.answers += 1
            self._more.set()
            if answer["outcome"] == "permit":
                mission.permitted += 1
                mission.last_permit = time.perf_counter()
                mission.late += late
            elif any(reason["code"] == "remit.mission_inactive" for reason in answer["reasons"]):
                mission.refused.set()

    async def answered(self, more: int) -> None:
        """Wait until so many more were answered."""
        wanted = self.answers + more
        while self.answers < wanted:
            self._more.clear()
            await self._more.wait()

    async def revoke(self, number: int, figures: Figures) -> None:
        mission = self.missions[number]
        sent = time.perf_counter()
        await self.operator.post("/v1/revoke", {"kind": "mission", "id": mission.id, "cause": "measured"})
        mission.acknowledged = time.perf_counter()
        await mission.refused.wait()
        await self.answered(2 * self.connections)  # all that was under way has come, and more was asked after it
        figures.acknowledged.append((mission.acknowledged - sent) * 1000)
        figures.in_effect.append(max(0.0, mission.last_permit - sent) * 1000)
        figures.permits_after_acknowledgement += mission.late
        if not mission.permitted:
            raise AssertionError("the load never reached this mission, so nothing was measured")


async def measure(url: str, admin: str, point: str, *, rounds: int, connections: int) -> Figures:
    load, figures = Load(url, admin, point, connections), Figures()
    async with load.http:
        await load.furnish()
        workers = [asyncio.create_task(load.ask_for_ever(worker)) for worker in range(connections)]
        await load.answered(4 * connections)
        began = time.perf_counter()
        before = load.answers
        for turn in range(rounds):
            await load.revoke(turn % MISSIONS, figures)
            load.missions[turn % MISSIONS] = await load.open(turn % MISSIONS)
            await load.answered(2 * connections)
        figures.decisions = load.answers - before
        figures.per_second = figures.decisions / (time.perf_counter() - began)
        for worker in workers:
            worker.cancel()
        ended = await asyncio.gather(*workers, return_exceptions=True)
        failed = [one for one in ended if not isinstance(one, asyncio.CancelledError)]
        if failed:
            raise AssertionError(f"a client failed: {failed[0]!r}")
    return figures


def run(rounds: int, connections: int) -> Figures:
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "remit.d"
        made = init(directory)
        toml = directory / "remit.toml"
        text = toml.read_text(encoding="utf-8").replace("max_calls = 2000\n", "")
        limits = "[limits]\ncalls_per_minute_agent = 100000000\ncalls_per_minute_instance = 100000000\n"
        toml.write_text(text + limits, encoding="utf-8")
        with remit_up(directory) as server:
            measuring = measure(server.url, made.admin_key, made.point_key, rounds=rounds, connections=connections)
            return asyncio.run(measuring)
