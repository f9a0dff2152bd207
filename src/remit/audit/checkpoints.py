"""C2SP tlog-checkpoint: the signed head of a log.

One log per tenant. Its origin is `<log origin>/<tenant>`, and the key that signs it has the origin as its name, so that
a checkpoint of one tenant can never stand for another's although one key signs them all. Pure.
"""

import base64
import re
from urllib.parse import quote, unquote

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remit.audit.hashing import HASH_BYTES
from remit.audit.notes import Verifier, decode_base64, open_note, parse_note, sign_note
from remit.terms import InvalidInput, TenantId

MAX_SIZE = 2**63 - 1  # what other implementations can hold
MAX_NAME = 255  # bytes of a file name on common file systems
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Tree head: how many entries there are, and the root over them."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()  # opaque lines; ours has none

    @property
    def text(self) -> str:
        """The note's text."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions]
        return "".join(f"{line}\n" for line in lines)


def log_name(tenant: TenantId) -> str:
    """The tenant as a directory and as the end of its origin: percent-encoded, so that it is one safe path element."""
    name = quote(tenant, safe="")
    if not name or name.startswith(".") or len(name) > MAX_NAME:
        raise InvalidInput("expected a tenant whose name can be a directory's")
    return name


def log_origin(origin: str, tenant: TenantId) -> str:
    return f"{origin}/{log_name(tenant)}"


def tenant_of(origin: str) -> TenantId:
    """The tenant whose log has this origin."""
    return TenantId(unquote(origin.rpartition("/")[2]))


def sign_checkpoint(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> bytes:
    """The checkpoint's file. That it extends every earlier one is the caller's duty."""
    return sign_note(checkpoint.text, checkpoint.origin, private)


def open_checkpoint(data: bytes, verifier: Verifier) -> Checkpoint:
    """The checkpoint in `data`, proven to be this log's. Raises `InvalidInput` saying what is wrong with it."""
    checkpoint = _parse(open_note(data, verifier))
    if checkpoint.origin != verifier.name:
        raise InvalidInput("expected the checkpoint's origin to be the name of the key: it is of another log")
    return checkpoint


def read_checkpoint(data: bytes) -> Checkpoint:
    """What the checkpoint in `data` says, unverified: for our own files, on their way to somebody who verifies."""
    return _parse(parse_note(data)[0])


def _parse(text: str) -> Checkpoint:
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise InvalidInput("expected a checkpoint: lines of origin, size and root, none of them empty")
    origin, size, encoded, *extensions = lines
    root = decode_base64(encoded)
    if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE or root is None or len(root) != HASH_BYTES:
        raise InvalidInput("expected a checkpoint's size in decimal and its root as base64 of 32 bytes")
    return Checkpoint(origin=origin, size=int(size), root=root, extensions=tuple(extensions))
