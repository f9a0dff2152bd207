"""Keys that sign call tokens, and nothing else (I14): their times, their rotation, their public set.

A key is published when it is made, signs from `not_before`, and is replaced rather than changed. When the next one
takes over, the old one still verifies for as long as a token that it signed last can live; then it retires. A retired
key is no key: nothing signed by it is accepted. Values only: the directory keeps them on disk.
"""

import itertools
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey
from joserfc.util import urlsafe_b64decode

from remit.terms import Conflict, Unavailable

ALGORITHM: Final = "Ed25519"  # RFC 9864 section 2.2; the older name `EdDSA` (RFC 8037) is deprecated there
MAX_LIFETIME = 120_000  # milliseconds that a call token may live at most
OVERLAP = MAX_LIFETIME + 5_000  # milliseconds that a key verifies after it signed last; 5 s for a clock that steps
MAX_KEYS = 8  # held at once; more rotations than that within an overlap are a mistake


class TokenKey(msgspec.Struct, frozen=True, kw_only=True):
    """One signing key. Times in milliseconds since the epoch."""

    kid: str  # RFC 7638 thumbprint
    created: int
    not_before: int  # signs from here on
    retires: int | None = None  # verifies until just before here; None while it is the newest
    private: OKPKey

    def __repr__(self) -> str:  # I7: keys never reach a log
        return f"TokenKey(kid={self.kid!r}, …)"

    def sign(self, data: bytes) -> bytes:
        """RFC 8032, of what is framed already (RFC 8037 section 3.1)."""
        private = self.private.raw_value
        assert isinstance(private, Ed25519PrivateKey)
        return private.sign(data)

    @property
    def public_jwk(self) -> dict[str, Any]:
        """RFC 7517; made from the public members only."""
        jwk = self.private.as_dict(private=False)
        return {"kty": "OKP", "crv": jwk["crv"], "x": jwk["x"], "kid": self.kid, "use": "sig", "alg": ALGORITHM}


class TokenKeys:
    """The token keys of one moment, oldest first. Never changes: a rotation makes another."""

    __slots__ = ("keys",)

    def __init__(self, keys: tuple[TokenKey, ...] = ()) -> None:
        self.keys = keys

    def __repr__(self) -> str:
        return f"TokenKeys({[key.kid for key in self.keys]})"

    def signing(self, now: int) -> TokenKey:
        """The newest key that may sign; raises `Unavailable`."""
        for key in reversed(self.keys):
            if key.not_before <= now and (key.retires is None or now < key.retires - OVERLAP):
                return key
        raise Unavailable("no key may sign call tokens now: rotate the token keys")

    def verifying(self, kid: str, now: int) -> TokenKey | None:
        """The key of this id unless it has retired."""
        for key in self.keys:
            if key.kid == kid:
                return key if key.retires is None or now < key.retires else None
        return None

    def live(self, now: int) -> tuple[TokenKey, ...]:
        return tuple(key for key in self.keys if key.retires is None or now < key.retires)

    def jwks(self, now: int) -> dict[str, Any]:
        """The JWK Set (RFC 7517 section 5) to publish: keys that verify now, and the one that will sign next."""
        return {"keys": [key.public_jwk for key in self.live(now)]}

    def rotated(self, now: int, *, lead: int = 0, at_once: bool = False) -> "TokenKeys":
        """These keys with a new one that signs after `lead` milliseconds; retired ones are dropped.

        `lead` gives readers of the JWK Set time to learn the new key before it is used. `at_once` is for a key that
        others may know: all older ones retire now, and tokens that they signed are void.
        """
        live = () if at_once else self.live(now)
        if len(live) >= MAX_KEYS:
            raise Conflict(
                f"{MAX_KEYS} token keys are in use; wait {OVERLAP // 1000} s, or rotate `at_once` if one is known"
            )
        starts = now if at_once else now + lead
        old = tuple(
            msgspec.structs.replace(key, retires=starts + OVERLAP if key.retires is None else key.retires)
            for key in live
        )
        private = OKPKey.generate_key(ALGORITHM)
        return TokenKeys((*old, TokenKey(kid=private.thumbprint(), created=now, not_before=starts, private=private)))

    def encode(self) -> bytes:
        """The key file, as JSON. New members may be added; a reader refuses what it does not know."""
        stored = tuple(
            _Stored(
                created=key.created,
                not_before=key.not_before,
                retires=key.retires,
                d=str(key.private.as_dict(private=True)["d"]),
                x=str(key.private["x"]),
            )
            for key in self.keys
        )
        return msgspec.json.encode(_File(keys=stored))

    @classmethod
    def decode(cls, data: bytes) -> "TokenKeys":
        """The keys of a key file; raises `ValueError`, which quotes no key."""
        try:
            stored = msgspec.json.decode(data, type=_File).keys
            keys = tuple(_load(one) for one in stored)
        except Exception:
            raise ValueError("expected token keys as JSON") from None
        if any(later.created < earlier.created for earlier, later in itertools.pairwise(keys)):
            raise ValueError("expected token keys oldest first")
        return cls(keys)


class _Stored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    created: int
    not_before: int
    retires: int | None
    d: str  # RFC 8037 section 2
    x: str


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int = 1
    keys: tuple[_Stored, ...]


def _load(stored: _Stored) -> TokenKey:
    secret = Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(stored.d.encode()))
    private = OKPKey.import_key(secret)
    if private["x"] != stored.x:  # a file whose halves disagree was put together
        raise ValueError
    return TokenKey(
        kid=private.thumbprint(),
        created=stored.created,
        not_before=stored.not_before,
        retires=stored.retires,
        private=private,
    )
