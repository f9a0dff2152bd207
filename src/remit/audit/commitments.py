"""Salted commitments: an entry can hold proof of a text that the log does not hold (I13).

SHA-256 over the salt, which is random and always 256 bits long, followed by the text. Binding while SHA-256 resists
collisions: the salt's length is fixed, so no two pairs of salt and text are the same bytes. Hiding while the salt is
secret, so short or guessable texts (an account, a name) cannot be found by trying. That a hash can be extended by who
knows neither helps nobody: whoever opens a commitment shows all of salt and text. Erase both, and the commitment says
nothing. Pure: salts come from the path's port `Entropy`.
"""

import hashlib
import hmac

from remit.terms import InvalidInput

SALT = 32  # bytes


def commit(salt: bytes, text: bytes) -> str:
    """The commitment to `text`, hexadecimal."""
    if len(salt) != SALT:
        raise InvalidInput(f"expected a salt of {SALT} bytes, got {len(salt)}")
    return hashlib.sha256(salt + text).hexdigest()


def opens(commitment: str, salt: bytes, text: bytes) -> bool:
    """Whether `commitment` was made to `text` under `salt`."""
    return hmac.compare_digest(commit(salt, text).encode(), commitment.encode("utf-8", "replace"))
