"""Salted commitments: an entry can hold proof of a text that the log does not hold (I13).

HMAC-SHA-256 keyed by the salt. Binding while SHA-256 resists collisions; hiding while the salt is secret and of full
length, so short or guessable texts (an account, a name) cannot be found by trying. Erase text and salt, and the
commitment says nothing. Pure: salts come from the path's port `Entropy`.
"""

import hmac

from remit.terms import InvalidInput

MIN_SALT = 16  # bytes: 128 bits against guessing


def commit(salt: bytes, text: bytes) -> str:
    """The commitment to `text`, hexadecimal."""
    if len(salt) < MIN_SALT:
        raise InvalidInput(f"expected a salt of at least {MIN_SALT} bytes, got {len(salt)}")
    return hmac.digest(salt, text, "sha256").hex()


def opens(commitment: str, salt: bytes, text: bytes) -> bool:
    """Whether `commitment` was made to `text` under `salt`."""
    return hmac.compare_digest(commit(salt, text).encode(), commitment.encode("utf-8", "replace"))
