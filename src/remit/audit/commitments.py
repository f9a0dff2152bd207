"""Salted commitments: an entry can hold proof of a text that the log does not hold (I13).

HMAC-SHA-256 keyed by the salt. Binding while SHA-256 resists collisions; hiding while the salt is secret and of full
length, so short or guessable texts (an account, a name) cannot be found by trying. Erase text and salt, and the
commitment says nothing. Pure: salts come from the path's port `Entropy`.
"""

import hashlib
import hmac

from remit.terms import InvalidInput

_BLOCK = 64  # bytes of SHA-256's block
_INNER = bytes(byte ^ 0x36 for byte in range(256))  # RFC 2104 section 2
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
MIN_SALT = 16  # bytes: 128 bits against guessing


def commit(salt: bytes, text: bytes) -> str:
    """The commitment to `text`, hexadecimal."""
    if len(salt) < MIN_SALT:
        raise InvalidInput(f"expected a salt of at least {MIN_SALT} bytes, got {len(salt)}")
    # As `hmac.digest`, which sets up more of OpenSSL than these two hashes need: 23 µs with cold caches.
    key = (salt if len(salt) <= _BLOCK else hashlib.sha256(salt).digest()).ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(key.translate(_INNER) + text).digest()
    return hashlib.sha256(key.translate(_OUTER) + inner).hexdigest()


def opens(commitment: str, salt: bytes, text: bytes) -> bool:
    """Whether `commitment` was made to `text` under `salt`."""
    return hmac.compare_digest(commit(salt, text).encode(), commitment.encode("utf-8", "replace"))
