"""C2SP tlog-cosignature, Ed25519 (type 0x04): a witness says that it saw a checkpoint, when, and that it is consistent.

A cosignature is a line of the checkpoint's note beside the log's own. Which witnesses are believed is the verifier's
choice: lines of keys that were not given are ignored, as the specification demands. Threat: a signature that was made
for something else (the message begins with `cosignature/v1`), or a time in the future, which would make a stale
checkpoint look fresh. Limits: ML-DSA-44 cosignatures (type 0x06) are not read. Pure.
"""

import base64

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from remit.audit.notes import key_id, parse_key, parse_note, parse_signature
from remit.terms import InvalidInput

COSIGNATURE = b"\x04"
MAX_TIME = 2**63 - 1
_BYTES = 4 + 8 + 64  # key id, time, signature


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """A witness's key."""

    name: str
    key_id: bytes  # four bytes
    public: bytes  # 32 bytes (RFC 8032)

    def __str__(self) -> str:
        """The verifier key as its operator publishes it."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(COSIGNATURE + self.public).decode()}"

    @classmethod
    def of(cls, name: str, public: Ed25519PublicKey) -> "Witness":
        raw = public.public_bytes_raw()
        return cls(name=name, key_id=key_id(name, COSIGNATURE, raw), public=raw)

    @classmethod
    def parse(cls, text: str) -> "Witness":
        """Read a witness's verifier key; raises `InvalidInput` for a log's key or a damaged one."""
        name, found, raw = parse_key(text.strip(), COSIGNATURE)
        return cls(name=name, key_id=found, public=raw)


def cosigned_message(text: str, seconds: int) -> bytes:
    """What a witness signs: two lines and the checkpoint's text, extension lines too."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def cosigned_at(note: bytes, witness: Witness, now: int | None = None) -> int | None:
    """When `witness` cosigned the checkpoint in `note`, in seconds; None if it did not.

    Raises `InvalidInput` for a cosignature of its key that is not valid, or that lies after `now`.
    """
    text, signatures = parse_note(note)
    times = [_verified(text, blob, witness) for name, blob in signatures if _by(witness, name, blob)]
    if times and now is not None and max(times) > now:
        raise InvalidInput(f"the cosignature of {witness.name} is of the future: set the clocks right")
    return max(times, default=None)


def take_cosignatures(note: bytes, answer: bytes, witness: Witness) -> bytes:
    """The lines of a witness's answer that are its valid cosignatures of `note`. Raises `InvalidInput` if none is.

    Lines of other keys are dropped: whoever answers cannot put anything else into our checkpoint.
    """
    text, _ = parse_note(note)
    try:
        lines = answer.decode().split("\n")
    except UnicodeDecodeError:
        raise InvalidInput("expected lines of signatures in UTF-8") from None
    if lines.pop() or not lines:
        raise InvalidInput("expected lines of signatures, each ended by a newline")
    taken = []
    for line in lines:
        name, blob = parse_signature(line)
        if _by(witness, name, blob):
            _verified(text, blob, witness)
            taken.append(line + "\n")
    if not taken:
        raise InvalidInput(f"no cosignature by the key of {witness.name}: check the key that remit.toml gives it")
    return taken[-1].encode()


def with_cosignatures(note: bytes, lines: bytes) -> bytes:
    """`note` with further signature lines; those of the same keys are replaced."""
    head, _, tail = note.rpartition(b"\n\n")
    fresh = {_key(line): line for line in lines.splitlines(keepends=True)}
    kept = [line for line in tail.splitlines(keepends=True) if _key(line) not in fresh]
    return head + b"\n\n" + b"".join([*kept, *fresh.values()])


def _key(line: bytes) -> tuple[str, bytes]:
    name, blob = parse_signature(line.decode().removesuffix("\n"))
    return name, blob[:4]


def _by(witness: Witness, name: str, blob: bytes) -> bool:
    return name == witness.name and blob[:4] == witness.key_id


def _verified(text: str, blob: bytes, witness: Witness) -> int:
    seconds = int.from_bytes(blob[4:12], "big")
    if len(blob) != _BYTES or seconds > MAX_TIME:
        raise InvalidInput(f"expected a cosignature of {witness.name} to be a time and an Ed25519 signature")
    try:
        Ed25519PublicKey.from_public_bytes(witness.public).verify(blob[12:], cosigned_message(text, seconds))
    except InvalidSignature:
        raise InvalidInput(f"the cosignature of {witness.name} does not fit the checkpoint") from None
    return seconds
