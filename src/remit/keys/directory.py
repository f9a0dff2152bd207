"""Keys in a directory that only the account of Remit may read.

One key, one use (I14): a signature made for one purpose can then never be shown for another. The log key signs
checkpoints and nothing else; the master key wraps data keys and nothing else.

Threat: another account of the machine reads or swaps a key file. `open` refuses files that group or others may use and
does not repair them, because whoever could read them may have. Limits: the files are not encrypted at rest, and whoever
is root, or is the account of Remit, has the keys.
"""

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from remit.keys.random import KEY_BYTES, new_data_key
from remit.terms import InvalidInput, Refused, Unavailable

LOG_FILE = "log.pem"  # Ed25519, PKCS #8 (RFC 8410)
MASTER_FILE = "master.key"  # 32 bytes
MAX_FILE = 4096  # no key file of ours is near this

# First byte of a wrapped key: says how it is wrapped, so that a later form can be told apart.
WRAP_V1 = b"\x01"  # AES-256-GCM under the master key, random 96-bit nonce (NIST SP 800-38D section 8.2.2)
NONCE_BYTES = 12
TAG_BYTES = 16


class KeyDirectory:
    """The keys of one installation. Made by `create` or `open`, never by hand."""

    __slots__ = ("_master", "log_private")

    def __init__(self, log_private: Ed25519PrivateKey, master: bytes) -> None:
        self.log_private = log_private
        self._master = AESGCM(master)

    def __repr__(self) -> str:  # I7: keys never reach a log
        return "KeyDirectory(…)"

    @classmethod
    def create(cls, path: Path) -> "KeyDirectory":
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
            _write(made / LOG_FILE, pem)
            _write(made / MASTER_FILE, new_data_key())
            _sync(made)
            made.rename(path)  # POSIX: replaces an empty directory, fails on any other
            _sync(path.parent)
        except OSError as error:
            shutil.rmtree(made, ignore_errors=True)
            raise Refused(f"the keys in {str(path)!r} cannot be written: {error.strerror}") from None
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> "KeyDirectory":
        """Read the keys in `path`; raises `Refused`, saying what to do, unless each is there, whole and private."""
        _check_directory(path)
        pem = _read(path / LOG_FILE)
        try:
            log_private = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            log_private = None
        if not isinstance(log_private, Ed25519PrivateKey):
            raise Refused(_restore(path / LOG_FILE, "expected an Ed25519 private key in unencrypted PKCS #8 PEM"))
        master = _read(path / MASTER_FILE)
        if len(master) != KEY_BYTES:
            raise Refused(_restore(path / MASTER_FILE, f"expected {KEY_BYTES} bytes, got {len(master)}"))
        return cls(log_private, master)

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


def _check_directory(path: Path) -> None:
    try:
        status = path.stat()
    except OSError as error:
        message = (
            f"no keys in {str(path)!r}: {error.strerror}; run `remit init`, or restore the directory from its backup"
        )
        raise Refused(message) from None
    if not stat.S_ISDIR(status.st_mode):
        raise Refused(_restore(path, "expected a directory"))
    if status.st_mode & 0o077:
        raise Refused(_private(path, status, 0o700))


def _read(path: Path) -> bytes:
    """The file, checked on the descriptor it is read from, so that it cannot be swapped in between."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # no wait on a planted FIFO
    except OSError as error:
        raise Refused(_restore(path, error.strerror or "cannot be opened")) from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Refused(_restore(path, "expected a regular file"))
        if status.st_mode & 0o077:
            raise Refused(_private(path, status, 0o600))
        return os.read(handle, MAX_FILE)
    except OSError as error:
        raise Refused(_restore(path, error.strerror or "cannot be read")) from None
    finally:
        os.close(handle)


def _restore(path: Path, problem: str) -> str:
    return f"the key file {str(path)!r} cannot be used: {problem}; restore it from its backup"


def _private(path: Path, status: os.stat_result, wanted: int) -> str:
    return (
        f"{str(path)!r} can be used by others (mode {stat.S_IMODE(status.st_mode):04o}): treat the keys as known "
        f"to them; if they are not, `chmod {wanted:o}` it"
    )


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
