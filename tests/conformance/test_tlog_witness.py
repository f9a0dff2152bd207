"""C2SP tlog-witness and tlog-cosignature: our side of it against a witness that was written from the specification."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.conformance.witness import Witness

from remit.audit import (
    Checkpoint,
    Submission,
    Tree,
    Verifier,
    cosigned_at,
    open_checkpoint,
    sign_checkpoint,
)
from remit.audit import Witness as Key
from remit.audit.cosignatures import take_cosignatures, with_cosignatures
from remit.audit.edge import Edge
from remit.terms import Conflict, InvalidInput, Unavailable

ORIGIN = "log.test/default"


class Log:
    """A log in memory; `salt` makes another history."""

    def __init__(self, salt: str = "") -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(bytes(32))
        self.key = str(Verifier.of(ORIGIN, self.private.public_key()))
        self.salt = salt

    def edge(self, size: int, tiles: dict[str, bytes] | None = None) -> Edge:
        edge = Edge()
        for number in range(size):
            for path, hashes in edge.append(f"{self.salt}{number}".encode()):
                if tiles is not None:
                    tiles[str(path)] = b"".join(hashes)
        for path, hashes in edge.unfinished():
            if tiles is not None:
                tiles[str(path)] = b"".join(hashes)
        return edge

    def note(self, size: int) -> bytes:
        return sign_checkpoint(Checkpoint(origin=ORIGIN, size=size, root=self.edge(size).root()), self.private)

    def submission(self, witness: Witness, size: int, old: int = 0) -> Submission:
        tiles: dict[str, bytes] = {}
        self.edge(size, tiles)
        tree = Tree(size, lambda path: tiles.get(str(path)))
        return Submission(Key.parse(witness.key), self.note(size), size, tree.consistency, old)


def carry(submission: Submission, witness: Witness) -> bytes:
    for _ in range(2):
        line = submission.answered(*witness.add_checkpoint(submission.body()))
        if line is not None:
            return line
    raise AssertionError("more than one correction of the size")


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def witness(log: Log) -> Witness:
    return Witness(logs=(log.key,))


@pytest.mark.parametrize("sizes", [(1, 2, 3, 8, 9), (255, 256, 257, 600), (7, 7, 300, 512)])
def test_a_witness_follows_a_growing_log_with_two_requests_at_most(log: Log, witness: Witness, sizes: Any) -> None:
    for size in sizes:
        line = carry(log.submission(witness, size), witness)
        note = with_cosignatures(log.note(size), line)
        assert open_checkpoint(note, Verifier.parse(log.key)).size == size
        assert (cosigned_at(note, Key.parse(witness.key)) or 0) > 1_700_000_000


def test_a_log_that_was_cut_back_is_told_that_the_witness_knows_more(log: Log, witness: Witness) -> None:
    carry(log.submission(witness, 20), witness)
    with pytest.raises(Conflict, match="witnessed 20 entries"):
        carry(log.submission(witness, 12), witness)
    assert witness.seen[ORIGIN][0] == 20


@pytest.mark.parametrize("size", [20, 21, 300])
def test_a_log_with_another_history_gets_no_cosignature(log: Log, witness: Witness, size: int) -> None:
    carry(log.submission(witness, 20), witness)
    with pytest.raises(Conflict, match="not the one that it witnessed"):
        carry(Log("other").submission(witness, size), witness)


def test_unknown_logs_and_keys_are_told_apart(log: Log, witness: Witness) -> None:
    submission = log.submission(witness, 3)
    witness.logs[ORIGIN] = str(Verifier.of(ORIGIN, Ed25519PrivateKey.generate().public_key()))
    with pytest.raises(Unavailable, match="does not know the key"):
        carry(submission, witness)
    witness.logs.clear()
    with pytest.raises(Unavailable, match="origin"):
        carry(submission, witness)


def test_the_witness_refuses_a_stale_size_a_wrong_proof_and_an_old_size_beyond_the_log(
    log: Log, witness: Witness
) -> None:
    carry(log.submission(witness, 20), witness)
    body = log.submission(witness, 25, old=20).body()
    assert witness.add_checkpoint(body.replace(b"old 20", b"old 19"))[0] == 409
    assert witness.add_checkpoint(body.replace(b"old 20", b"old 26"))[0] == 400
    lines = body.split(b"\n")
    lines[1] = base64.b64encode(bytes(32))
    assert witness.add_checkpoint(b"\n".join(lines))[0] == 422
    assert witness.add_checkpoint(body)[0] == 200


def test_only_valid_cosignatures_of_the_configured_key_are_taken(log: Log, witness: Witness) -> None:
    note, other = log.note(5), Witness("other.test/w", logs=(log.key,))
    text = note.partition(b"\n\n")[0] + b"\n"
    mine, foreign = witness.line(text, 7), other.line(text, 7)
    key = Key.parse(witness.key)
    assert take_cosignatures(note, foreign + mine, key) == mine
    with pytest.raises(InvalidInput, match="no cosignature"):
        take_cosignatures(note, foreign, key)
    with pytest.raises(InvalidInput, match="does not fit"):
        take_cosignatures(note, witness.line(text + b"more\n", 7), key)
    for broken in (b"", mine[:-1], b"\xff\n", b"hello\n", mine.replace(b"test/w1", b"test/w2")):
        with pytest.raises(InvalidInput):
            take_cosignatures(note, broken, key)


def test_a_time_that_was_changed_or_lies_ahead_is_refused(log: Log, witness: Witness) -> None:
    note, key = log.note(5), Key.parse(witness.key)
    text = note.partition(b"\n\n")[0] + b"\n"
    cosigned = note + witness.line(text, 1000)
    assert cosigned_at(cosigned, key, now=1000) == 1000
    with pytest.raises(InvalidInput, match="future"):
        cosigned_at(cosigned, key, now=999)
    blob = bytearray(base64.b64decode(witness.line(text, 1000).split(b" ")[2]))
    blob[11] ^= 1
    forged = note + f"— {witness.name} {base64.b64encode(blob).decode()}\n".encode()
    with pytest.raises(InvalidInput, match="does not fit"):
        cosigned_at(forged, key)
    assert cosigned_at(note, key) is None


def test_the_keys_of_a_log_and_of_a_witness_cannot_be_confused(log: Log, witness: Witness) -> None:
    with pytest.raises(InvalidInput, match="0x04"):
        Key.parse(log.key)
    with pytest.raises(InvalidInput, match="0x01"):
        Verifier.parse(witness.key)
    assert str(Key.parse(witness.key)) == witness.key


@pytest.mark.parametrize("answer", [(409, b""), (409, b"07\n"), (409, b"-1\n"), (409, b"9" * 30 + b"\n"), (302, b"")])
def test_answers_that_the_protocol_does_not_have_are_refused(log: Log, witness: Witness, answer: Any) -> None:
    with pytest.raises((InvalidInput, Unavailable)):
        log.submission(witness, 5).answered(*answer)
