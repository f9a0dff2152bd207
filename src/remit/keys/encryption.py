"""Keys encrypted at rest, under a passphrase or whatever a KMS offers.

Threat: somebody copies the directory, a backup or the disk. Each file is sealed for its own name, so files cannot be
swapped for one another. Limits: an account that reads this process's memory or environment has the keys; a passphrase
is as good as it is long; without one the files are plain text that only mode 0600 protects.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from remit.keys import files
from remit.terms import Refused

MAGIC = b"remit sealed key\n"  # first bytes of every sealed file, whoever sealed it
PASSPHRASE = "REMIT_PASSPHRASE"  # noqa: S105 - the variable's name
MIN_PASSPHRASE = 12  # bytes; shorter ones are guessed even through scrypt

SCRYPT_V1 = b"\x01"  # scrypt (RFC 7914) with r=8, p=1, then AES-256-GCM with a random 96-bit nonce
COST = 17  # log2 of scrypt's N: 128 MiB and some 0.3 s for each guess (OWASP password storage, 2023)
MAX_COST = 20  # 1 GiB: a planted file may not exhaust this machine
_SALT, _NONCE, _TAG = 16, 12, 16


class KeyEncryption(Protocol):
    """The port for encryption at rest; a KMS client implements it. `context` names the file that is sealed."""

    def seal(self, plain: bytes, context: str) -> bytes: ...

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """What was sealed for exactly this `context`; raises `Refused`, saying what to do, for anything else."""
        ...


class PassphraseEncryption:
    """`KeyEncryption` under a passphrase."""

    __slots__ = ("_cost", "_derived", "_passphrase", "_salt")

    def __init__(self, passphrase: bytes, *, cost: int = COST) -> None:
        if len(passphrase) < MIN_PASSPHRASE:
            raise Refused(f"expected a passphrase of at least {MIN_PASSPHRASE} bytes; choose a longer one")
        self._passphrase = passphrase
        self._cost = cost
        self._salt = os.urandom(_SALT)
        self._derived: dict[tuple[int, bytes], AESGCM] = {}

    def __repr__(self) -> str:  # I7
        return "PassphraseEncryption(…)"

    def seal(self, plain: bytes, context: str) -> bytes:
        head = SCRYPT_V1 + bytes([self._cost]) + self._salt
        nonce = os.urandom(_NONCE)
        return head + nonce + self._key(self._cost, self._salt).encrypt(nonce, plain, _associated(head, context))

    def unseal(self, sealed: bytes, context: str) -> bytes:
        head, nonce, body = sealed[: 2 + _SALT], sealed[2 + _SALT : 2 + _SALT + _NONCE], sealed[2 + _SALT + _NONCE :]
        if head[:1] != SCRYPT_V1 or len(body) < _TAG or not 1 <= head[1] <= MAX_COST:
            raise Refused(
                f"the sealed key file `{context}` is damaged, or sealed another way; restore it from its backup"
            )
        try:
            plain = self._key(head[1], head[2:]).decrypt(nonce, body, _associated(head, context))
        except InvalidTag:
            raise Refused(
                f"the sealed key file `{context}` does not open: give the passphrase that it was sealed with "
                f"(`--passphrase-file` or {PASSPHRASE}), or, if it was altered, restore it from its backup"
            ) from None
        self._cost, self._salt = head[1], head[2:]  # what is sealed next shares the derivation: one scrypt a start
        return plain

    def _key(self, cost: int, salt: bytes) -> AESGCM:
        key = self._derived.get((cost, salt))
        if key is None:
            key = AESGCM(Scrypt(salt=salt, length=32, n=2**cost, r=8, p=1).derive(self._passphrase))
            self._derived[cost, salt] = key
        return key


def passphrase_encryption(environment: Mapping[str, str], file: Path | None = None) -> PassphraseEncryption | None:
    """Encryption under the passphrase in `file`, else in REMIT_PASSPHRASE of `environment`; None when there is neither.

    A line end after the passphrase in the file does not count. Raises `Refused` for a file that others may read.
    """
    if file is not None:
        return PassphraseEncryption(files.read(file).removesuffix(b"\n").removesuffix(b"\r"))
    text = environment.get(PASSPHRASE)
    return None if text is None else PassphraseEncryption(text.encode("utf-8", "surrogateescape"))


def protect(plain: bytes, name: str, encryption: KeyEncryption | None) -> bytes:
    """The content of the key file `name`."""
    return plain if encryption is None else MAGIC + encryption.seal(plain, name)


def reveal(data: bytes, path: Path, encryption: KeyEncryption | None) -> bytes:
    """The key in the content of a key file; raises `Refused`.

    A plain file is refused where sealed ones are expected: else whoever can write could plant a key of their own.
    """
    if data.startswith(MAGIC):
        if encryption is None:
            raise Refused(
                f"the key file {str(path)!r} is sealed: give its passphrase (`--passphrase-file` or {PASSPHRASE})"
            )
        return encryption.unseal(data.removeprefix(MAGIC), path.name)
    if encryption is not None:
        raise Refused(
            f"the key file {str(path)!r} is not sealed although a passphrase was given: start without one, or seal the "
            "keys first"
        )
    return data


def _associated(head: bytes, context: str) -> bytes:
    return b"remit key file\x00" + head + context.encode()
