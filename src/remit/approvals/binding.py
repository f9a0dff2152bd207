"""The binding token of a requestable denial (AuthZEN ARAP draft 1, Binding Token Integrity).

It proves to the access request service that this decision point denied exactly this subject, resource, action and
context, and when the offer ends. Threat: an enforcement point that asks people for one thing and submits another, a
token made by somebody else, for somebody else, or too old. A token has exactly one form, the one that `issue` writes:
the header is compared, never interpreted, so there is no algorithm to confuse; the claims must equal their own
re-encoding. The key signs nothing else (I14). A token is no permission: it only lets people be asked.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from remit.terms import InvalidInput, canonical

ALGORITHM = "Ed25519"  # RFC 9864 section 2.2
TYPE = "access-request-binding+jwt"  # so that no other token of ours, nor of anybody, is taken for it
CONTEXT = ("arguments", "call_id", "mission")  # what of `context` a decision on a call rests on, in order
MAX_TOKEN = 4096  # characters; ours have some 900


class Bound(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The claims. Times in seconds (RFC 7519)."""

    iss: str
    aud: str
    iat: int
    exp: int
    jti: str
    denial_expires_at: str  # RFC 3339, as the denial said it
    binding_context_members: tuple[str, ...]
    binding_hash: str
    evaluation_id: str
    request: str  # ours: the id of the request that waits
    tenant: str


_decoder = msgspec.json.Decoder(Bound)
_encoder = msgspec.json.Encoder()


class BindingKey:
    """Issues and verifies binding tokens of one decision point, which is the access request service too."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._key = OKPKey.import_key(private)
        self._kid = self._key.thumbprint()
        self._header = {"alg": ALGORITHM, "kid": self._kid, "typ": TYPE}

    def __repr__(self) -> str:  # I7: keys never reach a log
        return f"BindingKey(kid={self._kid!r}, …)"

    @property
    def jwks(self) -> dict[str, Any]:
        """The JWK Set (RFC 7517) of `jwks_uri`; public members only."""
        x = self._key.as_dict(private=False)["x"]
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self._kid, "use": "sig", "alg": ALGORITHM}]}

    def issue(self, claims: Bound) -> str:
        return jws.serialize_compact(dict(self._header), _encoder.encode(claims), self._key, algorithms=[ALGORITHM])

    def verify(self, token: str, *, issuer: str, now: int) -> Bound | str:
        """What `token` says, or why it does not hold. Never raises. `now` in milliseconds; expiry is the caller's to
        tell apart (`expired`), because the standard answers it differently."""
        if len(token) > MAX_TOKEN or not token.isascii():
            return "expected a binding token of this decision point"
        try:
            found = jws.deserialize_compact(token, self._key, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError):
            return "the binding token's signature does not verify"
        if found.headers() != self._header or self._again(found) != token:
            return "the binding token is not in the form that it was issued in"
        try:
            claims = _decoder.decode(found.payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return "expected the claims of a binding token"
        if _encoder.encode(claims) != found.payload:
            return "expected the claims of a binding token in their one form, each member once"
        if claims.iss != issuer or claims.aud != issuer:
            return "the binding token is of, or for, another decision point"
        if claims.iat * 1000 > now + 5_000:
            return "the binding token was issued in the future; check the clocks"
        return claims

    def _again(self, found: jws.CompactSignature) -> str:
        """The one encoding: base64url takes stray bits and characters, and a second form could be replayed as new."""
        return jws.serialize_compact(dict(self._header), found.payload, self._key, algorithms=[ALGORITHM])


def binding_hash(
    subject: Mapping[str, Any], resource: Mapping[str, Any], action: Mapping[str, Any], context: Mapping[str, Any]
) -> str:
    """The hashed form of the binding claims: SHA-256 over JCS (RFC 8785), base64url. Raises `InvalidInput`.

    `subject.properties.act` is left out: an enforcement point may move the actor to `client.actor`. `context` is what
    of it counts (`relevant`).
    """
    properties = subject.get("properties")
    if isinstance(properties, Mapping) and "act" in properties:
        kept = {name: value for name, value in properties.items() if name != "act"}
        subject = {**subject, "properties": kept}
    whole = {"subject": subject, "resource": resource, "action": action, "context": context}
    return urlsafe_b64encode(hashlib.sha256(canonical(whole)).digest()).rstrip(b"=").decode()


def relevant(context: object, members: tuple[str, ...]) -> dict[str, Any]:
    """The members of `context` that count. Raises `InvalidInput` for a context that is no object."""
    if not isinstance(context, Mapping):
        raise InvalidInput("expected `context` to be an object")
    return {name: context[name] for name in members if name in context}
