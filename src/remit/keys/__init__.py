"""Signing and wrapping keys, each with one use. Imports only `terms`."""

from remit.keys.directory import KeyDirectory
from remit.keys.encryption import PASSPHRASE, KeyEncryption, PassphraseEncryption, passphrase_encryption
from remit.keys.random import SALT_BYTES, new_data_key
from remit.keys.tokens import ALGORITHM, MAX_LIFETIME, OVERLAP, TokenKey, TokenKeys

__all__ = [
    "ALGORITHM",
    "MAX_LIFETIME",
    "OVERLAP",
    "PASSPHRASE",
    "SALT_BYTES",
    "KeyDirectory",
    "KeyEncryption",
    "PassphraseEncryption",
    "TokenKey",
    "TokenKeys",
    "new_data_key",
    "passphrase_encryption",
]
