"""The key that signs binding tokens of access requests, and nothing else (I14)."""

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from remit.keys import files
from remit.keys.encryption import KeyEncryption, protect, reveal
from remit.terms import Refused

APPROVALS_FILE = "approvals.pem"  # Ed25519, PKCS #8 (RFC 8410); made at the first start


def approvals_key(directory: Path, encryption: KeyEncryption | None = None) -> Ed25519PrivateKey:
    """The key in `directory`, made if there is none; on disk, whole, when this returns. By the process that holds the
    installation's lock. Should the file be lost, a new key is made: denials that are out must be asked for again.

    Raises `Refused` when the file is there and cannot be used, or cannot be made.
    """
    path = directory / APPROVALS_FILE
    if not os.path.lexists(path):
        made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        files.replace(path, protect(made, APPROVALS_FILE, encryption))
    try:
        key = load_pem_private_key(reveal(files.read(path), path, encryption), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused(files.restore(path, "expected an Ed25519 private key in unencrypted PKCS #8 PEM"))
    return key
