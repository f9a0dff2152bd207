"""Driving a Remit with recorded runs: each trace a mission whose goal is the user's words, vouched by a person.

An agent's traces run one after another, in order, so that what Remit learns of it does not depend on timing; different
agents run side by side. Results of permitted and asked calls are taken in, for which the asked ones are approved by an
operator and evaluated again, as in life; results of denied calls are not. Labels are not read here.

Enforcement points are told no quotes. Where evidence is wanted, the record of each decision is read as the operator.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from remit.replay.data import RecordedCall, Trace, tools
from remit.replay.scoring import Decided
from remit.sdk import ApiError, Client
from remit.terms import Effect, Finding, Reason, Remedy

PARALLEL = 24  # agents side by side: enough to share commits, few enough to keep memory small

Progress = Callable[[Decided], None]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One decision with what it rests on."""

    id: str
    outcome: Effect
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...]
    remedy: Remedy | None = None
    recorded: bool = True  # False: its record could not be read, so nothing is quoted


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """One trace, decided; `told` is empty unless evidence was wanted."""

    decided: Decided
    told: tuple[Told, ...] = ()


class Driver:
    """One Remit, seen by its clients: `operator` administers and approves, `point` asks and attests."""

    def __init__(self, operator: Client, point: Client, purpose: str, *, evidence: bool = False) -> None:
        self._operator = operator
        self._point = point
        self._purpose = purpose
        self._evidence = evidence

    async def prepare(self, data: Path, traces: Sequence[Trace]) -> None:
        """Register the tools and agents of `traces`."""
        for name in sorted({trace.tools for trace in traces}):
            await self._operator.post("/v1/tools", {"server": name, "format": "mcp", "document": tools(data, name)})
        known = {agent["id"] for agent in (await self._operator.get("/v1/agents"))["agents"]}
        for agent in sorted({_agent(trace) for trace in traces} - known):
            await self._operator.post("/v1/agents", {"id": agent, "owner": "replay", "category": "recorded"})

    async def run(self, traces: Sequence[Trace], progress: Progress) -> list[Replayed]:
        """Decide every call of every trace; results in the order of `traces`."""
        by_agent: dict[str, list[Trace]] = {}
        for trace in traces:
            by_agent.setdefault(_agent(trace), []).append(trace)
        gate = asyncio.Semaphore(PARALLEL)
        done: dict[str, Replayed] = {}

        async def one_agent(own: Iterable[Trace]) -> None:
            async with gate:
                for trace in own:
                    done[trace.id] = await self._trace(trace)
                    progress(done[trace.id].decided)

        async with asyncio.TaskGroup() as group:
            for own in by_agent.values():
                group.create_task(one_agent(own))
        return [done[trace.id] for trace in traces]

    async def _trace(self, trace: Trace) -> Replayed:
        opened = await self._point.post(
            "/v1/missions",
            {
                "agent": _agent(trace),
                "instance": f"replay/{trace.id}",
                "subject": f"user:{trace.suite}",
                "purpose": self._purpose,
                "goal": trace.goal,
            },
        )
        mission = opened["mission"]["id"]
        answers: list[dict[str, Any]] = []
        micros: list[float] = []
        for number, call in enumerate(trace.calls):
            answer, spent = await self._call(trace, mission, number, call)
            answers.append(answer)
            if spent is not None:
                micros.append(spent)
        await self._point.post(f"/v1/missions/{mission}/state", {"state": "completed", "cause": "replayed"})
        return Replayed(
            decided=Decided(
                id=trace.id, decisions=tuple(answer["outcome"] for answer in answers), micros=tuple(micros)
            ),
            told=tuple([await self._told(answer) for answer in answers]) if self._evidence else (),
        )

    async def _told(self, answer: dict[str, Any]) -> Told:
        """The decision from its record; without quotes where that is erased, or not for this operator."""
        try:
            recorded = (await self._operator.get(f"/v1/records/{answer['id']}"))["call"]
        except ApiError:
            recorded = None
        return msgspec.convert({**answer, **(recorded or {}), "recorded": recorded is not None}, Told)

    async def _call(
        self, trace: Trace, mission: str, number: int, call: RecordedCall
    ) -> tuple[dict[str, Any], float | None]:
        request = {
            "subject": {"type": "agent", "id": _agent(trace), "properties": {"instance": f"replay/{trace.id}"}},
            "action": {"name": call.function},
            "resource": {"type": "tool", "id": f"{trace.tools}/{call.function}"},
            "context": {"mission": mission, "call_id": f"{mission}.{number}", "arguments": call.arguments},
        }
        first, micros = await self._point.evaluate(request)
        last = first
        if first["outcome"] == "ask":
            last = await self._approved(request, first["access_request"]["id"])
        if last["outcome"] == "permit":
            await self._attest(last["id"], call)
        return first, micros

    async def _approved(self, request: dict[str, object], approval: str) -> dict[str, str]:
        """What the same call is answered once a person has approved it."""
        try:
            await self._operator.post(f"/v1/approvals/{approval}/answer", {"state": "approved", "cause": "replay"})
        except ApiError:  # answered meanwhile, or nobody may lift it
            return {"outcome": "deny"}
        context = request["context"]
        assert isinstance(context, dict)
        answer, _ = await self._point.evaluate({**request, "context": {**context, "approval": approval}})
        return answer

    async def _attest(self, decision: str, call: RecordedCall) -> None:
        content = call.result or call.error or None
        body = {"decision": decision, "status": "failed" if call.error else "succeeded", "content": content}
        await self._point.post("/v1/outcomes", body)


def _agent(trace: Trace) -> str:
    """Each (agent, suite) is an agent."""
    return f"{trace.agent}@{trace.suite}"


def write_decisions(path: Path, decided: Iterable[Decided]) -> None:
    """One object a line, as the scorer reads it."""
    path.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in decided))
