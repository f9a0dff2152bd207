"""Proofs seen lately, in memory of bounded size. Implements `ReplayCache` for one process.

When it is full it answers that it cannot tell, and the proof is refused: forgetting one that still counts would let it
be used again. It holds verified proofs only, so whoever fills it has keys and tokens to do so with.
"""

import collections
import hashlib

from remit.tokens.proofs import Seen

CAPACITY = 200_000  # some 40 MB; at 65 s a window, 3,000 proofs a second


class ReplayWindow:
    """Each is remembered for `window` milliseconds after it came; `now` must not run backwards."""

    __slots__ = ("_capacity", "_seen", "_window")

    def __init__(self, window: int, capacity: int = CAPACITY) -> None:
        self._window = window
        self._capacity = capacity
        self._seen: collections.OrderedDict[bytes, int] = collections.OrderedDict()  # oldest first

    def __len__(self) -> int:
        return len(self._seen)

    def see(self, jkt: str, jti: str, now: int) -> Seen:
        """Constant time, amortized."""
        while self._seen and self._seen[next(iter(self._seen))] <= now:
            self._seen.popitem(last=False)
        name = hashlib.sha256(f"{jkt} {jti}".encode()).digest()[:16]
        if name in self._seen:
            return Seen.AGAIN
        if len(self._seen) >= self._capacity:
            return Seen.FULL
        self._seen[name] = now + self._window
        return Seen.FIRST
