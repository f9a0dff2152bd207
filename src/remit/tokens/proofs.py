"""DPoP proofs (RFC 9449): whoever sends a request has the private key, now, for this request and token.

Threat: a stolen token, a proof that is replayed, moved to another request, or made with a key that its header chose to
misdescribe. `verify_proof` does NOT check that a token is bound to the key that was proven unless it is given `holder`;
the caller refuses a request with more than one `DPoP` header (section 4.3, check 1).
"""

import enum
import functools
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from remit.terms import InvalidInput, parse
from remit.tokens.call_tokens import SKEW
from remit.tokens.framing import ED25519, ES256, Compact, decode_part, take_apart
from remit.tokens.uris import comparable

TYPE = "dpop+jwt"  # section 4.2
MAX_AGE = 60_000  # milliseconds that a proof counts after its `iat`; a `ReplayWindow` needs MAX_AGE + SKEW
MAX_HEADER = 1024  # characters; a header with an EC key has some 250
MAX_JTI = 256  # characters

# RFC 7517 section 4 and RFC 7518 section 6.2.1: public members. Any other could be private, so it is refused.
_PUBLIC = frozenset({"kty", "crv", "x", "y", "kid", "use", "alg", "key_ops", "ext"})
_CURVES = {"Ed25519": ("OKP", "Ed25519"), "EdDSA": ("OKP", "Ed25519"), "ES256": ("EC", "P-256")}
ALGORITHMS = tuple(_CURVES)  # `EdDSA` with Ed25519 only: the older name of the same thing, which clients still send


class Seen(enum.Enum):
    FIRST = enum.auto()
    AGAIN = enum.auto()
    FULL = enum.auto()  # cannot tell


class ReplayCache(Protocol):
    """Whether a proof came before. `jkt` and `jti` name it; it must be remembered for MAX_AGE + SKEW from `now`."""

    def see(self, jkt: str, jti: str, now: int) -> Seen: ...


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A proof of possession, verified. Made by `verify_proof` only."""

    jkt: str  # RFC 7638 thumbprint of the key that was proven
    jti: str
    method: str
    uri: str  # as the proof wrote it
    issued: int  # milliseconds
    ath: str | None  # of the token it was made for


class _Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A proof's header, read: the same for every proof of one client."""

    key: OKPKey | ECKey
    jkt: str


def is_thumbprint(text: str) -> bool:
    """Whether `text` has the form of an RFC 7638 thumbprint with SHA-256."""
    try:
        return len(text) == 43 and len(decode_part(text)) == 32
    except InvalidInput:
        return False


def verify_proof(
    proof: str,
    *,
    method: str,
    uri: str,
    ath: str | None,
    now: int,
    seen: ReplayCache,
    nonces: tuple[str, ...] = (),
    holder: str | None = None,
    skew: int = SKEW,
) -> Proof | str:
    """What `proof` proves, or why it does not hold (RFC 9449 section 4.3). Never raises for what a client sent.

    `ath` is the hash of the token that comes with the request (`CallToken.hash`), None where none does.
    `nonces` are those that count now, the latest and the one before; () asks for none. `holder` is the thumbprint that
    the token is bound to. The proof is remembered in `seen` last, once everything else holds.
    """
    # 1 Frame, type, algorithm, public key (checks 2 to 5 and 7)
    compact = take_apart(proof)
    if isinstance(compact, str):
        return compact
    if len(compact.header) > MAX_HEADER:
        return f"expected a proof's header of at most {MAX_HEADER} characters"
    found = _holder(compact.header)
    if isinstance(found, str):
        return found
    if holder is not None and found.jkt != holder:
        return "the proof was made with another key than the token is bound to"
    # 2 Claims (checks 3 and 8 to 12), cheaper than the signature
    claims = _claims(compact)
    if isinstance(claims, str):
        return claims
    why = _why_not(claims, method, uri, ath, now, nonces, skew)
    if why is not None:
        return why
    # 3 Signature (check 6)
    if not _signed(found.key, compact):
        return "the proof's signature does not verify"
    # 4 Replay (section 11.1)
    came = seen.see(found.jkt, claims["jti"], now)
    if came is Seen.AGAIN:
        return "the proof was used already; make one for each request"
    if came is not Seen.FIRST:  # full, or whatever else a cache may say
        return "too many proofs arrive to tell them apart; try again in a minute"
    return Proof(
        jkt=found.jkt,
        jti=claims["jti"],
        method=method,
        uri=claims["htu"],
        issued=int(claims["iat"] * 1000),
        ath=ath,
    )


@functools.lru_cache(maxsize=8192)  # clients that take turns; 2 KB each, 50 µs when it has to be read again
def _holder(part: str) -> _Holder | str:
    """The key in a proof's header, or what is wrong with it. A pure function of the text, hence remembered."""
    try:
        header = parse(decode_part(part))
    except InvalidInput as error:
        return f"the proof's header cannot be read: {error.message}"
    if not isinstance(header, dict) or header.get("typ") != TYPE:
        return f"expected a proof of type `{TYPE}`"
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _CURVES:
        return f"expected a proof signed with one of {', '.join(ALGORITHMS)}"
    if "crit" in header or "b64" in header:  # RFC 7515 section 4.1.11: what is critical must be understood
        return "expected a proof without critical extensions"
    jwk = header.get("jwk")
    if not isinstance(jwk, dict) or not jwk.keys() <= _PUBLIC:
        return "expected a proof with a public key, and nothing private, as `jwk`"
    return _load(algorithm, jwk)


def _load(algorithm: str, jwk: dict[str, Any]) -> _Holder | str:
    kty, curve = _CURVES[algorithm]
    if jwk.get("kty") != kty or jwk.get("crv") != curve:
        return f"expected a `jwk` of type {kty} on curve {curve} with algorithm {algorithm}"
    if jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        return "expected a `jwk` for this algorithm and for signatures"
    names = ("x",) if kty == "OKP" else ("x", "y")
    wrong = "expected coordinates of 32 bytes, on the curve, in the `jwk`"
    try:
        if any(len(decode_part(jwk[name])) != 32 for name in names):  # RFC 7518 section 6.2.1.2: the full size
            return wrong
        members = {"kty": kty, "crv": curve, **{name: jwk[name] for name in names}}
        key = OKPKey.import_key(members) if kty == "OKP" else ECKey.import_key(members)
        return _Holder(key=key, jkt=key.thumbprint())
    except (InvalidInput, JoseError, ValueError, KeyError, AttributeError):
        return wrong


def _claims(compact: Compact) -> Mapping[str, Any] | str:
    try:
        claims = parse(compact.payload)
    except InvalidInput as error:
        return f"the proof's claims cannot be read: {error.message}"
    if not isinstance(claims, dict):
        return "expected the claims of a proof"
    for name in ("jti", "htm", "htu"):
        if not isinstance(claims.get(name), str):
            return f"expected `{name}`, a string, in the proof"
    if not 0 < len(claims["jti"]) <= MAX_JTI:
        return f"expected a `jti` of 1 to {MAX_JTI} characters in the proof"
    if isinstance(claims.get("iat"), bool) or not isinstance(claims.get("iat"), int | float):
        return "expected `iat`, a number of seconds, in the proof"
    return claims


def _why_not(
    claims: Mapping[str, Any],
    method: str,
    uri: str,
    ath: str | None,
    now: int,
    nonces: tuple[str, ...],
    skew: int,
) -> str | None:
    if claims["htm"] != method:
        return "the proof is for another method"
    if claims["htu"] != uri or "?" in uri or "#" in uri:
        wanted = comparable(uri)
        if wanted is None or comparable(claims["htu"]) != wanted:
            return "the proof is for another URI"
    issued = claims["iat"] * 1000
    if issued > now + skew:
        return "the proof was made in the future; check the clocks"
    if now >= issued + MAX_AGE:
        return "the proof is too old; make one for each request"
    if nonces:
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not any(_same(nonce, one) for one in nonces):
            return "use_dpop_nonce: expected the nonce that was handed out last in the proof"
    if ath is not None and claims.get("ath") != ath:  # no secret: whoever has the token can compute it
        return "the proof was made for another token"
    return None


def _signed(key: OKPKey | ECKey, compact: Compact) -> bool:
    algorithm = ED25519 if isinstance(key, OKPKey) else ES256
    return algorithm.verify(compact.signed, compact.signature, key)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(hashlib.sha256(one.encode()).digest(), hashlib.sha256(other.encode()).digest())
