"""C2SP tlog-witness without the network: what is sent to a witness, and what its answers mean.

One round needs at most two requests, since a witness that remembers another size says which (409). Threat: an answer
that makes us believe a checkpoint was witnessed when it was not: only signatures of the configured key are taken, and
only over exactly what was sent. Pure.
"""

import base64
import re
from collections.abc import Callable, Sequence

from remit.audit.cosignatures import Witness, take_cosignatures
from remit.terms import Conflict, InvalidInput, Unavailable

MAX_PROOF = 63  # lines; more is never needed for 2^63 entries
MAX_ANSWER = 64 * 1024  # bytes
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")

Prove = Callable[[int], Sequence[bytes]]  # from an old size: the consistency proof to the checkpoint


class Submission:
    """One checkpoint on its way to one witness. `old` is the size that the witness is believed to know."""

    def __init__(self, witness: Witness, note: bytes, size: int, prove: Prove, old: int) -> None:
        self._witness = witness
        self._note = note
        self._size = size
        self._prove = prove
        self.old = min(old, size)
        self._corrected = False

    def body(self) -> bytes:
        """The body of POST `<prefix>/add-checkpoint`."""
        proof = self._prove(self.old)
        lines = [f"old {self.old}", *(base64.b64encode(item).decode() for item in proof), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self._note

    def answered(self, status: int, body: bytes) -> bytes | None:
        """The cosignature line; None when the request is to be sent again with another old size.

        Raises `Conflict` when the witness knows a log that ours does not extend, `Unavailable` when it cannot or will
        not answer, `InvalidInput` when its answer is not what the protocol says.
        """
        match status:
            case 200:
                return take_cosignatures(self._note, body, self._witness)
            case 409:
                self._correct(body)
                return None
            case 403:
                raise Unavailable("it does not know the key of this log: register `remit audit key` with it")
            case 404:
                raise Unavailable("it does not know this log's origin: register the log with it")
            case 422:
                raise Conflict("it remembers other entries than ours: this log is not the one that it witnessed")
            case _:
                raise Unavailable(f"it answered with status {status}")

    def _correct(self, body: bytes) -> None:
        match = _SIZE.fullmatch(body)
        other = "it remembers another root of the same size: this log is not the one that it witnessed"
        if match is None:
            if self.old == self._size:
                raise Conflict(other)
            raise InvalidInput("expected the size that it knows, in decimal, with status 409")
        known = int(match[1])
        if known > self._size:
            raise Conflict(
                f"it witnessed {known} entries, this log has {self._size}: the store lost entries or is an old backup"
            )
        if known == self.old == self._size:
            raise Conflict(other)
        if self._corrected:
            raise Unavailable("it changed its mind about the size that it knows: another Remit may use the same log")
        self.old, self._corrected = known, True
