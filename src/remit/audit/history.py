"""A list of checkpoints in one file: what a sink keeps, and what `verify --since` reads.

Signed notes, one after the other, a blank line between them; a file with one checkpoint is such a list too. A writer
that was cut off leaves a piece of a note, which readers skip: what counts is signed. Threat: somebody shortens the
list. Then less is proven; keep it where the log's owner cannot write. Pure.
"""

import itertools
from collections.abc import Iterator

from remit.audit.checkpoints import Checkpoint, open_checkpoint
from remit.audit.notes import Verifier
from remit.terms import InvalidInput

MAX_HISTORY = 64 * 1024 * 1024  # bytes: some 250,000 checkpoints


def read_history(data: bytes, verifier: Verifier) -> list[Checkpoint]:
    """Every checkpoint of this log in `data`, oldest first. Raises `InvalidInput` when there is none."""
    found: list[Checkpoint] = []
    problem = InvalidInput("expected a checkpoint, or a list of them as a sink keeps it")
    for note in split_history(data):
        try:
            checkpoint = open_checkpoint(note, verifier)
        except InvalidInput as error:
            problem = error
        else:
            if not found or found[-1] != checkpoint:
                found.append(checkpoint)
    if not found:
        raise problem
    return found


def newest_note(data: bytes, verifier: Verifier) -> tuple[bytes, Checkpoint] | None:
    """The last checkpoint of this log in `data`."""
    for note in reversed(list(split_history(data))):
        try:
            return note, open_checkpoint(note, verifier)
        except InvalidInput:
            continue
    return None


def split_history(data: bytes) -> Iterator[bytes]:
    """What may be notes in `data`: a block of text and the block of signatures after it."""
    blocks = data.split(b"\n\n")
    for text, signatures in itertools.pairwise(blocks):
        if signatures.startswith("\u2014 ".encode()):
            yield text.lstrip(b"\n") + b"\n\n" + signatures.rstrip(b"\n") + b"\n"


def appended(note: bytes) -> bytes:
    """`note` as it is put at the end of a list: parted from whatever stands there, whole or cut off."""
    return b"\n\n" + note
