"""What the HTTP surface is made of; `assembly` fills it in."""

from typing import Protocol

import msgspec

from remit.administration import Administration
from remit.terms import Credential, Decision, Outcome, Principal, Request, Settings


class Authenticator(Protocol):
    def authenticate(self, credential: Credential | None) -> Principal:
        """Who presented `credential`. Raises `Unauthenticated`."""
        ...


class Mediator(Protocol):
    """The path. This room is one of its doors and knows nothing of what is behind."""

    async def decide(self, principal: Principal, request: Request) -> Decision: ...
    async def complete(self, principal: Principal, outcome: Outcome) -> None: ...


class Health(Protocol):
    """Whether this process can do its work; asked at every `/ready`, so it must answer without waiting."""

    @property
    def started(self) -> float:
        """When the process began to serve, in seconds since the epoch."""
        ...

    def problems(self) -> list[str]:
        """What keeps this server from deciding and what to do; empty when it is ready. Shown to anybody: it names no
        secrets and no paths."""
        ...


class ApiServices(msgspec.Struct, frozen=True, kw_only=True):
    """The services behind the API."""

    authenticator: Authenticator
    mediator: Mediator
    administration: Administration
    settings: Settings
    health: Health


def public_url(settings: Settings) -> str:
    """How others reach this server, as configured, else as it listens."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"http://{host}:{settings.port}"
