"""C2SP tlog-proof: that one entry is in the log, as a text that is checked offline with the log's key.

    c2sp.org/tlog-proof@v1
    extra <base64: the entry itself>
    index 73894
    <hashes, leaf to root>

    <the signed checkpoint, cosignatures too>

The entry travels in `extra`; it is believed only because its hash leads to the signed root. Limits: a proof says that
the entry was in the log when the checkpoint was signed; whether the log still is that log, `verify --since` says. Pure;
a proof is hostile input.
"""

import base64
import re
from collections.abc import Sequence

import msgspec

from remit.audit.checkpoints import Checkpoint, open_checkpoint
from remit.audit.hashing import HASH_BYTES, leaf_hash
from remit.audit.notes import MAX_NOTE, Verifier, decode_base64
from remit.audit.proofs import verify_inclusion
from remit.audit.tiles import MAX_ENTRY
from remit.terms import InvalidInput

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 64
MAX_PROOF = MAX_NOTE + 2 * MAX_ENTRY + MAX_HASHES * 64
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a proof; nothing of it is verified."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes  # a signed note
    extra: bytes | None = None


def encode_proof(index: int, hashes: Sequence[bytes], checkpoint: bytes, extra: bytes | None = None) -> bytes:
    lines = [HEADER]
    if extra is not None:
        lines.append(f"extra {base64.b64encode(extra).decode()}")
    lines += [f"index {index}", *(base64.b64encode(item).decode() for item in hashes), ""]
    return "".join(f"{line}\n" for line in lines).encode() + checkpoint


def decode_proof(data: bytes) -> Proof:
    """Raises `InvalidInput` unless `data` has exactly the format's form."""
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        lines = []
    if len(data) > MAX_PROOF or not blank or lines[:1] != [HEADER]:
        raise InvalidInput(f"expected a proof that begins with `{HEADER}`")
    extra = None
    if len(lines) > 1 and lines[1].startswith("extra "):
        extra = decode_base64(lines.pop(1).removeprefix("extra "))
        if extra is None:
            raise InvalidInput("expected `extra` to be base64")
    index = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
    hashes = [decode_base64(line) for line in lines[2:]]
    if index is None or len(hashes) > MAX_HASHES:
        raise InvalidInput(f"expected a line `index <number>` and at most {MAX_HASHES} hashes")
    known = tuple(item for item in hashes if item is not None and len(item) == HASH_BYTES)
    if len(known) != len(hashes):
        raise InvalidInput(f"expected each line of the proof to be base64 of {HASH_BYTES} bytes")
    return Proof(index=int(index[1]), hashes=known, checkpoint=checkpoint, extra=extra)


def verify_proof(proof: Proof, entry: bytes, verifier: Verifier) -> Checkpoint:
    """The checkpoint under which `entry` is number `proof.index`. Raises `InvalidInput` saying what is wrong."""
    checkpoint = open_checkpoint(proof.checkpoint, verifier)
    if not verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root):
        raise InvalidInput("the proof does not lead from this entry to the signed root: one of them was altered")
    return checkpoint
