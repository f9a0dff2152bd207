"""The door without a house: where there are no upstreams, who calls is still found out first."""

import asyncio
import json
from typing import Any, cast

import pytest

from remit.gateway import Gateway, Mediator, State
from remit.terms import (
    DEFAULT_TENANT,
    AgentId,
    AgentPrincipal,
    Credential,
    KeyId,
    PointId,
    PointPrincipal,
    Principal,
    Unauthenticated,
)

AGENT = AgentPrincipal(tenant=DEFAULT_TENANT, agent=AgentId("clerk"), key=KeyId("k"))
POINT = PointPrincipal(
    tenant=DEFAULT_TENANT, point=PointId("gateway"), servers=("*",), subjects=("agent",), key=KeyId("embedded")
)


class Keys:
    """Knows two keys: an agent's and an enforcement point's."""

    def authenticate(self, credential: Credential | None) -> Principal:
        known: dict[str, Principal] = {"agent": AGENT, "point": POINT}
        if credential is None or credential.value not in known:
            raise Unauthenticated("expected a key")
        return known[credential.value]

    def renew(self, principal: Principal) -> Principal:
        return principal


async def register(server: str, listed: list[dict[str, Any]]) -> None:
    raise AssertionError("nothing is connected here")


def asked(method: str, *headers: tuple[bytes, bytes]) -> tuple[int, dict[bytes, bytes], Any]:
    """Status, headers and body of the answer at `/mcp/office`."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body of a request that goes nowhere is not read")

    async def send(message: Any) -> None:
        sent.append(message)

    async def story() -> None:
        door = Gateway(
            upstreams=(),
            authenticator=Keys(),
            mediator=cast(Mediator, None),
            state=cast(State, None),
            register=register,
            point=POINT,
        )
        async with door.lifespan():
            await door({"type": "http", "method": method, "path": "/mcp/office", "headers": headers}, receive, send)

    asyncio.run(story())
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(sent[1]["body"])


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_an_agent_is_told_that_there_is_no_such_server(method: str) -> None:
    status, _, body = asked(method, (b"authorization", b"Bearer agent"))
    assert (status, body["error"]["code"]) == (404, -32600)


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ((), b"Bearer"),
        (((b"authorization", b"Bearer nobody"),), b'Bearer error="invalid_token"'),
        (((b"authorization", b"Bearer point"),), b'Bearer error="invalid_token"'),
        (((b"authorization", b"Basic agent"),), b'Bearer error="invalid_token"'),
        (((b"authorization", b"Bearer agent"), (b"authorization", b"Bearer agent")), b"Bearer"),
    ],
)
def test_who_is_no_agent_is_turned_away_before_anything_is_said_of_servers(
    headers: tuple[tuple[bytes, bytes], ...], challenge: bytes
) -> None:
    status, answered, body = asked("POST", *headers)
    assert (status, body["error"]["code"]) == (401, -32600)
    assert answered[b"www-authenticate"] == challenge
    assert "server" not in body["error"]["message"]
