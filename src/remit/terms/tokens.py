"""What the store keeps of a call token: enough to bind and count its use, and nothing that would let one be made."""

import enum

import msgspec

from remit.terms.identity import TenantId


class TokenState(enum.StrEnum):
    """`minted → consumed → closed`; `void` before use. Any other is not usable. Expiry is judged by the clock."""

    MINTED = "minted"
    CONSUMED = "consumed"
    CLOSED = "closed"
    VOID = "void"


class TokenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger's side of one call token; times in milliseconds, in whole seconds as the token writes them."""

    tenant: TenantId
    id: str  # jti
    decision: str
    digest: str
    mission: str  # "" without one
    agent: str
    instance: str
    server: str
    subject: str
    audience: str
    jkt: str | None  # RFC 7638 thumbprint of the holder's key
    epoch: int
    issued: int
    expires: int
    state: TokenState = TokenState.MINTED
    by: str = ""  # the enforcement point that consumed it
    cause: str = ""  # why it is void
    version: int = 1
