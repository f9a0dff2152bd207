"""Signing and wrapping keys, each with one use. Imports only `terms`."""

from remit.keys.directory import KeyDirectory
from remit.keys.encryption import PASSPHRASE, KeyEncryption, PassphraseEncryption, passphrase_encryption
from remit.keys.random import new_data_key, new_salt
from remit.keys.tokens import ALGORITHM, MAX_LIFETIME, OVERLAP, TokenKey, TokenKeys

__all__ = [
    "ALGORITHM",
    "MAX_LIFETIME",
    "OVERLAP",
    "PASSPHRASE",
    "KeyDirectory",
    "KeyEncryption",
    "PassphraseEncryption",
    "TokenKey",
    "TokenKeys",
    "new_data_key",
    "new_salt",
    "passphrase_encryption",
]
