"""The front with a path that answers what a test says, and an ASGI caller that can do what HTTP clients refuse to."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, cast

from remit.administration import Administration
from remit.decision_api.front import Front
from remit.decision_api.services import ApiServices
from remit.mediation import Presented
from remit.terms import (
    AgentId,
    AgentPrincipal,
    Credential,
    Decision,
    Effect,
    KeyId,
    Outcome,
    PointId,
    PointPrincipal,
    Principal,
    Reason,
    Request,
    Settings,
    TenantId,
    Unauthenticated,
)
from remit.tokens import CallToken

TENANT = TenantId("default")
AGENT = AgentPrincipal(tenant=TENANT, agent=AgentId("bot"), key=KeyId("k"))
POINT = PointPrincipal(tenant=TENANT, point=PointId("gate"), servers=("*",), subjects=("*",), key=KeyId("k"))
PLAIN = {"subject": {"type": "user", "id": "a"}, "action": {"name": "read"}, "resource": {"type": "r", "id": "1"}}
Decide = Callable[[Principal, Request], Awaitable[Decision]]


def decision(effect: Effect = Effect.PERMIT, **more: Any) -> Decision:
    return Decision(id="d_1", effect=effect, reasons=(Reason(code="because", message="it is so"),), **more)


class Path:
    """A `Mediator` that remembers what it was asked."""

    def __init__(self, decide: Decide | None = None) -> None:
        self.asked: list[Request] = []
        self._decide = decide

    async def decide(self, principal: Principal, request: Request) -> Decision:
        self.asked.append(request)
        return decision() if self._decide is None else await self._decide(principal, request)

    async def complete(self, principal: Principal, outcome: Outcome) -> None:
        raise NotImplementedError

    async def consume(self, principal: Principal, presented: Presented) -> CallToken | str:
        raise NotImplementedError

    def introspect(self, principal: Principal, token: str) -> CallToken | None:
        raise NotImplementedError


class Keys:
    """An authenticator that knows `agent` and `point`, until all keys are `revoked`."""

    def __init__(self) -> None:
        self.revoked = False
        self.refused: dict[str, int] = {}

    def authenticate(self, credential: Credential | None) -> Principal:
        known: dict[str, Principal] = {"agent": AGENT, "point": POINT}
        if credential is None or credential.value not in known:
            raise Unauthenticated("who are you?")
        return known[credential.value]

    def renew(self, principal: Principal) -> Principal:
        if self.revoked:
            raise Unauthenticated("not any more")
        return principal


class Healthy:
    started = 0.0

    def problems(self) -> list[str]:
        return []


class Answer(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: bytes) -> list[bytes]:
        return [value for found, value in self.headers if found == name]


def front(
    path: Path,
    settings: Settings | None = None,
    document: Callable[[], bytes] = lambda: b"{}",
    keys: Keys | None = None,
) -> Front:
    services = ApiServices(
        authenticator=keys or Keys(),
        mediator=path,
        administration=cast(Administration, None),
        settings=settings or Settings(),
        health=Healthy(),
    )

    async def rest(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"rest"})

    return Front(services, rest, document)


def call(
    app: Any,
    path: str = "/access/v1/evaluation",
    body: Any = PLAIN,
    *,
    key: str | None = "point",
    method: str = "POST",
    headers: Iterable[tuple[bytes, bytes]] = (),
    messages: Iterable[dict[str, Any]] | None = None,
) -> Answer | None:
    """One request; `messages` in place of the body's. None when nothing was answered."""
    sent: list[dict[str, Any]] = []
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    waiting = iter(messages if messages is not None else [{"type": "http.request", "body": content}])

    async def receive() -> dict[str, Any]:
        return next(waiting, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    own = [] if key is None else [(b"authorization", b"Bearer " + key.encode())]
    own.append((b"content-type", b"application/json"))
    scope = {"type": "http", "method": method, "path": path, "headers": [*own, *headers]}
    asyncio.run(app(scope, receive, send))
    if not sent:
        return None
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return Answer(sent[0]["status"], list(sent[0]["headers"]), sent[1]["body"])
