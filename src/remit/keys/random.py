"""The one place below the I/O rooms where randomness is drawn, so that the pure rooms stay repeatable."""

import secrets

KEY_BYTES = 32  # AES-256
SALT_BYTES = 32  # as long as the commitment's hash, so that guessing the salt is no easier than breaking the hash


def new_salt() -> bytes:
    """A salt for `remit.audit.commit`; it lives beside the text in the erasable store and is erased with it (I13)."""
    return secrets.token_bytes(SALT_BYTES)


def new_data_key() -> bytes:
    """A key for one mission's erasable details."""
    return secrets.token_bytes(KEY_BYTES)
