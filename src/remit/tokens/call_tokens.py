"""The call token: an RFC 9068 access token for one call, bound to its digest, mission and holder, seconds to live.

Threat: a token that is altered, forged, made for another audience or epoch, replayed, or read in two ways. A token has
exactly one form, the one that `mint` writes: the header is compared with those of our keys and never interpreted, so
there is no algorithm or key id to confuse; the payload must equal its own re-encoding, so a member that is unknown, out
of place or there twice is refused. `verify` does NOT know whether the token was used or revoked (that is its record's,
`consume`), nor who presents it (`verify_proof`).

Signature and form of a token that this process made itself need no second look: `Minted` knows it by its hash. What
time, keys or epoch can change is checked all the same.

The form changes by new optional members of `_Claims` at the end; readers are upgraded before writers.
"""

import collections
import functools
import hashlib

import msgspec

from remit.keys import ALGORITHM, MAX_LIFETIME, TokenKey, TokenKeys
from remit.terms import (
    AgentId,
    Call,
    CallId,
    InstanceId,
    InvalidInput,
    Mission,
    MissionId,
    ServerId,
    TenantId,
    ToolId,
    parse,
)
from remit.terms.tokens import TokenRecord
from remit.tokens.framing import ED25519, MAX_COMPACT, decode_part, encode_part, take_apart

TYPE = "at+jwt"  # RFC 9068 section 2.1
DETAIL_TYPE = "remit_call"
SKEW = 5_000  # milliseconds that `iat` may lie ahead of a verifier's clock; `exp` has no tolerance


class CallToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says, verified. Made by `verify` and `mint` only; an unverified token is a `str`."""

    tenant: TenantId
    id: str  # jti
    issuer: str
    audience: str
    subject: str
    agent: AgentId
    instance: InstanceId
    server: ServerId
    tool: str
    digest: str
    definition_hash: str
    call_id: CallId
    decision: str
    mission: MissionId | None
    authority_hash: str
    jkt: str | None  # whoever presents it must prove this key; None: a bearer token, inside the trust domain
    epoch: int
    issued: int  # milliseconds, as all times of ours
    expires: int
    hash: str  # `ath` of a proof that goes with it
    kid: str

    @property
    def tool_id(self) -> ToolId:
        return ToolId(f"{self.server}/{self.tool}")


class _Actor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sub: str


class _Detail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """RFC 9396 section 2. With the arguments at hand, its members and the claims give the digest again."""

    type: str
    server: str
    tool: str
    digest: str
    definition_hash: str
    call_id: str
    decision: str
    instance: str


class _Mission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    issuer: str
    authority_hash: str


class _Confirmation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    jkt: str  # RFC 9449 section 6.1


class _Claims(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """RFC 9068 section 2.2; `act` RFC 8693 section 4.1; `cnf` RFC 7800; the rest is ours."""

    iss: str
    sub: str
    aud: str
    exp: int
    iat: int
    jti: str
    client_id: str
    authorization_details: tuple[_Detail]
    tenant: str
    epoch: int
    act: _Actor | None = None
    mission: _Mission | None = None
    cnf: _Confirmation | None = None


_decoder = msgspec.json.Decoder(_Claims)
_encoder = msgspec.json.Encoder()


class Minted:
    """What this process minted lately, by the hash of the token: the text itself is not kept (I7).

    Bounded: the oldest are forgotten, and are then verified as any other.
    """

    __slots__ = ("_capacity", "_says")

    def __init__(self, capacity: int = 20_000) -> None:  # some 15 MB
        self._capacity = capacity
        self._says: collections.OrderedDict[str, CallToken] = collections.OrderedDict()  # oldest first

    def __len__(self) -> int:
        return len(self._says)

    def keep(self, says: CallToken) -> None:
        self._says[says.hash] = says
        while len(self._says) > self._capacity or next(iter(self._says.values())).expires <= says.issued:
            self._says.popitem(last=False)

    def find(self, token: str) -> CallToken | None:
        return self._says.get(token_hash(token)) if isinstance(token, str) and len(token) <= MAX_COMPACT else None

    def forget(self, says: CallToken) -> None:
        """Of no use any more."""
        self._says.pop(says.hash, None)


def mint(record: TokenRecord, call: Call, mission: Mission | None, key: TokenKey, issuer: str) -> tuple[str, CallToken]:
    """The token of `record`, signed, and what it says, which is from there: call it only once that is committed.

    The same record always gives the same token under the same key. Raises `InvalidInput` for what does not fit.
    """
    if record.digest != call.digest or record.mission != (call.mission or ""):
        raise InvalidInput("expected the call that the token's record is for")
    if (mission.id if mission is not None else None) != call.mission:
        raise InvalidInput("expected the mission of the call")
    claims = _Claims(
        iss=issuer,
        sub=record.subject,
        aud=record.audience,
        exp=record.expires // 1000,
        iat=record.issued // 1000,
        jti=record.id,
        client_id=call.agent,
        authorization_details=(_detail(record, call),),
        tenant=call.tenant,
        epoch=record.epoch,
        act=None if record.subject == f"agent:{call.agent}" else _Actor(sub=f"agent:{call.agent}"),
        mission=None
        if mission is None
        else _Mission(id=mission.id, issuer=issuer, authority_hash=mission.authority_hash),
        cnf=None if record.jkt is None else _Confirmation(jkt=record.jkt),
    )
    try:
        signed = f"{_header(key.kid)}.{encode_part(_encoder.encode(claims))}"
    except UnicodeEncodeError:
        raise InvalidInput("expected Unicode text in a token, got a lone surrogate") from None
    token = f"{signed}.{encode_part(key.sign(signed.encode('ascii')))}"
    if len(token) > MAX_COMPACT:
        raise InvalidInput(f"expected a token of at most {MAX_COMPACT} characters; shorten the names in it")
    return token, _said(claims, token_hash(token), key.kid)


def verify(
    token: str,
    *,
    keys: TokenKeys,
    issuer: str,
    audience: str | None,
    now: int,
    epoch: int,
    skew: int = SKEW,
    minted: Minted | None = None,
) -> CallToken | str:
    """What `token` says, or why it does not hold here and now. Never raises, whatever it is given as token.

    `audience` None: the caller judges for whom the token is. `minted`: what this process made under `keys` itself.
    """
    # 1 to 4, or what they gave when the token was made
    found = minted.find(token) if minted is not None else None
    if found is None:
        read = _signed(token, keys, now)
        if isinstance(read, str):
            return read
        found = read
    elif keys.verifying(found.kid, now) is None:
        return _why_header(_header(found.kid))
    # 5 Claims
    why = _why_not(found, issuer, audience, now, epoch, skew)
    return found if why is None else why


def _signed(token: str, keys: TokenKeys, now: int) -> CallToken | str:
    # 1 Frame
    compact = take_apart(token)
    if isinstance(compact, str):
        return compact
    # 2 Key: one of ours that has not retired, by the whole header
    key = next((key for key in keys.live(now) if _header(key.kid) == compact.header), None)
    if key is None:
        return _why_header(compact.header)
    # 3 Signature
    if not ED25519.verify(compact.signed, compact.signature, key.private):
        return "the signature does not verify"
    # 4 Form
    try:
        claims = _decoder.decode(compact.payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "expected the claims of a call token"
    if _encoder.encode(claims) != compact.payload:
        return "expected the claims of a call token in their one form, each member once"
    if claims.authorization_details[0].type != DETAIL_TYPE:
        return "the token is not for a call"
    return _said(claims, token_hash(token), key.kid)


def token_hash(token: str) -> str:
    """`ath` (RFC 9449 section 4.2)."""
    return encode_part(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest())


def _why_not(found: CallToken, issuer: str, audience: str | None, now: int, epoch: int, skew: int) -> str | None:
    if found.issuer != issuer:
        return "the token is from another issuer"
    if audience is not None and found.audience != audience:
        return "the token is for another audience"
    if found.epoch != epoch:
        return "the token is of another epoch of the store; ask for a new one"
    if now >= found.expires:  # RFC 7519 section 4.1.4: on or after
        return "the token has expired; ask for a new one"
    if found.issued > now + skew:
        return "the token was issued in the future; check the clocks"
    if found.expires - found.issued > MAX_LIFETIME:
        return "the token lives longer than a call token may"
    return None


def _said(claims: _Claims, hash: str, kid: str) -> CallToken:
    detail = claims.authorization_details[0]
    return CallToken(
        tenant=TenantId(claims.tenant),
        id=claims.jti,
        issuer=claims.iss,
        audience=claims.aud,
        subject=claims.sub,
        agent=AgentId(claims.client_id),
        instance=InstanceId(detail.instance),
        server=ServerId(detail.server),
        tool=detail.tool,
        digest=detail.digest,
        definition_hash=detail.definition_hash,
        call_id=CallId(detail.call_id),
        decision=detail.decision,
        mission=None if claims.mission is None else MissionId(claims.mission.id),
        authority_hash="" if claims.mission is None else claims.mission.authority_hash,
        jkt=None if claims.cnf is None else claims.cnf.jkt,
        epoch=claims.epoch,
        issued=claims.iat * 1000,
        expires=claims.exp * 1000,
        hash=hash,
        kid=kid,
    )


def _detail(record: TokenRecord, call: Call) -> _Detail:
    return _Detail(
        type=DETAIL_TYPE,
        server=call.server,
        tool=call.tool,
        digest=call.digest,
        definition_hash=call.definition_hash,
        call_id=call.call_id,
        decision=record.decision,
        instance=call.instance,
    )


@functools.lru_cache(maxsize=64)
def _header(kid: str) -> str:
    return encode_part(_encoder.encode({"alg": ALGORITHM, "kid": kid, "typ": TYPE}))


def _why_header(part: str) -> str:
    """For whoever has to find out; the token is refused whatever this says."""
    try:
        header = parse(decode_part(part))
    except InvalidInput as error:
        return f"the token's header cannot be read: {error.message}"
    if not isinstance(header, dict) or header.get("typ") != TYPE:
        return f"expected a token of type `{TYPE}`"
    if header.get("alg") != ALGORITHM:
        return f"expected a token signed with `{ALGORITHM}`"
    return "the token's key is unknown here or has retired; ask for a new token"
