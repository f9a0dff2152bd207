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


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A call token that is asked for with a permit: for whom it is, and the holder's key. Unverified."""

    audience: str  # the resource that is to take it (RFC 8707): its URI, or the server's id
    jkt: str | None = None  # RFC 7638 thumbprint, SHA-256, of the key that the holder will prove


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A call token as it is handed out, once; named as RFC 6749 section 5.1 does."""

    access_token: str
    token_type: str  # "DPoP" (RFC 9449 section 5), or "Bearer" for one that is bound to no key
    expires_in: int  # seconds

    def __repr__(self) -> str:  # I7
        return f"IssuedToken({self.token_type}, …)"


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
