"""The gateway's door: one MCP endpoint for each upstream, `<mount>/<server>`, as an ASGI application.

Every request is authenticated here first, whatever its method, and its body is read whole and strictly, before anything
that knows MCP sees it; then the upstream's front has it. The SDK takes a second to load, so where there are no
upstreams it is not loaded.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from remit.gateway import body
from remit.gateway.body import INVALID_REQUEST, Receive, Scope, Send, Unreadable
from remit.gateway.callers import authenticated, challenge, renewed
from remit.gateway.ports import Authenticator, Mediator, Register, State, Times
from remit.terms import PointPrincipal, Unauthenticated, Upstream

if TYPE_CHECKING:
    from remit.gateway.fronts import Fronts


class Gateway:
    """MCP in front of `upstreams`."""

    def __init__(
        self,
        *,
        upstreams: Sequence[Upstream],
        authenticator: Authenticator,
        mediator: Mediator,
        state: State,
        register: Register,
        point: PointPrincipal,
        hosts: Sequence[str] = (),
        call_timeout: float = 60.0,
        connect_timeout: float = 10.0,
        refresh: float = 30.0,
        grace: float = 5.0,
    ) -> None:
        """`point` attests outcomes. `hosts` are names besides loopback by which clients reach us (`name`, `name:port`,
        `name:*`); others are refused, against DNS rebinding. Times are seconds: for one call, for connecting, between
        two fetches of a listing, and for calls in flight when the gateway stops.

        Raises `Refused` for an upstream that cannot work.
        """
        self._authenticator = authenticator
        self._fronts: Fronts | None = None
        if not upstreams:
            return
        from remit.gateway import calls, fronts

        self._fronts = fronts.Fronts(
            upstreams,
            calls.Calls(mediator, state, authenticator, point),
            state,
            point.tenant,
            register,
            hosts,
            Times(call=call_timeout, connect=connect_timeout, refresh=refresh, grace=grace),
        )

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Connect the upstreams and serve; enter once, where the server starts and stops, in one task."""
        if self._fronts is None:
            yield
            return
        async with self._fronts.lifespan():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("the gateway serves HTTP only; enter `lifespan()` where the server starts")
        try:
            await self._served(scope, receive, send)
        except Unreadable as error:
            await body.refuse(send, error.status, error.code, error.message)
        except Unauthenticated as error:
            await body.refuse(send, 401, INVALID_REQUEST, error.message, (challenge(scope),))

    async def _served(self, scope: Scope, receive: Receive, send: Send) -> None:
        agent = authenticated(self._authenticator, scope)
        server = _server(scope)
        if self._fronts is None or server not in self._fronts:
            raise Unreadable(404, INVALID_REQUEST, "there is no such server behind this gateway")
        if scope["method"] == "POST":
            content = await body.read(receive)
            if content is None:
                return
            body.check(content)
            agent = renewed(self._authenticator, agent)  # the body may have come late (I5)
            receive = body.replayed(content, receive)
        await self._fronts.handle(server, agent, scope, receive, send)


def _server(scope: Scope) -> str:
    """The one path segment after the mount point, whether or not the framework above left that in the path."""
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    if root and path.startswith(root + "/"):
        path = path[len(root) :]
    return path.removeprefix("/mcp/").strip("/")
