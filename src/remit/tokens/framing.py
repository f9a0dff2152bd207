"""JWS compact serialization (RFC 7515 section 7.1): three base64url parts of bounded size, and nothing else.

Keys, signatures and thumbprints are `joserfc`'s. The frame is read here because a reader that forgives (padding, white
space, bits after the end, members twice) lets one signed thing be read as two.
"""

import binascii

import msgspec
from joserfc.jws import JWSRegistry

from remit.terms import InvalidInput

MAX_COMPACT = 8192  # characters of a token or proof: what common HTTP servers take as one header

ED25519 = JWSRegistry.algorithms["Ed25519"]  # RFC 9864 section 2.2
ES256 = JWSRegistry.algorithms["ES256"]  # RFC 7518 section 3.4

# RFC 4648 section 5. Letters that only the other alphabet has, and padding, become what neither has.
_TO_BASE64 = bytes.maketrans(b"-_+/=", b"+/***")
_FROM_BASE64 = bytes.maketrans(b"+/", b"-_")
_PADDING = (b"", b"", b"==", b"=")  # by the number of letters beyond whole fours; one such letter is no byte
_LAST = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")  # the last letters that leave no bits over (section 3.5)


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
            payload=_decode(parts[1]),
            signature=_decode(parts[2]),
        )
    except binascii.Error:
        return "expected base64url without padding, white space or bits after the end"


def encode_part(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).translate(_FROM_BASE64).rstrip(b"=").decode("ascii")


def decode_part(part: str) -> bytes:
    """Raises `InvalidInput`."""
    try:
        return _decode(part.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        raise InvalidInput("expected base64url without padding, white space or bits after the end") from None


def _decode(part: bytes) -> bytes:
    """Raises `binascii.Error` for all but the one way to write these bytes."""
    over = len(part) & 3
    if over and part[-1] not in _LAST[over]:
        raise binascii.Error
    return binascii.a2b_base64(part.translate(_TO_BASE64) + _PADDING[over], strict_mode=True)
