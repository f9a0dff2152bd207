"""What the gateway needs of the rooms below it."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from remit.terms import Approval, Credential, Decision, Outcome, Principal, Request, TenantId, Tool, ToolId


class Authenticator(Protocol):
    """Makes principals of credentials; raises `Unauthenticated`."""

    def authenticate(self, credential: Credential | None) -> Principal: ...

    def renew(self, principal: Principal) -> Principal:
        """`principal` as its key stands now: it may have been revoked since it was presented."""
        ...


class Mediator(Protocol):
    """The path. Nothing is sent to an upstream that `decide` did not permit (I8)."""

    async def decide(self, principal: Principal, request: Request) -> Decision: ...
    async def complete(self, principal: Principal, outcome: Outcome) -> None: ...


class State(Protocol):
    """Hot state: what is registered, and how an access request stands."""

    def tool(self, tenant: TenantId, tool: ToolId) -> Tool | None: ...
    def approval(self, tenant: TenantId, approval: str) -> Approval | None: ...


# Called with a server's id and everything that it listed, at every connection and whenever the listing changed.
# Registration compares definitions and quarantines what changed or is hostile; only what it left active is listed.
Register = Callable[[str, list[dict[str, Any]]], Awaitable[None]]


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How long the gateway waits, in seconds."""

    call: float = 60.0
    connect: float = 10.0
    refresh: float = 30.0  # between two fetches of a listing
    grace: float = 5.0  # for calls in flight when the gateway stops
