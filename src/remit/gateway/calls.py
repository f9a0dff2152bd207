"""The one function by which a call reaches an upstream: ask the path, forward what was judged, attest what happened.

1. Name the call: mission, instance, call id, approval; a repeated ask keeps its ids.
2. Ask the path, as the agent's key stands at this moment. Anything but a permit ends here, and the upstream never
   hears of it.
3. Forward `decision.canonical`, the bytes that were hashed, and nothing else of the request; in observe without the
   credential.
4. Attest the outcome before the agent sees the result, so that its next decision knows what it has read.

A client that leaves does not stop a call: from step 2 on it runs in a task of the gateway's own, which attests whatever
happens. When the gateway stops first, the outcome is attested as unknown.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import structlog

from remit.gateway.answers import failure, refusal, shown, text_of, unattested
from remit.gateway.asks import Asks, Subject
from remit.gateway.callers import renewed
from remit.gateway.ports import Authenticator, Mediator, State
from remit.gateway.upstream import Answer, Failure, UpstreamSession
from remit.terms import (
    AgentPrincipal,
    ApprovalState,
    Decision,
    Effect,
    Mode,
    Outcome,
    OutcomeStatus,
    PointPrincipal,
    RemitError,
    Request,
    ToolId,
    parse,
)

_LOG = structlog.get_logger("remit.gateway")


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A call as an agent named it: all of it the agent's claim."""

    tool: str
    arguments: dict[str, Any]
    instance: str | None = None  # None: the mission's, as the path knows it
    mission: str | None = None
    call_id: str | None = None
    approval: str | None = None


class Upstreams(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions with one server. What nobody enforced never goes out with the credential (design: modes)."""

    enforced: UpstreamSession
    observed: UpstreamSession  # without the credential; the same where there is none


class Calls:
    """Calls in flight."""

    def __init__(
        self,
        mediator: Mediator,
        state: State,
        authenticator: Authenticator,
        point: PointPrincipal,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._mediator = mediator
        self._state = state
        self._authenticator = authenticator
        self._point = point
        self._now = now
        self._asks = Asks()
        self._running: set[asyncio.Task[dict[str, Any]]] = set()

    def renewed(self, agent: AgentPrincipal) -> AgentPrincipal:
        """`agent` as its key stands now. Raises `Unauthenticated` when it was revoked since it was presented."""
        return renewed(self._authenticator, agent)

    async def call(self, agent: AgentPrincipal, upstream: Upstreams, named: Named) -> dict[str, Any]:
        """The `CallToolResult` for the agent. Raises `RemitError` when the call has no single meaning."""
        task = self._start(self._mediated(agent, upstream, named))
        return await asyncio.shield(task)

    async def drain(self, grace: float) -> None:
        """Let calls in flight end for `grace` seconds, then stop them; each attests its outcome."""
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, dict[str, Any]]) -> asyncio.Task[dict[str, Any]]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[dict[str, Any]]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits has it; if the client left, nobody does

    async def _mediated(self, agent: AgentPrincipal, upstreams: Upstreams, named: Named) -> dict[str, Any]:
        upstream = upstreams.enforced
        tool = ToolId(f"{upstream.id}/{named.tool}")
        structured = "outputSchema" not in (upstream.listed(named.tool) or {"outputSchema": "unknown"})
        subject: Subject = (agent.tenant, agent.agent, named.instance, named.mission, tool)
        # 1 Name
        asked = None if named.call_id or named.approval else self._asks.find(subject, named.arguments)
        if asked is not None and self._waits(agent, asked):
            return refusal(asked, structured=structured)  # the same answer, which is in the log already
        # 2 Ask the path
        agent = self.renewed(agent)  # here, because nothing waits from here to the commit (I5)
        decision = await self._mediator.decide(agent, _request(agent, upstream.id, named, asked))
        if decision.effect is Effect.ASK:
            self._asks.keep(subject, named.arguments, decision)
        else:
            self._asks.drop(subject, named.arguments)
        if decision.effect is not Effect.PERMIT:
            return refusal(decision, structured=structured)
        # 3 Forward
        target = upstream if decision.mode is Mode.ENFORCE else upstreams.observed
        answer = await self._forwarded(target, named.tool, decision)
        # 4 Attest
        if not await self._attested(decision, answer):
            return unattested(decision, structured=structured)
        if isinstance(answer, Answer):
            return shown(decision, answer.result)
        return failure(decision, answer, structured=structured)

    def _waits(self, agent: AgentPrincipal, asked: Decision) -> bool:
        """Whether nobody has answered yet. Asking again would only open a second request for the same person."""
        approval = self._state.approval(agent.tenant, asked.approval) if asked.approval else None
        return approval is not None and approval.state is ApprovalState.PENDING and approval.expires > self._now()

    async def _forwarded(self, upstream: UpstreamSession, tool: str, decision: Decision) -> Answer | Failure:
        try:
            return await upstream.call(tool, parse(decision.canonical))
        except asyncio.CancelledError:
            stopped = Failure(certain=False, message="the gateway was stopped while the call was under way")
            await self._attested(decision, stopped)
            raise
        except Exception as error:  # whatever it was, it happened after the permit: say what is known
            _LOG.error("call.failed", decision=decision.id, server=upstream.id, cause=type(error).__name__)
            return Failure(certain=False, message="the gateway failed while the call was under way")

    async def _attested(self, decision: Decision, answer: Answer | Failure) -> bool:
        try:
            await self._mediator.complete(self._point, _outcome(decision, answer))
        except RemitError as error:
            _LOG.error("outcome.lost", decision=decision.id, code=error.code)
            return False
        return True


def _request(agent: AgentPrincipal, server: str, named: Named, asked: Decision | None) -> Request:
    return Request(
        subject_type="agent",
        subject_id=agent.agent,
        instance=named.instance,
        action=named.tool,
        resource_type="tool",
        resource_id=f"{server}/{named.tool}",
        mission=named.mission,
        call_id=asked.call_id if asked is not None else named.call_id or f"c_{secrets.token_hex(12)}",
        arguments=named.arguments,
        approval=asked.approval if asked is not None else named.approval,
    )


def _outcome(decision: Decision, answer: Answer | Failure) -> Outcome:
    if isinstance(answer, Answer):
        status = OutcomeStatus.FAILED if answer.is_error else OutcomeStatus.SUCCEEDED
        return Outcome(decision=decision.id, status=status, content=text_of(answer.result))
    status = OutcomeStatus.FAILED if answer.certain else OutcomeStatus.UNKNOWN
    # what the upstream wrote is content that the agent reads; `error` is ours
    content, error = (answer.message, "refused by the upstream") if answer.theirs else ("", answer.message)
    return Outcome(decision=decision.id, status=status, content=content, error=error)
