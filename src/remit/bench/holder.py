"""The holder of the call tokens of profile B: its key, and proofs of possession made with it (RFC 9449)."""

import base64
import hashlib
import itertools
import time
from collections.abc import Iterator

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AUDIENCE = "https://office.halden.example"
URI = AUDIENCE + "/tools"
_HOLDER = Ed25519PrivateKey.generate()
_proofs: Iterator[int] = itertools.count()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_JWK = {
    "crv": "Ed25519",
    "kty": "OKP",
    "x": _text(_HOLDER.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)),
}
_HEADER = _text(msgspec.json.encode({"typ": "dpop+jwt", "alg": "Ed25519", "jwk": _JWK}))


def thumbprint() -> str:
    """RFC 7638."""
    return _text(hashlib.sha256(msgspec.json.encode(_JWK)).digest())


def proof(token: bytes) -> str:
    """RFC 9449 section 4.2."""
    ath = _text(hashlib.sha256(token).digest())
    claims = {"jti": f"p-{next(_proofs)}", "htm": "POST", "htu": URI, "iat": int(time.time()), "ath": ath}
    signed = f"{_HEADER}.{_text(msgspec.json.encode(claims))}"
    return f"{signed}.{_text(_HOLDER.sign(signed.encode()))}"
