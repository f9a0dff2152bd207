"""Keys in a directory that only the account of Remit may read.

One key, one use (I14): a signature made for one purpose can then never be shown for another. The log key signs
checkpoints and nothing else; the master key wraps data keys and nothing else; the approvals key signs binding tokens
and nothing else; token keys sign call tokens and nothing else, and only they rotate.

Threat: another account of the machine reads or swaps a key file, or somebody has the disk. Limits: without a passphrase
(`KeyEncryption`) the files are plain text under mode 0600; and whoever is root, or is the account of Remit while it
runs, has the keys. One process at a time may rotate: the one that holds the installation's lock.
"""

import contextlib
import hmac
import os
import shutil
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from joserfc.jwk import OKPKey

from remit.keys import files
from remit.keys.approvals import APPROVALS_FILE, approvals_key
from remit.keys.encryption import KeyEncryption, protect, reveal
from remit.keys.random import KEY_BYTES, new_data_key
from remit.keys.tokens import TokenKey, TokenKeys
from remit.terms import InvalidInput, Refused, Unavailable

LOG_FILE = "log.pem"  # Ed25519, PKCS #8 (RFC 8410)
MASTER_FILE = "master.key"  # 32 bytes
TOKENS_FILE = "tokens.json"  # made when the first token key is
LATER_FILES = (TOKENS_FILE, APPROVALS_FILE)  # not there before they are needed

# First byte of a wrapped key: says how it is wrapped, so that a later form can be told apart.
WRAP_V1 = b"\x01"  # AES-256-GCM under the master key, random 96-bit nonce (NIST SP 800-38D section 8.2.2)
NONCE_BYTES = 12
TAG_BYTES = 16


class KeyDirectory:
    """The keys of one installation. Made by `create` or `open`, never by hand."""

    __slots__ = ("_approvals", "_encryption", "_master", "_master_id", "_path", "log_private", "tokens")

    def __init__(
        self,
        path: Path,
        encryption: KeyEncryption | None,
        log_private: Ed25519PrivateKey,
        master: bytes,
        tokens: TokenKeys,
    ) -> None:
        self._path = path
        self._encryption = encryption
        self._master = AESGCM(master)
        self._master_id = hmac.digest(master, b"remit master key id", "sha256").hex()
        self._approvals: Ed25519PrivateKey | None = None
        self.log_private = log_private
        self.tokens = tokens

    def __repr__(self) -> str:  # I7: keys never reach a log
        return "KeyDirectory(…)"

    @classmethod
    def create(cls, path: Path, encryption: KeyEncryption | None = None) -> "KeyDirectory":
        """Make new keys in `path`. Never overwrites: raises `Refused` if anything is there.

        The directory appears whole by one rename: a crash leaves either no keys or all of them, and at most a
        `.keys-*` directory beside it that may be deleted.
        """
        try:
            if path.is_symlink() or (path.exists() and (not path.is_dir() or any(path.iterdir()))):
                raise Refused(
                    f"{str(path)!r} already holds something; keys are never overwritten: open it, or choose another"
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=".keys-", dir=path.parent))  # mode 0700
        except OSError as error:
            raise Refused(f"the keys' directory {str(path)!r} cannot be made: {error.strerror}") from None
        try:
            pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            files.write(made / LOG_FILE, protect(pem, LOG_FILE, encryption))
            files.write(made / MASTER_FILE, protect(new_data_key(), MASTER_FILE, encryption))
            files.sync(made)
            made.rename(path)  # POSIX: replaces an empty directory, fails on any other
            files.sync(path.parent)
        except OSError as error:
            shutil.rmtree(made, ignore_errors=True)
            raise Refused(f"the keys in {str(path)!r} cannot be written: {error.strerror}") from None
        return cls.open(path, encryption)

    @classmethod
    def open(cls, path: Path, encryption: KeyEncryption | None = None) -> "KeyDirectory":
        """Read the keys in `path`; raises `Refused`, saying what to do, unless each is there, whole and private."""
        files.check_directory(path)
        log_private = _log_key(path / LOG_FILE, encryption)
        master = reveal(files.read(path / MASTER_FILE), path / MASTER_FILE, encryption)
        if len(master) != KEY_BYTES:
            raise Refused(files.restore(path / MASTER_FILE, f"expected {KEY_BYTES} bytes, got {len(master)}"))
        return cls(path, encryption, log_private, master, _token_keys(path / TOKENS_FILE, encryption))

    @classmethod
    def reseal(cls, path: Path, *, old: KeyEncryption | None, new: KeyEncryption | None) -> None:
        """Put every key file from `old` encryption under `new` (None: plain), one rename each.

        After a crash in between, `open` refuses the one or the other file; calling this again completes it. Copies of
        the old files, on backups or as freed blocks of the disk, stay as they were: destroy those.
        """
        files.check_directory(path)
        names = [LOG_FILE, MASTER_FILE, *(name for name in LATER_FILES if _exists(path / name))]
        plain = {name: _either(path / name, old, new) for name in names}  # all of them, before one is changed
        for name, key in plain.items():
            files.replace(path / name, protect(key, name, new))

    def approvals(self) -> Ed25519PrivateKey:
        """The key of binding tokens; made at first use, by the process that holds the installation's lock."""
        if self._approvals is None:
            self._approvals = approvals_key(self._path, self._encryption)
        return self._approvals

    def identities(self) -> dict[str, str]:
        """Which key each use has, by what may be told of it: RFC 7638 thumbprints; of the master key, which has no
        public half, a digest that nothing else is made with. Token keys tell theirs (`TokenKey.kid`)."""
        return {
            "checkpoints": OKPKey.import_key(self.log_private).thumbprint(),
            "data keys": self._master_id,
            "binding tokens": OKPKey.import_key(self.approvals()).thumbprint(),
        }

    def rotate_tokens(self, now: int, *, lead: int = 0, at_once: bool = False) -> TokenKey:
        """A new token key, on disk when this returns; `lead` and `at_once` as `TokenKeys.rotated` says.

        The caller records the change (I14). Raises `Conflict` after too many rotations, `Refused` when the file cannot
        be written: then the keys are as they were.
        """
        rotated = self.tokens.rotated(now, lead=lead, at_once=at_once)
        files.replace(self._path / TOKENS_FILE, protect(rotated.encode(), TOKENS_FILE, self._encryption))
        self.tokens = rotated
        return rotated.keys[-1]

    def ensure_tokens(self, now: int) -> TokenKey | None:
        """Make the first token key; None when one can sign already. At start, by the process that holds the lock."""
        try:
            self.tokens.signing(now)
        except Unavailable:
            return self.rotate_tokens(now)
        return None

    def wrap(self, data_key: bytes, context: str) -> bytes:
        """`data_key` under the master key, bound to `context` (what it is for: "mission:<tenant>/<id>").

        Random nonces keep their promise for 2^32 wraps under one master key (NIST SP 800-38D section 8.3).
        """
        if len(data_key) != KEY_BYTES:
            raise InvalidInput(f"expected a data key of {KEY_BYTES} bytes, got {len(data_key)}")
        nonce = os.urandom(NONCE_BYTES)
        return WRAP_V1 + nonce + self._master.encrypt(nonce, data_key, _associated(context))

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The data key that was wrapped for exactly this `context`; raises `Unavailable` for anything else."""
        if wrapped[:1] == WRAP_V1 and len(wrapped) == 1 + NONCE_BYTES + KEY_BYTES + TAG_BYTES:
            nonce, sealed = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
            with contextlib.suppress(InvalidTag):
                return self._master.decrypt(nonce, sealed, _associated(context))
        raise Unavailable(
            "a data key cannot be unwrapped: it was altered, or wrapped for another thing or under another master key; "
            f"restore {MASTER_FILE} of this installation"
        )


def _associated(context: str) -> bytes:
    try:
        return b"remit data key\x00" + context.encode()
    except UnicodeEncodeError:
        raise InvalidInput("expected Unicode text as the context of a data key, got a lone surrogate") from None


def _log_key(path: Path, encryption: KeyEncryption | None) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(reveal(files.read(path), path, encryption), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused(files.restore(path, "expected an Ed25519 private key in unencrypted PKCS #8 PEM"))
    return key


def _token_keys(path: Path, encryption: KeyEncryption | None) -> TokenKeys:
    if not _exists(path):
        return TokenKeys()
    try:
        return TokenKeys.decode(reveal(files.read(path), path, encryption))
    except ValueError as error:
        problem = files.restore(path, str(error))
        raise Refused(f"{problem}, or delete it: tokens that are out become void, and new keys are made") from None


def _either(path: Path, old: KeyEncryption | None, new: KeyEncryption | None) -> bytes:
    data = files.read(path)
    try:
        return reveal(data, path, old)
    except Refused:
        with contextlib.suppress(Refused):
            return reveal(data, path, new)  # an earlier attempt came as far as this file
        raise


def _exists(path: Path) -> bool:
    return os.path.lexists(path)
