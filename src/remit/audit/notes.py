"""C2SP signed notes: a text and who signs it, with Ed25519 (signature type 0x01).

Threat: a note that two readers take for different texts, or a signature taken for another key's. Parsing is therefore
strict (one form of base64, no control characters, the last blank line parts text from signatures), and text leaves this
module only as `VerifiedText`. Signatures of keys that we do not know are ignored, as the specification demands: that is
how witnesses add theirs. Pure.
"""

import base64
import binascii
import hashlib
import re
from typing import NewType

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from remit.terms import InvalidInput

VerifiedText = NewType("VerifiedText", str)

ED25519 = b"\x01"
MAX_NOTE = 1_000_000  # bytes; a checkpoint with a hundred post-quantum cosignatures is half of it
MAX_SIGNATURES = 100  # the specification wants at least 16
DASH = "\u2014 "
_KEY_ID = re.compile(r"[0-9a-f]{8}")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Verifier(msgspec.Struct, frozen=True, kw_only=True):
    """A key that notes are checked against."""

    name: str
    key_id: bytes  # four bytes
    public: bytes  # 32 bytes (RFC 8032)

    def __str__(self) -> str:
        """The verifier key, `<name>+<key id>+<base64 of type and key>`, as operators hand it around."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def of(cls, name: str, public: Ed25519PublicKey) -> "Verifier":
        raw = public.public_bytes_raw()
        return cls(name=name, key_id=key_id(name, ED25519, raw), public=raw)

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Read a verifier key; raises `InvalidInput` unless its key id is right for its name and key."""
        name, found, raw = parse_key(text, ED25519)
        return cls(name=name, key_id=found, public=raw)


def key_id(name: str, kind: bytes, raw: bytes) -> bytes:
    """The four bytes that tell keys of one name apart."""
    if not is_key_name(name):
        raise InvalidInput("expected a key name without spaces, control characters and `+`")
    return hashlib.sha256(name.encode() + b"\n" + kind + raw).digest()[:4]


def parse_key(text: str, kind: bytes) -> tuple[str, bytes, bytes]:
    """Name, key id and the 32 bytes of a verifier key of signature type `kind`."""
    name, _, rest = text.partition("+")
    given, _, encoded = rest.partition("+")
    data = decode_base64(encoded)
    if not is_key_name(name) or not _KEY_ID.fullmatch(given) or data is None:
        raise InvalidInput("expected a verifier key of the form `<name>+<8 hexadecimal digits>+<base64>`")
    if data[:1] != kind or len(data) != 33:
        raise InvalidInput(f"expected an Ed25519 verifier key: type 0x{kind.hex()} and 32 bytes")
    found = key_id(name, kind, data[1:])
    if found.hex() != given:
        raise InvalidInput("expected the verifier key's id to be that of its name and key; copy the whole line again")
    return name, found, data[1:]


def is_key_name(name: str) -> bool:
    """Key names are non-empty, without Unicode spaces and `+`; ours also without control characters, being in lines."""
    if not name or "+" in name or any(letter.isspace() for letter in name):
        return False
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return _CONTROLS.search(name) is None


def sign_note(text: str, name: str, private: Ed25519PrivateKey) -> bytes:
    """The note of `text` with one signature by the key called `name`."""
    if not text.endswith("\n") or _CONTROLS.search(text):
        raise InvalidInput("expected a note's text to end in a newline and to hold no other control character")
    verifier = Verifier.of(name, private.public_key())
    body = text.encode()
    signature = base64.b64encode(verifier.key_id + private.sign(body)).decode()
    return body + f"\n{DASH}{name} {signature}\n".encode()


def open_note(data: bytes, verifier: Verifier) -> VerifiedText:
    """The text that `verifier`'s key signed. Raises `InvalidInput` for any other note."""
    text, signatures = parse_note(data)
    known = [blob[4:] for name, blob in signatures if name == verifier.name and blob[:4] == verifier.key_id]
    if not known:
        raise InvalidInput("no signature by the given key: this is another log, or was signed with another key")
    public = Ed25519PublicKey.from_public_bytes(verifier.public)
    for signature in known:
        try:
            public.verify(signature, text.encode())
        except InvalidSignature:
            raise InvalidInput("the signature does not fit the text: one of them was altered") from None
    return VerifiedText(text)


def decode_base64(text: str) -> bytes | None:
    """RFC 4648 section 4, in its one canonical form, or None."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def parse_note(data: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and signatures (key name, key id and what follows it), none of them verified."""
    if len(data) > MAX_NOTE:
        raise InvalidInput(f"expected a note of at most {MAX_NOTE} bytes")
    try:
        note = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"expected a note in UTF-8, got an invalid byte at offset {error.start}") from None
    if control := _CONTROLS.search(note):
        raise InvalidInput(f"expected no control characters in a note, got one at character {control.start()}")
    body, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise InvalidInput("expected a note: a text, a blank line, and lines of signatures, each ended by a newline")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise InvalidInput(f"expected at most {MAX_SIGNATURES} signatures")
    return body + "\n", [parse_signature(line) for line in lines]


def parse_signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    blob = decode_base64(encoded)
    if not line.startswith(DASH) or not is_key_name(name) or blob is None or len(blob) < 5:
        raise InvalidInput("expected a signature line: em dash, key name and base64, apart by single spaces")
    return name, blob
