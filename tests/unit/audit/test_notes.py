"""Signed notes and checkpoints: the published vectors, and strictness against everything that is nearly one."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remit.audit import Checkpoint, Verifier, open_checkpoint, open_note, sign_checkpoint, sign_note
from remit.audit.notes import MAX_SIGNATURES, is_key_name
from remit.terms import InvalidInput

VECTOR = json.loads((Path(__file__).parents[2] / "vectors" / "signed_note.json").read_text())
PRIVATE = Ed25519PrivateKey.from_private_bytes(base64.b64decode(VECTOR["seed"]))
VERIFIER = Verifier.parse(VECTOR["verifier"])
NOTE = f"{VECTOR['text']}\n— PeterNeumann {VECTOR['signature']}\n".encode()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def other_line(text: str, name: str = "witness.example") -> bytes:
    return sign_note(text, name, OTHER).removeprefix(text.encode() + b"\n")


def test_the_published_note_is_opened_and_signed_byte_for_byte() -> None:
    assert open_note(NOTE, VERIFIER) == VECTOR["text"]
    assert sign_note(VECTOR["text"], "PeterNeumann", PRIVATE) == NOTE
    assert str(Verifier.of("PeterNeumann", PRIVATE.public_key())) == VECTOR["verifier"]


@pytest.mark.parametrize("note", VECTOR["well_formed"])
def test_the_specifications_examples_are_notes_of_keys_that_we_do_not_know(note: str) -> None:
    with pytest.raises(InvalidInput, match="no signature by the given key"):
        open_note(note.encode(), VERIFIER)


def test_text_may_hold_blank_lines_and_signatures_of_others_are_ignored() -> None:
    text = "a\n\nb\n\n\n"
    ours = sign_note(text, "PeterNeumann", PRIVATE)
    line = ours.removeprefix(text.encode() + b"\n")
    assert open_note(ours + other_line(text) * 20, VERIFIER) == text
    assert open_note(text.encode() + b"\n" + other_line(text, "PeterNeumann") + line, VERIFIER) == text


def test_no_signature_but_a_true_one_of_the_known_key_opens_a_note() -> None:
    text = VECTOR["text"]
    with pytest.raises(InvalidInput, match="no signature"):
        open_note(text.encode() + b"\n" + other_line(text), VERIFIER)
    with pytest.raises(InvalidInput, match="does not fit"):
        open_note(NOTE.replace(b"cryptography", b"cryptographY"), VERIFIER)
    short = base64.b64encode(VERIFIER.key_id + b"x").decode()
    with pytest.raises(InvalidInput, match="does not fit"):
        open_note(NOTE + f"— PeterNeumann {short}\n".encode(), VERIFIER)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n",
        b"\n\n",
        NOTE[:-1],
        NOTE + b"\n",
        NOTE + b"x\n",
        NOTE.replace(b"\n\n", b"\n"),
        b"\n" + NOTE.split(b"\n\n")[1],
        NOTE.replace("— ".encode(), b"- "),
        NOTE.replace("— ".encode(), "—  ".encode()),
        NOTE.replace(b"PeterNeumann x", b"Peter Neumann x"),
        NOTE.replace(b"PeterNeumann x", b"Peter+Neumann x"),
        NOTE.replace(b"PeterNeumann x", b" x"),
        NOTE.replace(b"JnAM=", b"JnAN="),  # the same bytes in another base64
        NOTE.replace(b"JnAM=", b"JnAM"),
        NOTE.replace(b"JnAM=", b"JnAM=\r"),
        NOTE.replace(b"you", b"\x1b[2Jyou"),
        NOTE.replace(b"you", b"\x00you"),
        NOTE.replace(b"you", b"\xed\xa0\x80you"),
        NOTE + NOTE.split(b"\n\n")[1] * MAX_SIGNATURES,
        NOTE + b"\xe2\x80\x94 a AAAAAA==\n",
        b"a" * 2_000_000,
    ],
)
def test_what_is_nearly_a_note_is_refused(note: bytes) -> None:
    with pytest.raises(InvalidInput):
        open_note(note, VERIFIER)


@pytest.mark.parametrize("text", ["", "a", "a\r\n", "a\tb\n"])
def test_what_cannot_be_opened_again_is_not_signed(text: str) -> None:
    with pytest.raises(InvalidInput):
        sign_note(text, "name", PRIVATE)


def test_every_part_and_every_change_of_a_verifier_key_is_refused() -> None:
    key = VECTOR["verifier"]
    parts = [key[start:stop] for start in range(len(key)) for stop in range(start + 1, len(key) + 1)]
    changed = [key[:place] + chr(ord(key[place]) + 1) + key[place + 1 :] for place in range(len(key))]
    for wrong in [
        *(part for part in parts if part != key),
        *changed,
        *VECTOR["wrong_verifiers"],
        "",
        "++",
        "a+b\ud800+c",
    ]:
        with pytest.raises(InvalidInput):
            Verifier.parse(wrong)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\x00", "a\u00a0b", "a\u2028b", "\ud800"])
def test_names_that_would_break_a_signature_line_are_no_key_names(name: str) -> None:
    assert not is_key_name(name)
    with pytest.raises(InvalidInput):
        Verifier.of(name, PRIVATE.public_key())


CHECKPOINT = Checkpoint(origin="PeterNeumann", size=20852163, root=bytes(range(32)))


def test_a_checkpoint_is_written_as_specified_and_read_back() -> None:
    lines = CHECKPOINT.text.split("\n")
    assert lines == ["PeterNeumann", "20852163", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", ""]
    extended = Checkpoint(origin="PeterNeumann", size=0, root=bytes(32), extensions=("one", "two"))
    for checkpoint in (CHECKPOINT, extended):
        assert open_checkpoint(sign_checkpoint(checkpoint, PRIVATE), VERIFIER) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann\n1\n",
        "PeterNeumann\n1\nAAAA\n",
        "PeterNeumann\n01\n{root}\n",
        "PeterNeumann\n-1\n{root}\n",
        "PeterNeumann\n+1\n{root}\n",
        "PeterNeumann\n1 \n{root}\n",
        "PeterNeumann\n\u0661\n{root}\n",
        "PeterNeumann\n9223372036854775808\n{root}\n",
        "PeterNeumann\n99999999999999999999999999\n{root}\n",
        "PeterNeumann\n1\n{root}\n\nextension\n",
        "\n1\n{root}\n",
        "another.example/log\n1\n{root}\n",
    ],
)
def test_signed_text_that_is_no_checkpoint_of_this_log_is_refused(text: str) -> None:
    root = base64.b64encode(bytes(32)).decode()
    with pytest.raises(InvalidInput):
        open_checkpoint(sign_note(text.format(root=root), "PeterNeumann", PRIVATE), VERIFIER)
