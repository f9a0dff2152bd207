"""JWS compact serialization (RFC 7515 section 7.1): three base64url parts of bounded size, and nothing else.

Keys, signatures and thumbprints are `joserfc`'s. The frame is read here because a reader that forgives (padding, white
space, bits after the end, members twice) lets one signed thing be read as two.
"""

import binascii

import msgspec
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from remit.terms import InvalidInput

MAX_COMPACT = 8192  # characters of a token or proof: what common HTTP servers take as one header

ED25519 = JWSRegistry.algorithms["Ed25519"]  # RFC 9864 section 2.2
ES256 = JWSRegistry.algorithms["ES256"]  # RFC 7518 section 3.4


class Compact(msgspec.Struct, frozen=True, kw_only=True):
    """A JWS taken apart; nothing in it is verified."""

    header: str  # still encoded
    signed: bytes  # RFC 7515 section 5.1: the signing input
    payload: bytes
    signature: bytes


def take_apart(text: str) -> Compact | str:
    """The parts, or why these are not the parts of a JWS."""
    if not isinstance(text, str) or not 0 < len(text) <= MAX_COMPACT or not text.isascii():
        return f"expected at most {MAX_COMPACT} characters of JWS compact serialization"
    data = text.encode("ascii")
    parts = data.split(b".", 3)
    if len(parts) != 3:
        return "expected a JWS compact serialization: three base64url parts"
    try:
        return Compact(
            header=text[: len(parts[0])],
            signed=data[: -1 - len(parts[2])],
            payload=urlsafe_b64decode(parts[1]),
            signature=urlsafe_b64decode(parts[2]),
        )
    except binascii.Error:
        return "expected base64url without padding, white space or bits after the end"


def encode_part(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii")


def decode_part(part: str) -> bytes:
    """Raises `InvalidInput`."""
    try:
        return urlsafe_b64decode(part.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        raise InvalidInput("expected base64url without padding, white space or bits after the end") from None
