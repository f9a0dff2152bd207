"""Nothing waits between finding out who is calling and the path: what was revoked meanwhile is not asked for."""

import asyncio
from typing import Any, cast

import pytest

from remit.gateway.calls import Calls, Named, Upstreams
from remit.gateway.ports import Mediator, State
from remit.gateway.upstream import UpstreamSession
from remit.terms import (
    DEFAULT_TENANT,
    AgentId,
    AgentPrincipal,
    Credential,
    Decision,
    Effect,
    KeyId,
    OperatorId,
    OperatorPrincipal,
    PointId,
    PointPrincipal,
    Principal,
    Reason,
    Request,
    Unauthenticated,
)

AGENT = AgentPrincipal(tenant=DEFAULT_TENANT, agent=AgentId("clerk"), key=KeyId("k"))
POINT = PointPrincipal(tenant=DEFAULT_TENANT, point=PointId("gateway"), servers=("*",), subjects=("*",), key=KeyId("p"))
OPERATOR = OperatorPrincipal(tenant=DEFAULT_TENANT, operator=OperatorId("o"), roles=(), groups=(), key=KeyId("k"))


class Path:
    def __init__(self) -> None:
        self.asked: list[Principal] = []

    async def decide(self, principal: Principal, request: Request) -> Decision:
        self.asked.append(principal)
        return Decision(id="d", effect=Effect.DENY, reasons=(Reason(code="no", message="no"),))


class Keys:
    """The key stands until the first wait of whoever calls."""

    def __init__(self, then: Principal | None) -> None:
        self.now: Principal | None = AGENT
        asyncio.get_running_loop().call_soon(self._becomes, then)

    def _becomes(self, then: Principal | None) -> None:
        self.now = then

    def authenticate(self, credential: Credential | None) -> Principal:
        raise NotImplementedError

    def renew(self, principal: Principal) -> Principal:
        if self.now is None:
            raise Unauthenticated("not any more")
        return self.now


class Session:
    id = "office"

    def listed(self, name: str) -> dict[str, Any]:
        return {}


def called(then: Principal | None) -> Path:
    path = Path()

    async def story() -> None:
        session = cast(UpstreamSession, Session())
        calls = Calls(cast(Mediator, path), cast(State, None), Keys(then), POINT)
        assert calls.renewed(AGENT) is AGENT, "it still stands when the body is there"
        named = Named(tool="read", arguments={})
        await calls.call(AGENT, Upstreams(enforced=session, observed=session), named)

    asyncio.run(story())
    return path


def test_an_agent_whose_key_stands_is_asked_for() -> None:
    assert called(AGENT).asked == [AGENT]


@pytest.mark.parametrize("then", [None, OPERATOR])
def test_an_agent_whose_key_was_revoked_after_the_body_was_read_is_not_asked_for(then: Principal | None) -> None:
    with pytest.raises(Unauthenticated):
        called(then)


def test_the_path_is_asked_for_the_agent_as_it_stands_now() -> None:
    newer = AgentPrincipal(tenant=DEFAULT_TENANT, agent=AgentId("clerk"), key=KeyId("other"))
    assert called(newer).asked == [newer]
