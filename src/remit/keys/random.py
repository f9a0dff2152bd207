"""The one place below the I/O rooms where randomness is drawn, so that the pure rooms stay repeatable."""

import secrets

KEY_BYTES = 32  # AES-256
# Of `remit.audit.commit`: as long as its hash, so that guessing the salt is no easier than breaking the hash. A salt
# lives beside the text in the erasable store and is erased with it (I13).
SALT_BYTES = 32


def new_data_key() -> bytes:
    """A key for one mission's erasable details."""
    return secrets.token_bytes(KEY_BYTES)
