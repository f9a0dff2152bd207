"""What the routes for call tokens and modes take and give, as values; the OpenAPI document is made of these."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from remit.decision_api.bodies import Cause, Identifier
from remit.terms import Mode, ModeRule

Compact = Annotated[str, Meta(min_length=1, max_length=8192)]  # a JWS in compact serialization
Uri = Annotated[str, Meta(max_length=2048)]


class TokenUse(msgspec.Struct, frozen=True, kw_only=True):
    """A token as an enforcement point got it: with the `DPoP` header, the method and the URI of that request."""

    token: Compact
    proof: Compact | None = None
    method: Annotated[str, Meta(max_length=32)] = ""
    uri: Uri = ""
    audience: Uri | None = None  # what the point is called; left out: `uri`, or the server's or the point's id


class UsedToken(msgspec.Struct, frozen=True, kw_only=True):
    """What the token was for. Carry out exactly this call, then attest its outcome under `decision`."""

    id: str
    decision: str
    digest: str  # of the call: with the arguments at hand, the members here give it again
    tenant: str
    mission: str | None
    agent: str
    instance: str
    subject: str
    server: str
    tool: str
    call_id: str
    definition_hash: str
    authority_hash: str
    audience: str
    jkt: str | None
    epoch: int
    issued: int  # milliseconds
    expires: int


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The token is used up from now on, whatever becomes of the call."""

    token: UsedToken


class Introspected(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 7662 section 2.1, as a form or as JSON. Of any length: what is no token is just not active."""

    token: str
    token_type_hint: str | UnsetType = UNSET  # there is one type, so it is of no use here


class Introspection(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 7662 section 2.2; of a token that cannot be used, `active` and nothing else."""

    active: bool
    token_type: str | UnsetType = UNSET
    iss: str | UnsetType = UNSET
    sub: str | UnsetType = UNSET
    aud: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    jti: str | UnsetType = UNSET
    iat: int | UnsetType = UNSET  # seconds
    exp: int | UnsetType = UNSET
    cnf: dict[str, str] | UnsetType = UNSET  # RFC 7800
    authorization_details: tuple[dict[str, Any], ...] | UnsetType = UNSET  # RFC 9396 section 9.2


class KeySet(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 7517 section 5."""

    keys: tuple[dict[str, str], ...]


class Rotate(msgspec.Struct, frozen=True, kw_only=True):
    at_once: bool = False  # for a key that others may know: tokens that older keys signed are void


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    key: str  # its thumbprint (RFC 7638)
    signs_from: int  # milliseconds


class NewMode(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: `agent:<id>`, `server:<id>` or `tool:<server>/<tool>`."""

    id: Identifier
    mode: Mode
    lifetime_seconds: int | None = None  # observe needs one
    cause: Cause = ""


class ModeConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    id: Identifier
    version: int | None = None  # of the rule that was seen


class ModeEnd(msgspec.Struct, frozen=True, kw_only=True):
    id: Identifier
    cause: Cause = ""


class ModeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    rule: ModeRule
    in_force: bool


class ModeList(msgspec.Struct, frozen=True, kw_only=True):
    modes: tuple[ModeAnswer, ...]
