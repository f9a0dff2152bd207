"""What the HTTP surface is made of; `assembly` fills it in."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from remit.administration import Administration
from remit.decision_api.arap import Offers
from remit.decision_api.refusals import TokenRefusals
from remit.mediation import Presented
from remit.terms import Credential, Decision, Outcome, Principal, Request, Settings, TenantId
from remit.tokens import CallToken


class Authenticator(Protocol):
    def authenticate(self, credential: Credential | None) -> Principal:
        """Who presented `credential`. Raises `Unauthenticated`."""
        ...

    def renew(self, principal: Principal) -> Principal:
        """`principal` as its key stands now. Raises `Unauthenticated` when it ended since it was presented."""
        ...

    @property
    def refused(self) -> Mapping[str, int]:
        """How many were turned away since the process began, by the reason."""
        ...


class Mediator(Protocol):
    """The path. This room is one of its doors and knows nothing of what is behind."""

    async def decide(self, principal: Principal, request: Request) -> Decision: ...
    async def complete(self, principal: Principal, outcome: Outcome) -> None: ...
    async def consume(self, principal: Principal, presented: Presented) -> CallToken | str: ...
    def introspect(self, principal: Principal, token: str) -> CallToken | None: ...


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


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a sink or witness of checkpoints has come."""

    name: str
    size: int | None  # entries of the last checkpoint that it took
    failing: str  # why it did not take the newest, "" when it did


class PublicLog(Protocol):
    """The published log, and how it fares elsewhere."""

    @property
    def public(self) -> bool:
        """Whether anybody may read it."""
        ...

    def key(self, tenant: TenantId) -> str:
        """The verifier key of the tenant's log."""
        ...

    def file(self, tenant: TenantId, path: str) -> bytes | None:
        """A file of the tenant's log; None for anything else. May wait for the disk."""
        ...

    def standings(self) -> Sequence[Standing]: ...


class ApiServices(msgspec.Struct, frozen=True, kw_only=True):
    """The services behind the API."""

    authenticator: Authenticator
    mediator: Mediator
    administration: Administration
    settings: Settings
    health: Health
    offers: Offers | None = None  # requestable denials (ARAP); without them an ask names its request and no more
    log: PublicLog | None = None
    token_refusals: TokenRefusals = msgspec.field(default_factory=TokenRefusals)


def public_url(settings: Settings) -> str:
    """How others reach this server, as configured, else as it listens."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return settings.public_url or f"http://{host}:{settings.port}"
